import type { SourceLocation, SourceRange } from '../contracts/functions.ts';
import type { WorkspaceDiagnostic } from '../contracts/workspace.ts';
import type { LineIndex, SyntaxProblem, TextRange } from './nodes.ts';

/** An ARN in a file that only the whole workspace can say something about. */
export interface TargetReference {
  arn: string;
  /** What it is there, as the start of a sentence: `The on-failure destination`. */
  what: string;
  /** Where to say it; the message is still to be found. */
  place: Omit<WorkspaceDiagnostic, 'severity' | 'message'>;
}

/** What is wrong with one file. The same finding at the same place is kept once, however often it is met. */
export class FileDiagnostics {
  readonly file: string;
  readonly #lines: LineIndex;
  readonly #source: string;
  readonly #found = new Map<string, WorkspaceDiagnostic>();
  readonly #references: TargetReference[] = [];

  /** `source` is shown beside the message, for example `sam`. */
  constructor(file: string, lines: LineIndex, source: string) {
    this.file = file;
    this.#lines = lines;
    this.#source = source;
  }

  add(severity: WorkspaceDiagnostic['severity'], message: string, range: TextRange): void {
    const key = `${range.start} ${range.end} ${message}`;
    if (this.#found.has(key)) return;
    this.#found.set(key, { severity, message, ...this.#place(range) });
  }

  /** Notes that something is sent to `arn` or comes from it. */
  refer(arn: string, what: string, range: TextRange): void {
    this.#references.push({ arn, what, place: this.#place(range) });
  }

  addSyntaxProblems(problems: readonly SyntaxProblem[]): void {
    for (const problem of problems) this.add(problem.severity, problem.message, problem.range);
  }

  locate(range: TextRange): SourceLocation {
    return { file: this.file, ...this.#lines.position(range.start) };
  }

  span(range: TextRange): SourceRange {
    return { location: this.locate(range), end: this.#lines.position(range.end) };
  }

  get references(): readonly TargetReference[] {
    return this.#references;
  }

  /** In file order. */
  get all(): WorkspaceDiagnostic[] {
    return [...this.#found.values()].sort((a, b) =>
      a.location.line - b.location.line || a.location.column - b.location.column);
  }

  #place(range: TextRange): TargetReference['place'] {
    return { ...this.span(range), source: this.#source };
  }
}
