/** The records of a polled batch, read from the event that the function got when somebody looks at them. */
import { outcomeAt, readOutcomes } from '../contracts/batch-outcomes.ts';
import type { BatchRecordOutcome, PolledBatch } from '../contracts/executions.ts';
import { shownBodyLength, type BatchDetail, type BatchRow } from '../protocol/panel-batch.ts';

type EventRecord = Readonly<Record<string, unknown>>;

/** How the records of each source are read. */
export function sourceOf(sourceArn: string): BatchDetail['source'] {
  switch (sourceArn.split(':')[2]) {
    case 'kinesis': return 'kinesis';
    case 'dynamodb': return 'dynamodb';
    default: return 'sqs';
  }
}

export class BatchRecords {
  readonly #records: readonly EventRecord[];
  readonly #source: BatchDetail['source'];

  /** @param request JSON text of the event; a text that is none has no records. */
  constructor(request: string, source: BatchDetail['source']) {
    this.#source = source;
    this.#records = recordsOf(request);
  }

  /** The first message groups. */
  groups(limit: number): string[] {
    if (this.#source !== 'sqs') return [];
    const found = new Set<string>();
    for (const record of this.#records) {
      const group = member(record, 'attributes')['MessageGroupId'];
      if (typeof group === 'string') found.add(group);
      if (found.size === limit) break;
    }
    return [...found];
  }

  /** Messages that came back after as many receives as the queue's redrive policy allows. */
  exhausted({ outcomes }: Pick<PolledBatch, 'outcomes'>, maxReceiveCount: number): number {
    if (this.#source !== 'sqs') return 0;
    let [count, index] = [0, 0];
    for (const run of readOutcomes(outcomes ?? '')) {
      if (run.outcome === 'given-back') {
        for (const record of this.#records.slice(index, index + run.count)) if (Number(member(record, 'attributes')['ApproximateReceiveCount']) >= maxReceiveCount) count += 1;
      }
      index += run.count;
    }
    return count;
  }

  /**
   * A page of them. `total`: how many there are to page through.
   * @param outcome Only those.
   */
  rows({ outcomes }: Pick<PolledBatch, 'outcomes'>, { from, limit, outcome }: { from: number; limit: number; outcome?: BatchRecordOutcome }): { rows: BatchRow[]; total: number } {
    const runs = readOutcomes(outcomes ?? '');
    if (outcome === undefined) {
      const rows = this.#records.slice(from, from + limit).map((record, offset) => this.#row(record, from + offset, outcomeAt(runs, from + offset)));
      return { rows, total: this.#records.length };
    }
    const rows: BatchRow[] = [];
    let [index, total] = [0, 0];
    for (const run of runs) {
      if (run.outcome === outcome) {
        for (let place = Math.max(0, from - total); place < run.count && rows.length < limit; place += 1) {
          const record = this.#records[index + place];
          if (record) rows.push(this.#row(record, index + place, outcome));
        }
        total += run.count;
      }
      index += run.count;
    }
    return { rows, total };
  }

  #row(record: EventRecord, index: number, outcome: BatchRecordOutcome | undefined): BatchRow {
    return { index, ...(outcome === undefined ? {} : { outcome }), ...readers[this.#source](record) };
  }
}

function recordsOf(request: string): EventRecord[] {
  try {
    const { Records } = JSON.parse(request) as { Records?: unknown };
    return Array.isArray(Records) ? Records.filter((record): record is EventRecord => typeof record === 'object' && record !== null) : [];
  } catch {
    // Cut, or left out of a history that could not be written.
    return [];
  }
}

const readers: Readonly<Record<BatchDetail['source'], (record: EventRecord) => Omit<BatchRow, 'index' | 'outcome'>>> = {
  sqs: (record) => {
    const attributes = member(record, 'attributes');
    const { MessageGroupId, SentTimestamp, ApproximateReceiveCount } = attributes;
    return {
      id: text(record['messageId']), ...shown(text(record['body'])),
      ...(typeof MessageGroupId === 'string' && { key: MessageGroupId }),
      ...(SentTimestamp !== undefined && { arrivedAt: Number(SentTimestamp) }),
      ...(ApproximateReceiveCount !== undefined && { receiveCount: Number(ApproximateReceiveCount) }),
    };
  },
  kinesis: (record) => {
    const { sequenceNumber, partitionKey, approximateArrivalTimestamp, data } = member(record, 'kinesis');
    return {
      id: text(sequenceNumber), key: text(partitionKey), ...dataOf(text(data)),
      ...(typeof approximateArrivalTimestamp === 'number' && { arrivedAt: approximateArrivalTimestamp * 1000 }),
    };
  },
  dynamodb: (record) => {
    const { SequenceNumber, Keys, ApproximateCreationDateTime, NewImage, OldImage } = member(record, 'dynamodb');
    return {
      id: text(SequenceNumber), key: JSON.stringify(Keys) ?? '', change: text(record['eventName']),
      ...shown(JSON.stringify({ ...(NewImage !== undefined && { NewImage }), ...(OldImage !== undefined && { OldImage }) })),
      ...(typeof ApproximateCreationDateTime === 'number' && { arrivedAt: ApproximateCreationDateTime * 1000 }),
    };
  },
};

function dataOf(base64: string): Pick<BatchRow, 'body' | 'length' | 'binary'> {
  const bytes = Buffer.from(base64, 'base64');
  try {
    return shown(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return { body: base64.slice(0, shownBodyLength), length: bytes.length, binary: true };
  }
}

function shown(body: string): Pick<BatchRow, 'body' | 'length'> {
  return { body: body.slice(0, shownBodyLength), length: body.length };
}

function member(record: EventRecord, name: string): EventRecord {
  const value = record[name];
  return typeof value === 'object' && value !== null ? value as EventRecord : {};
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
