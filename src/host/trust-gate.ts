/** Stands before the runner until the workspace is trusted: nothing that could run code exists before. */
import type { Cancellation } from '../contracts/cancellation.ts';
import { UserError } from '../contracts/faults.ts';
import type { FunctionRunner, RunObserver, RunRequest, RunResult } from '../contracts/runner.ts';

export class TrustGate implements FunctionRunner {
  readonly #create: () => FunctionRunner;
  #runner: FunctionRunner | undefined;

  constructor(create: () => FunctionRunner) {
    this.#create = create;
  }

  /** The workspace is trusted from now on. */
  open(): void {
    this.#runner ??= this.#create();
  }

  get processCount(): number {
    return this.#runner?.processCount ?? 0;
  }

  run(request: RunRequest, observer: RunObserver, cancellation?: Cancellation): Promise<RunResult> {
    if (!this.#runner) {
      return Promise.reject(new UserError('The workspace is not trusted, so nothing in it is run: trust it to invoke functions.'));
    }
    return this.#runner.run(request, observer, cancellation);
  }

  retire(functionName: string): void {
    this.#runner?.retire(functionName);
  }

  async close(): Promise<void> {
    await this.#runner?.close();
  }
}
