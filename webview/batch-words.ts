/** Words of polled batches: how one ended, what became of a record, which invocation had what. Pure, so that Node tests it. */
import type { BatchDetail, BatchNode, BatchRow } from '../src/protocol/panel-batch.ts';
import { targetWords } from './event-words.ts';
import { count, shortTime, statusWords } from './formatting.ts';
import type { Detail } from './state.ts';

type Execution = Detail['execution'];
export type Polled = NonNullable<Execution['polled']>;
export type Outcome = NonNullable<BatchRow['outcome']>;
type Delivery = NonNullable<Polled['deliveries']>[number];

/** Codicon and word of what became of a record. */
export const outcomeWords: Readonly<Record<Outcome, { icon: string; word: string; look: 'succeeded' | 'failed' | 'throttled' }>> = {
  deleted: { icon: 'pass', word: 'Deleted', look: 'succeeded' },
  checkpointed: { icon: 'pass', word: 'Processed', look: 'succeeded' },
  'given-back': { icon: 'reply', word: 'Returned', look: 'throttled' },
  failed: { icon: 'error', word: 'Failed', look: 'failed' },
  discarded: { icon: 'error', word: 'Given up', look: 'failed' },
};

/** `Deleted`, `Sent to SQS queue failures`, `With the function`. */
export function recordState({ outcome }: Pick<BatchRow, 'outcome'>, { status, polled }: Execution): { icon: string; word: string; look: string } {
  if (outcome === undefined) {
    return status === 'running' ? { icon: 'loading', word: 'With the function', look: 'running' } : { icon: 'question', word: 'Not known', look: 'cancelled' };
  }
  const sent = outcome === 'discarded' ? polled?.deliveries?.find((delivery) => delivery.status === 'delivered') : undefined;
  return sent ? { ...outcomeWords.discarded, icon: 'arrow-right', word: `Sent to ${targetWords(sent.targetArn)}` } : outcomeWords[outcome];
}

/** How a batch ended, in one sentence. @param now Epoch milliseconds. */
export function endSentence({ status, polled }: Execution, { counts, source }: Pick<BatchDetail, 'counts' | 'source'>, now: number): string {
  if (!polled) return '';
  const { end, size, attempt, deliveries = [], window } = polled;
  const of = (outcome: Outcome) => counts.find((each) => each.outcome === outcome)?.count ?? 0;
  const noun = source === 'sqs' ? 'message' : 'record';
  switch (end?.kind) {
    case undefined:
      if (status === 'running') return `The function has the ${count(size, noun)} now.`;
      if (status === 'interrupted' || status === 'cancelled') return `${statusWords[status].word}: the ${count(size, noun)} come again.`;
      return 'What became of the batch is not known.';
    case 'done':
      if (polled.redrive) return `Redriven by hand: ${count(size, noun)} done.`;
      if (window?.final) return `Succeeded: the tumbling window is closed${size === 0 ? '' : `, ${count(size, noun)} done`}.`;
      return `Succeeded: ${count(size, noun)} ${source === 'sqs' ? 'deleted' : 'done'}.`;
    case 'returned': {
      const back = of('given-back');
      const which = back === size ? (size === 1 ? 'Failed: the message came back' : `Failed: all ${count(size, noun)} came back`) : `Partial: ${back.toLocaleString('en-US')} of ${size.toLocaleString('en-US')} came back`;
      return `${which}${visible(end.visibleAt, back, now)}.`;
    }
    case 'progressed':
      return `Partial: ${of('checkpointed').toLocaleString('en-US')} of ${count(size, noun)} done, the others are tried again.`;
    case 'split': {
      const half = Math.ceil(size / 2);
      return `Failed: split in two, ${half.toLocaleString('en-US')} + ${(size - half).toLocaleString('en-US')}.`;
    }
    case 'retried': return size === 1 ? 'Failed: the record is tried again.' : `Failed: the same ${count(size, noun)} are tried again.`;
    case 'given-up': {
      const given = of('discarded');
      const lead = end.condition === 'RecordAgeExceeded' ? `Given up, too old${given === size ? '' : `: ${count(given, noun)}`}` : `Given up after ${count(attempt, 'attempt')}`;
      return `${lead}: ${whereTo(deliveries)}.`;
    }
    case 'not-run': return source === 'sqs' ? `Not run: the ${count(size, noun)} came back.` : 'Not run: the batch is tried again.';
    case 'not-redriven': {
      const failed = of('failed');
      return failed === size ? 'Redriven by hand: failed again.' : `Redriven by hand: ${count(size - failed, noun)} done, ${failed.toLocaleString('en-US')} failed again.`;
    }
  }
}

function visible(at: number | undefined, back: number, now: number): string {
  if (at === undefined) return '';
  const they = back === 1 ? 'it' : 'they';
  return at > now ? `, ${they} ${back === 1 ? 'is' : 'are'} visible again at ${shortTime(at, now)}` : `, ${they} ${back === 1 ? 'was' : 'were'} visible again at ${shortTime(at, now)}`;
}

function whereTo(deliveries: readonly Delivery[]): string {
  const [first] = deliveries;
  if (!first) return 'no on-failure destination is set';
  return `${first.status === 'delivered' ? 'sent to' : 'the record did not reach'} ${targetWords(first.targetArn)}`;
}

/** What an invocation of a batch did, for the tree: `split in two`, `failed, tried again`. */
export function nodeOutcome({ run, end, size }: BatchNode): string {
  if (!run) return 'has not run';
  if (run.status === 'running') return 'running';
  const failure = run.status === 'failed' && run.errorType !== undefined ? run.errorType : undefined;
  const words = ((): string => {
    switch (end?.kind) {
      case 'done': return 'done';
      case 'split': return 'split in two';
      case 'retried': return 'tried again';
      case 'progressed': return 'done in part, the others are tried again';
      case 'returned': return 'came back';
      case 'given-up': return end.condition === 'RecordAgeExceeded' ? 'too old, given up' : size === 1 ? 'isolated and given up' : 'given up';
      case 'not-run': return 'not run';
      case 'not-redriven': return 'failed again';
      case undefined: return statusWords[run.status].word.toLowerCase();
    }
  })();
  return failure === undefined ? words : `${failure}, ${words}`;
}

/** How an invocation looks in the tree: one that answered well may still have left records undone. */
export function nodeLook({ run, end }: BatchNode): 'queued' | Execution['status'] {
  if (!run) return 'queued';
  if (run.status !== 'succeeded' || end === undefined || end.kind === 'done') return run.status;
  return end.kind === 'returned' || end.kind === 'progressed' ? 'throttled' : 'failed';
}

/** A word for the list about what became of a batch; undefined when all of it is done, or nothing is known. */
export function endMark(end: NonNullable<Polled['end']>['kind'] | undefined): string | undefined {
  switch (end) {
    case 'returned': return 'came back';
    case 'progressed': return 'done in part';
    case 'split': return 'split';
    case 'retried': return 'tried again';
    case 'given-up': return 'given up';
    case 'not-redriven': return 'failed again';
    case 'done': case 'not-run': case undefined: return undefined;
  }
}

/** What the redrive policy of a queue does with messages that came back too often; undefined when there are none. */
export function deadLetterSentence({ exhausted, deadLetterQueue }: Pick<BatchDetail, 'exhausted' | 'deadLetterQueue'>): string | undefined {
  if (!deadLetterQueue || exhausted === 0) return undefined;
  const one = exhausted === 1;
  return `${one ? 'One of them was' : `${exhausted.toLocaleString('en-US')} of them were`} received ${count(deadLetterQueue.maxReceiveCount, 'time')}: the queue moves ${one ? 'it' : 'them'} to ${targetWords(deadLetterQueue.arn)} at the next receive.`;
}

/** Which records an invocation had: `Records 51–100`, `Record 4`, `Attempt 2: record 4`. */
export function nodeTitle({ relation, place, size, run }: BatchNode, source: BatchDetail['source']): string {
  const noun = source === 'sqs' ? 'message' : 'record';
  const which = size === undefined ? 'batch'
    : place === undefined || source === 'sqs' ? count(size, noun)
      : size === 0 ? 'end of the window'
        : size === 1 ? `${noun} ${(place + 1).toLocaleString('en-US')}` : `${noun}s ${(place + 1).toLocaleString('en-US')}–${(place + size).toLocaleString('en-US')}`;
  switch (relation) {
    case 'retry': return `Attempt ${run?.attempt ?? 'after it'}: ${which}`;
    case 'redrive': return `Redrive: ${which}`;
    case 'delivery': return `Again: ${which}`;
    case 'first': case 'part': return `${which.slice(0, 1).toUpperCase()}${which.slice(1)}`;
  }
}

/** Whether the invocation gave up one record alone: what a bisect is after. */
export function isPoison({ end, size, run }: BatchNode): boolean {
  return run !== undefined && end?.kind === 'given-up' && end.condition === 'RetryAttemptsExhausted' && size === 1;
}

/** The end of a sequence number, which is what differs; other places as they are. */
export function shortPlace(place: string): string {
  return /^\d{13,}$/.test(place) ? `…${place.slice(-10)}` : place;
}

/** Which outcomes can be chosen, with their counts: of one kind only there is nothing to choose. */
export function choices(counts: BatchDetail['counts']): readonly { outcome: Outcome; count: number; label: string }[] {
  return counts.length < 2 ? [] : counts.map(({ outcome, count: number }) => ({ outcome, count: number, label: `${outcomeWords[outcome].word} ${number.toLocaleString('en-US')}` }));
}
