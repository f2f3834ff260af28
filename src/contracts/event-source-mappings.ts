/** Event source mappings as views and scripts see them, beside the operations of the Lambda API. */
import type { SourcePlace } from './event-sources.ts';
import type { FunctionOrigin } from './functions.ts';

export type MappingState = 'Creating' | 'Enabling' | 'Enabled' | 'Disabling' | 'Disabled' | 'Updating' | 'Deleting';
export type MappingSource = 'sqs' | 'kinesis' | 'dynamodb';

/**
 * Why an enabled mapping does not poll.
 * - `left-over`: messages or records from before the engine started wait for "Resume".
 * - `paused`: somebody paused all mappings, or this one.
 * - `failing`: a batch failed too often in the same way.
 *
 * In the editor the last two outlive the engine; enabling a mapping ends any of them.
 */
export interface MappingPause {
  reason: 'left-over' | 'paused' | 'failing';
  /** One sentence: what is the matter and what to do. */
  message: string;
  /** Epoch milliseconds. */
  since: number;
}

/** Where a mapping stands in one shard. */
export interface ShardSummary {
  shardId: string;
  /** `waiting`: for its parent shards to be read to their end. */
  state: 'waiting' | 'reading' | 'running' | 'retrying' | 'ended';
  /** Sequence number up to which everything is done; absent before the first checkpoint. */
  checkpoint?: string;
  /** Invocations of the batch that is being retried. */
  attempts?: number;
  /** Age of the newest record that was read, behind the newest of the shard, milliseconds. */
  behindMilliseconds?: number;
}

export interface EventSourceMappingSummary {
  uuid: string;
  source: MappingSource;
  eventSourceArn: string;
  /** Where its source lives; absent for an embedded one. */
  place?: SourcePlace;
  functionName: string;
  functionArn: string;
  state: MappingState;
  stateTransitionReason: string;
  lastProcessingResult: string;
  pause?: MappingPause;
  /** What keeps it from working, one sentence: the queue is gone, the function is throttled. Goes away by itself. */
  problem?: string;
  /** The mapping as GetEventSourceMapping answers it. */
  configuration: Readonly<Record<string, unknown>>;
  /** Messages that could be received now; absent when it cannot be known. */
  backlog?: number;
  batchesInFlight: number;
  /** Batches that may be in flight now. */
  concurrency: number;
  /** Records since the engine started. */
  counts: { received: number; matched: number; filtered: number; batches: number; succeeded: number; failed: number; throttled: number };
  /** Newest first, at most 20. */
  lastFiltered: readonly FilteredRecord[];
  /** Streams only. */
  shards?: readonly ShardSummary[];
  /** Absent for a mapping made by an API call. */
  origin?: FunctionOrigin;
  /** AWS property names that an API call changed over the template. */
  changed: readonly string[];
}

/** A record that the filters kept from the function. */
export interface FilteredRecord {
  id: string;
  /** Epoch milliseconds. */
  at: number;
  /** One sentence for each filter. */
  reasons: readonly string[];
}

/** A record as a function gets it, to try filters with. */
export interface RecordSample {
  /** Message id or sequence number. */
  id: string;
  /** Where it was found. `handled`: in the event of an execution. */
  from: 'filtered' | 'source' | 'handled';
  /** Epoch milliseconds when it was sent, or met. */
  at: number;
  /** JSON text. */
  json: string;
}

/** What a mapping knows of one record. */
export interface RecordFate {
  mappingUuid: string;
  functionName: string;
  /** Where its source lives, for people; absent for an embedded one. */
  place?: string;
  /**
   * - `filtered`: no filter matched, so it was deleted or passed over.
   * - `disabled`, `paused`: nobody polls.
   * - `position`: the mapping began to read after it.
   * - `hidden`: in flight, delayed, or given back until its visibility timeout ends.
   * - `collecting`: waits for the batch to fill or the batching window to end.
   * - `running`: the function has it now.
   * - `throttled`: the function is throttled; it is tried again.
   * - `retrying`: the batch failed and waits to be tried again.
   * - `behind`: earlier records come first.
   * - `delivered`: the function had it.
   * - `discarded`: given up after retries or age.
   * - `unknown`: never seen by this mapping since the engine started.
   */
  fate:
    | 'filtered' | 'disabled' | 'paused' | 'position' | 'hidden' | 'collecting' | 'running' | 'throttled' | 'retrying' | 'behind' | 'delivered'
    | 'discarded' | 'unknown';
  /** The whole answer in one sentence. */
  sentence: string;
  /** For each filter, why it did not match. */
  filters?: readonly string[];
  /** Epoch milliseconds when something will happen. */
  until?: number;
  executionId?: string;
}

/** A batch that was given up and invoked again by hand. */
export interface BatchRedrive {
  executionId: string;
  functionName: string;
  /** In the event. */
  records: number;
  /** Of them. */
  failed: number;
  /** One sentence, when some failed. */
  why?: string;
}

/** What is wrong with a mapping that a template declares. */
export interface MappingProblem {
  functionName: string;
  /** Of the mapping, unique within the function. */
  logicalId: string;
  /** CloudFormation's path of the property (`BatchSize`, `FilterCriteria.Filters.0.Pattern`); absent for the mapping as a whole. */
  parameter?: string;
  /** AWS's text, or what there is to know more. One or two sentences. */
  message: string;
  /** `aws` would refuse it; `here`: AWS takes it, this engine does not. */
  by: 'aws' | 'here';
  /** False when it works here nevertheless. */
  leftOut: boolean;
}

/** Where a stream mapping is to read from, as a person may set it. */
export type ResetPosition = { kind: 'TRIM_HORIZON' } | { kind: 'LATEST' } | { kind: 'AT_TIMESTAMP'; /** Epoch milliseconds. */ at: number };

/** What the engine's hosts ask of event source mappings. All throw AwsFault ResourceNotFoundException for an unknown UUID. */
export interface EventSourceMappingHost {
  summaries(): EventSourceMappingSummary[];
  /** Polls once, whatever the state, and waits for the batch. Resolves with the number of records that were received. */
  pollOnce(uuid: string): Promise<number>;
  pause(uuid: string): void;
  resume(uuid: string): void;
  /** Pauses every enabled mapping that is there now; one made later polls. Resolves with how many that were. */
  pauseAll(): number;
  /** Also those that wait since last time, and those that paused themselves. Resolves with how many that were. */
  resumeAll(): number;
  /** Streams only: forgets the checkpoints. @throws UserError for a queue. */
  resetPosition(uuid: string, position: ResetPosition): Promise<void>;
  /** Back to what the template says. False when nothing was changed. */
  reset(uuid: string): boolean;
  /** Records of a source that filters kept away, the newest of each mapping first; those too large to be kept are not among them. */
  filteredRecords(sourceArn: string): RecordSample[];
  /**
   * What is wrong with the mappings that templates declare, in their order.
   * @param visibilityTimeoutOf Seconds, of a queue that a template declares; undefined for another one.
   */
  templateProblems(visibilityTimeoutOf: (queueArn: string) => number | undefined): MappingProblem[];
  /**
   * Why a message or record reached no function: one answer for each mapping that could have had it.
   * @param id Message id or sequence number.
   * @param sourceArn Only mappings of this source, when given.
   */
  why(id: string, sourceArn?: string): RecordFate[];
  /**
   * Reads the records of a batch that was given up from their stream again and invokes the function with them.
   * @param record What the on-failure destination got. Undefined when it is no such record.
   * @throws UserError when the mapping, the stream or its records are gone. @throws AwsFault when the function cannot be invoked.
   */
  redrive(record: string): Promise<BatchRedrive | undefined>;
}
