/** What the records panel shows of a polled batch, beside the execution itself. */
import type { BatchEnd, BatchRecordOutcome, EventDelivery, Execution } from '../contracts/executions.ts';

/** Rows of one request at most. */
export const maxBatchRows = 200;
/** Characters of a record's body that a row has. */
export const shownBodyLength = 400;

export interface BatchDetail {
  source: 'sqs' | 'kinesis' | 'dynamodb';
  /** Of the queue or stream; the table's of a table's stream. */
  sourceName: string;
  /** As it is now; absent when the mapping is gone. */
  mapping?: {
    batchSize?: number;
    windowSeconds?: number;
    /** Of a stream's on-failure destination. */
    onFailureArn?: string;
  };
  /** Message groups of a FIFO queue, the first ones. */
  groups: readonly string[];
  /** Records by what became of them; empty while the function runs. */
  counts: readonly { outcome: BatchRecordOutcome; count: number }[];
  /** Records that filters kept out, the first ones; `reasons`, one sentence for each filter, as long as they are known. */
  filtered: readonly { id: string; reasons?: readonly string[] }[];
  /** Where the queue puts a message that was received too often. */
  deadLetterQueue?: { arn: string; maxReceiveCount: number };
  /** Messages that came back and were received as often as the queue allows. */
  exhausted: number;
  /** All invocations that had these records, each before those that followed it; only itself when there were no others. */
  family: readonly BatchNode[];
  /** The family is larger. */
  cut: boolean;
}

/** One invocation of a batch, of a part of it, or of records that came again. */
export interface BatchNode {
  id: string;
  /** Splits from the batch as it was read. */
  depth: number;
  relation: 'first' | 'retry' | 'part' | 'delivery' | 'redrive';
  /** Place of its first record in the batch as it was read, from 0; absent where records came in other company. */
  place?: number;
  size?: number;
  /** Absent: it has not run. */
  run?: Pick<Execution, 'status' | 'errorType' | 'receivedAt' | 'durationMs'> & { attempt: number };
  end?: BatchEnd;
  deliveries?: readonly EventDelivery[];
}

export interface BatchRow {
  /** In the event, from 0. */
  index: number;
  /** Message id or sequence number. */
  id: string;
  /** Partition key, the item's keys, or the message group. */
  key?: string;
  /** Epoch milliseconds. */
  arrivedAt?: number;
  /** Queues: how often it was received by then. */
  receiveCount?: number;
  /** Tables: INSERT, MODIFY or REMOVE. */
  change?: string;
  /** Absent while nothing is known. */
  outcome?: BatchRecordOutcome;
  /** First part of the body, the data as text, or the images. */
  body: string;
  /** Characters of all of it; of binary data bytes. */
  length: number;
  /** The data is no text: `body` is base64. */
  binary?: boolean;
}
