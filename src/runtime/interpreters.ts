/** Which binary runs a runtime: candidates are asked for their version by running them. */
import type { Logger } from '../contracts/logger.ts';
import type { EngineSettings } from '../contracts/settings.ts';
import { candidateGroups, type Candidate } from './interpreter-candidates.ts';
import type { InterpreterProbe } from './interpreter-probe.ts';

export type Language = 'node' | 'python';

export interface Interpreter {
  /** Absolute path of the real binary. */
  path: string;
  /** `major.minor.patch`. */
  version: string;
  /** It is an Electron, which runs as Node only with `ELECTRON_RUN_AS_NODE`. */
  electron?: boolean;
}

export type InterpreterChoice =
  | { kind: 'found'; interpreter: Interpreter; note?: string }
  | { kind: 'no-runtime'; message: string };

/** What a runtime identifier asks for; `wanted` is empty when it names no version. */
export interface DeclaredRuntime {
  language: Language;
  /** `22` for Node, `3.13` for Python. */
  wanted: string;
}

export interface InterpreterRequest {
  runtime: string;
  declared: DeclaredRuntime;
  codeFolder: string;
  /** Stops the search for a virtual environment. */
  workspaceFolder: string | undefined;
  settings: EngineSettings;
  /** The Node that runs the engine, a candidate like others. */
  engineNode: Interpreter;
  inherited: Readonly<Record<string, string | undefined>>;
}

/** `undefined` for languages that have no bootstrap here. A runtime that is not named is told from `handlerFile`. */
export function declaredRuntime(runtime: string, handlerFile: string | undefined): DeclaredRuntime | undefined {
  const node = /^nodejs(\d+)?(\.x|\.\d+)?$/.exec(runtime);
  if (node) return { language: 'node', wanted: node[1] ?? '' };
  const python = /^python(\d+(?:\.\d+)?)?$/.exec(runtime);
  if (python) return { language: 'python', wanted: python[1] ?? '' };
  if (runtime !== '' || handlerFile === undefined) return undefined;
  if (handlerFile.endsWith('.py')) return { language: 'python', wanted: '' };
  return /\.[cm]?[jt]sx?$/.test(handlerFile) ? { language: 'node', wanted: '' } : undefined;
}

/** One sentence for a runtime that cannot run here. */
export function unsupportedRuntime(runtime: string, functionName: string): string {
  if (runtime === '') {
    return `Function ${functionName} names no runtime and its handler file was not found: set Runtime in its template, for example nodejs24.x or python3.13.`;
  }
  return `Runtime ${runtime} of function ${functionName} is not supported here: Local Lambda runs nodejs*, python3.* and provided.* (a custom bootstrap program) functions.`;
}

/** Chooses the interpreter of a function. Groups of candidates are asked one after the other, those of a group at once. */
export async function chooseInterpreter(request: InterpreterRequest, probe: InterpreterProbe, logger: Logger): Promise<InterpreterChoice> {
  const { declared, settings } = request;
  const name = `${declared.language} ${declared.wanted}`.trim();
  const seen: Interpreter[] = [];
  for (const group of candidateGroups(request)) {
    const answers = await Promise.all(group.candidates.map(async (candidate) => await ask(candidate, request, probe)));
    const working = answers.filter((answer) => answer !== undefined);
    if (group.binding === 'setting' && working.length === 0) {
      const { path, origin } = group.candidates[0] as Candidate;
      return { kind: 'no-runtime', message: `${path}, which ${origin} names for ${request.runtime || name}, could not be run as ${label(declared.language)}: correct that setting.` };
    }
    seen.push(...working);
    const exact = newest(working.filter((candidate) => matches(candidate.version, declared.wanted)));
    if (exact) return { kind: 'found', interpreter: exact };
    const bound = working[0];
    if (!group.binding || !bound || settings.strictRuntimes) continue;
    const why = group.binding === 'setting' ? `which ${(group.candidates[0] as Candidate).origin} names` : 'the interpreter that the workspace uses';
    logger.debug(`${request.runtime}: ${bound.path} (${bound.version}) is bound by ${group.binding}`);
    return {
      kind: 'found',
      interpreter: bound,
      note: `${request.runtime} was declared; ${label(declared.language)} ${bound.version} (${bound.path}), ${why}, ran it.`,
    };
  }
  const nearest = nearestOf(seen, declared.wanted);
  if (!nearest) {
    return { kind: 'no-runtime', message: `${label(declared.language)} is not installed or not on PATH, so ${request.runtime || name} functions cannot run: install it, or name its binary in the setting localLambda.runtimes ("${family(declared.language)}": "/path/to/${declared.language === 'node' ? 'node' : 'python3'}").` };
  }
  if (settings.strictRuntimes) {
    return { kind: 'no-runtime', message: `${spelled(declared)} is not installed (nearest is ${label(declared.language)} ${nearest.version}) and localLambda.strictRuntimes refuses another: install it, or name its binary in the setting localLambda.runtimes ("${request.runtime}").` };
  }
  return {
    kind: 'found',
    interpreter: nearest,
    note: `${spelled(declared)} is not installed; ${label(declared.language)} ${nearest.version} (${nearest.path}) ran it. The setting localLambda.runtimes names another.`,
  };
}

async function ask(candidate: Candidate, request: InterpreterRequest, probe: InterpreterProbe): Promise<Interpreter | undefined> {
  if (candidate.path === request.engineNode.path && request.declared.language === 'node') return request.engineNode;
  return probe.ask(candidate.path, request.declared.language, request.codeFolder);
}

function spelled({ language, wanted }: DeclaredRuntime): string {
  return language === 'python' ? `python${wanted}` : `Node.js ${wanted}`.trim();
}

function label(language: Language): string {
  return language === 'python' ? 'Python' : 'Node.js';
}

function family(language: Language): string {
  return language === 'python' ? 'python' : 'nodejs';
}

function matches(version: string, wanted: string): boolean {
  return wanted === '' || version === wanted || version.startsWith(`${wanted}.`);
}

function numbers(version: string): [number, number, number] {
  const [major = 0, minor = 0, patch = 0] = version.split('.').map((part) => Number.parseInt(part, 10) || 0);
  return [major, minor, patch];
}

function compare(left: string, right: string): number {
  const [a, b] = [numbers(left), numbers(right)];
  return a[0] - b[0] || a[1] - b[1] || a[2] - b[2];
}

/** The newest; the first of equal ones, because groups list better candidates first. */
function newest(found: readonly Interpreter[]): Interpreter | undefined {
  let best: Interpreter | undefined;
  for (const candidate of found) if (!best || compare(candidate.version, best.version) > 0) best = candidate;
  return best;
}

/** Nearest by major, then minor version; the newer one of two equally near. */
function nearestOf(found: readonly Interpreter[], wanted: string): Interpreter | undefined {
  const [major, minor] = numbers(wanted);
  const distance = ({ version }: Interpreter): number => {
    const [hasMajor, hasMinor] = numbers(version);
    return Math.abs(hasMajor - major) * 1000 + (wanted.includes('.') ? Math.abs(hasMinor - minor) : 0);
  };
  let best: Interpreter | undefined;
  for (const candidate of found) {
    const nearer = best ? distance(candidate) - distance(best) || compare(best.version, candidate.version) : -1;
    if (nearer < 0) best = candidate;
  }
  return best;
}
