import type { SourceLocation } from '../contracts/functions.ts';
import type { WorkspaceDiagnostic } from '../contracts/workspace.ts';
import type { LineIndex, SyntaxProblem, TextRange } from './nodes.ts';

/** What is wrong with one file. The same finding at the same place is kept once, however often it is met. */
export class FileDiagnostics {
  readonly file: string;
  readonly #lines: LineIndex;
  readonly #source: string;
  readonly #found = new Map<string, WorkspaceDiagnostic>();

  /** `source` is shown beside the message, for example `sam`. */
  constructor(file: string, lines: LineIndex, source: string) {
    this.file = file;
    this.#lines = lines;
    this.#source = source;
  }

  add(severity: WorkspaceDiagnostic['severity'], message: string, range: TextRange): void {
    const key = `${range.start} ${range.end} ${message}`;
    if (this.#found.has(key)) return;
    const end = this.#lines.position(range.end);
    this.#found.set(key, { severity, message, location: this.locate(range), end, source: this.#source });
  }

  addSyntaxProblems(problems: readonly SyntaxProblem[]): void {
    for (const problem of problems) this.add(problem.severity, problem.message, problem.range);
  }

  locate(range: TextRange): SourceLocation {
    return { file: this.file, ...this.#lines.position(range.start) };
  }

  /** In file order. */
  get all(): WorkspaceDiagnostic[] {
    return [...this.#found.values()].sort((a, b) =>
      a.location.line - b.location.line || a.location.column - b.location.column);
  }
}
