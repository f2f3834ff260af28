/** What a dead letter was: which function got which event, or which batch of a stream. No VS Code, so that Node tests it. */
import type { EventSourceMappingSummary } from '../../contracts/event-source-mappings.ts';
import type { PeekedMessage } from '../../contracts/resource-views.ts';
import { rawMember } from './texts.ts';

export interface DeadEvent {
  functionName: string;
  qualifier?: string;
  /** JSON text, exactly as the function got it. */
  payload: string;
}

interface InvocationRecord {
  requestContext?: { functionArn?: string };
  requestPayload?: unknown;
}

/**
 * The event of an invocation record (an on-failure destination), or of a dead-letter queue, whose messages are the events
 * themselves and name no function.
 * @param owners Functions whose dead-letter queue it lies in: with more than one, nobody can tell whose event it is.
 */
export function eventOf({ body, messageAttributes }: PeekedMessage, owners: readonly string[]): DeadEvent | undefined {
  const record = recordOf(body);
  if (record) {
    const [, , , , , , functionName, qualifier] = record.functionArn.split(':');
    if (functionName === undefined || record.payload === undefined) return undefined;
    return { functionName, payload: record.payload, ...(qualifier !== undefined && qualifier !== '$LATEST' && { qualifier }) };
  }
  const [owner] = owners;
  return owner !== undefined && owners.length === 1 && 'RequestID' in messageAttributes ? { functionName: owner, payload: body } : undefined;
}

/** The execution that had a batch of a stream last, of the record that an on-failure destination got; undefined for any other text. */
export function failedBatch(body: string): { executionId: string } | undefined {
  // Most messages are none: not each is parsed.
  if (!/"(?:Kinesis|DDBStream)BatchInfo"/.test(body)) return undefined;
  let record: { requestContext?: { requestId?: unknown }; KinesisBatchInfo?: unknown; DDBStreamBatchInfo?: unknown } | null;
  try {
    record = JSON.parse(body) as typeof record;
  } catch {
    return undefined;
  }
  const requestId = record?.requestContext?.requestId;
  return typeof requestId === 'string' && typeof (record?.KinesisBatchInfo ?? record?.DDBStreamBatchInfo) === 'object' ? { executionId: requestId } : undefined;
}

/** Where batches of streams go that their mappings give up: ARNs of queues, topics and buckets. */
export function batchFailureArns(mappings: readonly EventSourceMappingSummary[]): string[] {
  return mappings.map(({ configuration }) => (configuration['DestinationConfig'] as { OnFailure?: { Destination?: string } } | undefined)?.OnFailure?.Destination)
    .filter((arn) => arn !== undefined);
}

function recordOf(body: string): { functionArn: string; payload: string | undefined } | undefined {
  let value: InvocationRecord | null;
  try {
    value = JSON.parse(body) as InvocationRecord | null;
  } catch {
    return undefined;
  }
  const functionArn = value?.requestContext?.functionArn;
  if (typeof functionArn !== 'string') return undefined;
  return { functionArn, payload: rawMember(body, 'requestPayload') };
}
