/** Receiving: which messages a caller gets and for how long they are hidden, long polling, and the way to the dead-letter queue. */
import type { Clock } from '../../contracts/clock.ts';
import type { QueueMessageStore, StoredMessage } from '../../contracts/queue-messages.ts';
import type { CallContext, ServiceOutput } from '../../contracts/resources.ts';
import { overLimit } from './faults.ts';
import { attributesMd5, selectAttributes } from './message-attributes.ts';
import type { Queue, QueueRegistry } from './queue-registry.ts';
import { promoteSlice, type QueueSignals, type Waiter } from './queue-signals.ts';
import { ReceiveAttempts } from './receive-attempts.ts';
import { receiptHandle } from './receipt-handles.ts';
import { optional, sequenceNumber } from './sending.ts';

export interface ReceiveRequest {
  /** 1-10. */
  max: number;
  /** 0-43,200. */
  visibilityTimeoutSeconds: number;
  /** 0-20, real time. */
  waitSeconds: number;
  /** System attributes; `All` for every one. */
  systemAttributes: readonly string[];
  messageAttributes: readonly string[];
  /** Of a FIFO queue: a repeated attempt gets the same messages. */
  attemptId?: string;
}

/** Most messages in flight. The quota of FIFO queues was 20,000 until late 2024. */
export const mostInFlight = 120_000;
/** Messages that one receive moves to the dead-letter queue at most. */
const mostMoved = 1000;
/** Who sent the messages: the id of a user, as there is but one caller. */
export const senderId = 'AIDALOCALLAMBDAENGINE';

export interface ReceiverParts {
  clock: Clock;
  messages: QueueMessageStore;
  registry: QueueRegistry;
  signals: QueueSignals;
  /** Deletes what is older than the retention period; false while expired messages are left. */
  expire: (queue: Queue) => boolean;
}

export class Receiver {
  readonly #parts: ReceiverParts;
  readonly #attempts: ReceiveAttempts;

  constructor(parts: ReceiverParts) {
    this.#parts = parts;
    this.#attempts = new ReceiveAttempts(parts.clock, parts.messages);
  }

  /** Answers at once when there is a message or the request does not wait. @throws AwsFault OverLimit */
  receive(queue: Queue, request: ReceiveRequest, context: Pick<CallContext, 'signal'>): ServiceOutput | Promise<ServiceOutput> {
    const received = this.#take(queue, request);
    if (received.length > 0 || request.waitSeconds === 0 || this.#parts.signals.closed) return output(received);
    return this.#wait(queue.name, request, context.signal);
  }

  /** The messages that there are; joins the open transaction. */
  receiveNow(queue: Queue, request: ReceiveRequest): ServiceOutput {
    return output(this.#take(queue, request));
  }

  #wait(name: string, request: ReceiveRequest, signal: AbortSignal | undefined): Promise<ServiceOutput> {
    const { clock, registry, signals } = this.#parts;
    return new Promise((resolve, reject) => {
      const end = (error?: Error): void => {
        stop();
        if (error) reject(error);
        else resolve({});
      };
      const waiter: Waiter = {
        attempt: () => {
          const queue = registry.get(name);
          if (!queue) return false;
          let received: Delivered[];
          try {
            received = this.#take(queue, request);
          } catch (error) {
            end(error as Error);
            return true;
          }
          if (received.length === 0) return false;
          stop();
          resolve(output(received));
          return true;
        },
        end,
      };
      const leave = signals.wait(name, waiter);
      const cancel = clock.after(request.waitSeconds * 1000, () => end());
      const gone = (): void => end();
      signal?.addEventListener('abort', gone, { once: true });
      const stop = (): void => {
        leave();
        cancel();
        signal?.removeEventListener('abort', gone);
      };
      if (signal?.aborted) end();
    });
  }

  #take(queue: Queue, request: ReceiveRequest): Delivered[] {
    const { clock, messages, registry, signals, expire } = this.#parts;
    const now = clock.now();
    const until = now + request.visibilityTimeoutSeconds * 1000;
    const taken = messages.transaction(() => {
      if (!expire(queue)) return [];
      const repeated = request.attemptId === undefined ? undefined : this.#attempts.repeat(queue, request.attemptId, until);
      if (repeated) return repeated;
      const promoted = signals.promote(queue);
      const room = mostInFlight - messages.counts(queue.key).inFlight;
      if (room <= 0) {
        if (queue.fifo || request.waitSeconds > 0) return [];
        throw overLimit(`Too many messages in flight: a queue holds at most ${mostInFlight}.`);
      }
      const found = this.#collect(queue, Math.min(request.max, room), now);
      messages.receive(queue.key, found, now, until);
      if (request.attemptId !== undefined && found.length > 0) this.#attempts.remember(queue, request.attemptId, found);
      // What became visible here is news to the others who wait.
      if (promoted > 0) signals.announce(queue.name);
      if (promoted >= promoteSlice) signals.watch(queue);
      return found;
    });
    if (taken.length === 0) return [];
    signals.note();
    signals.watch(queue, { real: until });
    const arn = registry.arnOf(queue.name);
    return taken.map((message) => delivered(queue, arn, message, now, request));
  }

  /** Messages for one receive. Those that were received too often already go to the dead-letter queue instead. */
  #collect(queue: Queue, max: number, now: number): StoredMessage[] {
    const { messages, registry, signals } = this.#parts;
    const target = queue.redrive && registry.byArn(queue.redrive.deadLetterTargetArn);
    // A dead-letter queue that is gone leaves the messages where they are, as does one of the other kind.
    if (!queue.redrive || !target || target.fifo !== queue.fifo) return messages.ready(queue.key, max);
    const found: StoredMessage[] = [];
    const seen = new Set<number>();
    let moved = 0;
    while (found.length < max && moved < mostMoved) {
      const candidates = messages.ready(queue.key, max).filter(({ position }) => !seen.has(position));
      if (candidates.length === 0) break;
      for (const message of candidates) {
        seen.add(message.position);
        if (message.receives < queue.redrive.maxReceiveCount) {
          if (found.length < max) found.push(message);
          continue;
        }
        // A FIFO queue counts retention anew there, a standard one from when the message was first sent.
        const position = messages.move(queue.key, message.position, target.key, { at: now, sourceArn: registry.arnOf(queue.name), ...(queue.fifo ? { sentAt: now } : {}) });
        seen.add(position);
        moved += 1;
      }
    }
    if (moved > 0) signals.announce(target.name);
    return found;
  }
}

export interface Delivered extends ServiceOutput {
  MessageId: string;
  ReceiptHandle: string;
  Body: string;
}

function delivered(queue: Queue, queueArn: string, message: StoredMessage, now: number, { systemAttributes, messageAttributes }: ReceiveRequest): Delivered {
  const attributes = selectAttributes(message.attributes, messageAttributes);
  const md5 = attributesMd5(attributes);
  const system = systemAttributesOf(queue, { ...message, receives: message.receives + 1, firstReceivedAt: message.firstReceivedAt ?? now });
  const wanted = systemAttributes.includes('All') ? system : Object.fromEntries(Object.entries(system).filter(([name]) => systemAttributes.includes(name)));
  return {
    MessageId: message.messageId,
    ReceiptHandle: receiptHandle(queueArn, { messageId: message.messageId, position: message.position, receive: message.receives + 1 }),
    MD5OfBody: message.bodyMd5,
    Body: message.body,
    ...(Object.keys(wanted).length === 0 ? {} : { Attributes: wanted }),
    ...optional('MD5OfMessageAttributes', md5),
    ...(md5 === undefined ? {} : { MessageAttributes: attributes }),
  };
}

/** System attributes of a message, by name. */
export function systemAttributesOf(queue: Queue, message: StoredMessage): Record<string, string> {
  return {
    SenderId: senderId,
    ...(message.firstReceivedAt === undefined ? {} : { ApproximateFirstReceiveTimestamp: String(message.firstReceivedAt) }),
    ApproximateReceiveCount: String(message.receives),
    SentTimestamp: String(message.sentAt),
    ...(queue.fifo ? { SequenceNumber: sequenceNumber(message.position) } : {}),
    ...optional('MessageDeduplicationId', message.deduplicationId),
    ...optional('MessageGroupId', message.groupId),
    ...optional('AWSTraceHeader', message.traceHeader),
    ...optional('DeadLetterQueueSourceArn', message.sourceArn),
  };
}

const output = (received: readonly Delivered[]): ServiceOutput => (received.length === 0 ? {} : { Messages: received });
