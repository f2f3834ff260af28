/** What a dead letter of a function was: which function got which event. No VS Code, so that Node tests it. */
import type { PeekedMessage } from '../../contracts/resources.ts';
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
