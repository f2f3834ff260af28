/** What a redrive of dead letters came to, in words. No VS Code, so that Node tests it. */
import type { BatchRedrive } from '../../contracts/event-source-mappings.ts';
import { count } from './words.ts';

export interface Redriven {
  queueName: string;
  /** Functions whose dead-letter queue it is. */
  owners: readonly string[];
  /** Events that were queued again. */
  events: number;
  /** Batches of streams that were invoked again. */
  batches: BatchRedrive[];
  /** Messages that are no dead letters of a function, or that somebody is receiving. */
  strangers: number;
  /** Why batches stay, one or two sentences each. */
  failures: string[];
}

/** Failures that are told; of more only their number. */
const mostTold = 3;

export function redriveText({ queueName, owners, events, batches, strangers, failures }: Redriven): string {
  const done = batches.filter(({ failed }) => failed === 0);
  const records = done.reduce((sum, batch) => sum + batch.records, 0);
  const functions = [...new Set(done.map(({ functionName }) => functionName))].join(', ');
  const parts = [
    events > 0 && `${count(events, 'event')} of ${queueName} went back to ${owners.length > 0 ? owners.join(', ') : 'their functions'}.`,
    done.length > 0 && `${done.length === 1 ? '1 batch' : `${done.length.toLocaleString('en-US')} batches`} of ${queueName} (${count(records, 'record')}) ${done.length === 1 ? 'was' : 'were'} read from the stream again, and ${functions} succeeded.`,
    events + done.length === 0 && `Nothing of ${queueName} could be sent back.`,
    failures.length > 0 && `${count(failures.length, 'message')} stayed: ${[...new Set(failures)].slice(0, mostTold).join(' ')}${failures.length > mostTold ? ' …' : ''}`,
    strangers > 0 && `${count(strangers, 'message')} stayed: they hold no event of a function, or somebody is receiving them.`,
  ];
  return parts.filter((part) => part !== false).join(' ');
}
