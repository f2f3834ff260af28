/** Sending: what a message may be, deduplication, delay, and its place in the queue. */
import { createHash } from 'node:crypto';
import type { Clock } from '../../contracts/clock.ts';
import type { QueueMessageStore } from '../../contracts/queue-messages.ts';
import { invalidMessageContents, invalidParameter, invalidValue, missingParameter } from './faults.ts';
import { attributesMd5, attributesSize, checkMessageAttributes, hasForbiddenCharacters, type MessageAttributes } from './message-attributes.ts';
import { messageIdAt } from './message-ids.ts';
import type { Queue } from './queue-registry.ts';
import type { QueueSignals } from './queue-signals.ts';

/** A message as a caller wants to send it. */
export interface Outgoing {
  body: string;
  attributes: MessageAttributes;
  /** From a system attribute or the caller's own trace. */
  traceHeader?: string;
  /** As the caller gave them, for their MD5. */
  systemAttributes: MessageAttributes;
  groupId?: string;
  deduplicationId?: string;
  delaySeconds?: number;
}

export interface Sent {
  messageId: string;
  bodyMd5: string;
  attributesMd5?: string;
  systemAttributesMd5?: string;
  sequenceNumber?: string;
}

/** Real time, as on AWS. */
const deduplicationInterval = 5 * 60_000;
const longestDelay = 900;

export interface SenderParts {
  clock: Clock;
  messages: QueueMessageStore;
  signals: QueueSignals;
  uuid: () => string;
}

export class Sender {
  readonly #parts: SenderParts;

  constructor(parts: SenderParts) {
    this.#parts = parts;
  }

  /** @throws AwsFault for a message that SQS refuses. */
  send(queue: Queue, message: Outgoing): Sent {
    checkMessage(queue, message);
    const { clock, messages, signals, uuid } = this.#parts;
    const now = clock.now();
    const answer = {
      bodyMd5: md5(message.body),
      ...optional('attributesMd5', attributesMd5(message.attributes)),
      ...optional('systemAttributesMd5', attributesMd5(message.systemAttributes)),
    };
    const deduplicationId = queue.fifo ? message.deduplicationId ?? sha256(message.body) : undefined;
    const key = deduplicationId === undefined ? undefined : deduplicationKey(queue, message.groupId as string, deduplicationId);
    return messages.transaction(() => {
      const known = key === undefined ? undefined : messages.duplicate(queue.name, key, now - deduplicationInterval);
      if (known) return { ...answer, messageId: known.messageId, sequenceNumber: sequenceNumber(known.position) };
      const delay = message.delaySeconds ?? Number(queue.attributes.DelaySeconds);
      const delayedUntil = delay > 0 ? clock.waitNow() + delay * 1000 : undefined;
      const messageId = messageIdAt(now, uuid());
      const position = messages.add(queue.key, {
        messageId, body: message.body, bodyMd5: answer.bodyMd5, sentAt: now,
        ...(Object.keys(message.attributes).length === 0 ? {} : { attributes: JSON.stringify(message.attributes) }),
        ...optional('traceHeader', message.traceHeader), ...optional('groupId', message.groupId), ...optional('deduplicationId', deduplicationId),
        ...optional('delayedUntil', delayedUntil),
      });
      if (key !== undefined) messages.remember(queue.name, key, now, messageId, position);
      if (delayedUntil === undefined) signals.announce(queue.name);
      else {
        signals.note();
        signals.watch(queue, { wait: delayedUntil });
      }
      return { ...answer, messageId, ...(queue.fifo ? { sequenceNumber: sequenceNumber(position) } : {}) };
    });
  }
}

/** Bytes that count towards a message's and a batch's limit. */
export const messageSize = ({ body, attributes }: Pick<Outgoing, 'body' | 'attributes'>): number => Buffer.byteLength(body) + attributesSize(attributes);

function checkMessage(queue: Queue, message: Outgoing): void {
  if (message.body === '') throw missingParameter('MessageBody');
  const largest = Number(queue.attributes.MaximumMessageSize);
  if (messageSize(message) > largest) throw invalidParameter(`One or more parameters are invalid. Reason: Message must be shorter than ${largest} bytes.`);
  if (hasForbiddenCharacters(message.body)) throw invalidMessageContents();
  checkMessageAttributes(message.attributes);
  checkSystemAttributes(message.systemAttributes);
  checkId(message.groupId, 'MessageGroupId');
  checkId(message.deduplicationId, 'MessageDeduplicationId');
  const { delaySeconds: delay } = message;
  if (delay !== undefined && (delay < 0 || delay > longestDelay)) throw invalidValue(delay, 'DelaySeconds', `DelaySeconds must be >= 0 and <= ${longestDelay}.`);
  if (!queue.fifo) {
    if (message.deduplicationId !== undefined) {
      throw invalidValue(message.deduplicationId, 'MessageDeduplicationId', 'The request includes a parameter that is not valid for this queue type.');
    }
    return;
  }
  if (delay) throw invalidValue(delay, 'DelaySeconds', 'The request include parameter that is not valid for this queue type.');
  checkFifo(queue, message);
}

/** @throws AwsFault MissingRequiredParameterException, InvalidParameterValueException */
export function checkFifo(queue: Queue, { groupId, deduplicationId }: Pick<Outgoing, 'groupId' | 'deduplicationId'>): void {
  if (groupId === undefined) throw missingParameter('MessageGroupId');
  if (deduplicationId === undefined && queue.attributes.ContentBasedDeduplication !== 'true') {
    throw invalidParameter('The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly');
  }
}

function checkSystemAttributes(attributes: MessageAttributes): void {
  for (const [name, { DataType, StringValue }] of Object.entries(attributes)) {
    if (name !== 'AWSTraceHeader') throw invalidParameter(`Message system attribute name '${name}' is invalid.`);
    if (DataType !== 'String' || !StringValue) throw invalidParameter(`Message system attribute '${name}' must contain a non-empty value of type 'String'.`);
  }
}

function checkId(id: string | undefined, parameter: string): void {
  if (id !== undefined && !/^[\x21-\x7e]{1,128}$/.test(id)) {
    throw invalidValue(id, parameter, `${parameter} can only include alphanumeric and punctuation characters. 1 to 128 in length.`);
  }
}

function deduplicationKey(queue: Queue, groupId: string, deduplicationId: string): string {
  return queue.attributes.DeduplicationScope === 'messageGroup' ? `${groupId}\n${deduplicationId}` : deduplicationId;
}

/** 20 digits that grow with the place in the queue, not by one: as AWS's. */
export function sequenceNumber(position: number): string {
  return String(18_800_000_000_000_000_000n + BigInt(position) * 256n);
}

const md5 = (text: string): string => createHash('md5').update(text).digest('hex');
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** A member, or none when the value is undefined. */
export function optional<K extends string, V>(name: K, value: V | undefined): { [P in K]?: V } {
  return value === undefined ? {} : { [name]: value } as { [P in K]?: V };
}
