/** Gathers failures into few notifications: what fails together, or while one is open, is told together. No VS Code. */
import type { Execution } from '../contracts/executions.ts';

/** Failures within so long are one notification, milliseconds. */
const gatherFor = 700;
/** A notification that nobody answers gives way to the next one after so long, milliseconds. */
const openFor = 30_000;

export class FailureGatherer {
  readonly #notify: (failures: readonly Execution[]) => Promise<void>;
  #gathered: Execution[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  #openTimer: ReturnType<typeof setTimeout> | undefined;
  #open = false;

  /** `notify` settles when the user has closed the notification. */
  constructor(notify: (failures: readonly Execution[]) => Promise<void>) {
    this.#notify = notify;
  }

  add(failures: readonly Execution[]): void {
    this.#gathered.push(...failures);
    if (!this.#open) this.#timer ??= setTimeout(() => this.#flush(), gatherFor);
  }

  dispose(): void {
    clearTimeout(this.#timer);
    clearTimeout(this.#openTimer);
  }

  #flush(): void {
    this.#timer = undefined;
    const failures = this.#gathered;
    this.#gathered = [];
    if (failures.length === 0) return;
    this.#open = true;
    let answered = false;
    const closed = () => {
      if (answered) return;
      answered = true;
      clearTimeout(this.#openTimer);
      this.#open = false;
      if (this.#gathered.length > 0) this.#timer ??= setTimeout(() => this.#flush(), gatherFor);
    };
    this.#openTimer = setTimeout(closed, openFor);
    // A notification that cannot be shown must not keep the next ones back.
    this.#notify(failures).then(closed, closed);
  }
}

/** `ChargeCard: an event failed for good after 3 attempts (CardDeclinedError).` */
export function failureSentence(failures: readonly Execution[]): string {
  const [only] = failures;
  if (failures.length === 1 && only) {
    const count = only.asynchronous?.invokeCount ?? 0;
    const attempts = count === 0 ? 'without an attempt' : `after ${count} ${count === 1 ? 'attempt' : 'attempts'}`;
    const why = only.errorType === undefined ? '' : ` (${only.errorType})`;
    return `${only.functionName}: an event failed for good ${attempts}${why}${whereTo(only)}.`;
  }
  const names = [...new Set(failures.map(({ functionName }) => functionName))];
  const shown = names.length > 3 ? `${names.slice(0, 3).join(', ')} and ${names.length - 3} more` : names.join(', ');
  return `${failures.length} events failed for good: ${shown}.`;
}

function whereTo({ asynchronous }: Execution): string {
  const deliveries = asynchronous?.deliveries ?? [];
  if (deliveries.some(({ status }) => status === 'failed')) return ', and its delivery failed too';
  const names = deliveries.map(({ targetArn }) => targetArn.slice(targetArn.lastIndexOf(':') + 1));
  return names.length === 0 ? '' : `; see ${names.join(' and ')}`;
}
