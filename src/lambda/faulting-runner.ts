import type { Cancellation } from '../contracts/cancellation.ts';
import type { FunctionRunner, RunObserver, RunRequest, RunResult } from '../contracts/runner.ts';
import type { InjectedFaults } from './injected-faults.ts';

/** Runs functions, but for those runs that an injected fault fails instead. */
export class FaultingRunner implements FunctionRunner {
  readonly #runner: FunctionRunner;
  readonly #faults: InjectedFaults;

  constructor(runner: FunctionRunner, faults: InjectedFaults) {
    this.#runner = runner;
    this.#faults = faults;
  }

  run(request: RunRequest, observer: RunObserver, cancellation?: Cancellation): Promise<RunResult> {
    const outcome = this.#faults.failure(request.function.configuration.functionName);
    return outcome ? Promise.resolve({ outcome, durationMs: 0, maxMemoryUsedMb: 0 }) : this.#runner.run(request, observer, cancellation);
  }

  retire(functionName: string): void {
    this.#runner.retire(functionName);
  }

  get processCount(): number {
    return this.#runner.processCount;
  }

  close(): Promise<void> {
    return this.#runner.close();
  }
}
