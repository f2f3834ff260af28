/** Receipt handles: each stands for one receive of one message of one queue. */
import { receiptHandleIsInvalid } from './faults.ts';

export interface Receipt {
  messageId: string;
  /** Its place in the queue. */
  position: number;
  /** Which receive of the message it was, from 1. */
  receive: number;
}

/** As AWS's begin. */
const prefix = 'AQEB';

export function receiptHandle(queueArn: string, { messageId, position, receive }: Receipt): string {
  return prefix + Buffer.from(`${messageId}\n${position}\n${receive}\n${queueArn}`).toString('base64');
}

/** @throws AwsFault ReceiptHandleIsInvalid for what is no handle of this queue. */
export function readReceiptHandle(handle: string, queueArn: string): Receipt {
  const text = handle.startsWith(prefix) ? Buffer.from(handle.slice(prefix.length), 'base64').toString('utf8') : '';
  const [messageId = '', position = '', receive = '', arn] = text.split('\n');
  if (!/^[0-9a-f-]{36}$/.test(messageId) || !/^\d{1,16}$/.test(position) || !/^\d+$/.test(receive) || arn !== queueArn) throw receiptHandleIsInvalid(handle);
  return { messageId, position: Number(position), receive: Number(receive) };
}
