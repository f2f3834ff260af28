/** What one file of the workspace has to say, in two steps: names first, because they must be unique in the workspace. */
import type { FunctionDefinition, SourceLocation } from '../contracts/functions.ts';
import type { ResourceDefinition } from '../contracts/resources.ts';
import type { WorkspaceDiagnostic } from '../contracts/workspace.ts';
import type { TargetReference } from './diagnostics.ts';
import type { ParsedFiles } from './parsed-files.ts';

export interface WantedName {
  /** Logical id, or key of the function in its file. */
  key: string;
  name: string;
  /** True when the file names the function; false when the name comes from the logical id. */
  explicit: boolean;
  /** Name instead of one from the logical id that is taken. */
  fallback: string;
  location: SourceLocation;
}

export interface NameDecision {
  /** Absent: the function is left out, because another one has its name. */
  name?: string;
  note?: { severity: WorkspaceDiagnostic['severity']; message: string };
}

export interface BuiltFunctions {
  functions: readonly FunctionDefinition[];
  resources: readonly ResourceDefinition[];
  /** What the file sends to, or takes from, resources that may stand elsewhere. */
  references: readonly TargetReference[];
  diagnostics: readonly WorkspaceDiagnostic[];
}

export interface Contribution {
  /** Absolute paths of the files read for it, the main one first; building may add to them. */
  files: readonly string[];
  names: readonly WantedName[];
  /** Content folders of the layers it declares, by layer version ARN. */
  layers: ReadonlyMap<string, string>;
  build(names: ReadonlyMap<string, NameDecision>, layers: ReadonlyMap<string, string>): BuiltFunctions;
}

/** Where a file stands and what surrounds it. */
export interface ContributionContext {
  /** Absolute path of the file. */
  file: string;
  /** Absolute path of the workspace folder that holds it. */
  folder: string;
  accountId: string;
  region: string;
  parameterOverrides: Readonly<Record<string, string>>;
  parsed: ParsedFiles;
}

/** Explicit names first, in file order, then names from logical ids; the first to ask for a name has it. */
export function decideNames(contributions: readonly Contribution[], show: (location: SourceLocation) => string): Map<string, NameDecision>[] {
  const owners = new Map<string, SourceLocation>();
  const decisions = contributions.map(() => new Map<string, NameDecision>());
  const each = (explicit: boolean, decide: (wanted: WantedName, owner: SourceLocation | undefined) => NameDecision) => {
    contributions.forEach((contribution, at) => {
      for (const wanted of contribution.names) {
        if (wanted.explicit !== explicit) continue;
        const decision = decide(wanted, owners.get(wanted.name));
        if (decision.name !== undefined && !owners.has(decision.name)) owners.set(decision.name, wanted.location);
        decisions[at]!.set(wanted.key, decision);
      }
    });
  };
  each(true, ({ name }, owner) => owner === undefined ? { name } : {
    note: { severity: 'warning', message: `Function name ${name} is taken by ${show(owner)}, so this function is left out: give it another name.` },
  });
  each(false, ({ name, fallback }, owner) => owner === undefined ? { name } : {
    name: fallback,
    note: { severity: 'information', message: `The name ${name} is taken by ${show(owner)}, so this function is called ${fallback} here: set FunctionName to choose.` },
  });
  return decisions;
}
