/** Queues of AWS or of a compatible server, as pollers see them. */
import type { Message, MessageAttributeValue } from '@aws-sdk/client-sqs';
import type { Clock } from '../contracts/clock.ts';
import { SourceNotFound, SourceUnavailable, type PolledMessage, type QueueFacts, type QueueSource } from '../contracts/event-sources.ts';
import type { MessageAttribute } from '../contracts/resources.ts';
import type { RemoteClient } from './remote-client.ts';
import { unreadableAnswer } from './source-failures.ts';
import type { SqsOperations } from './source-clients.ts';
import { pause } from './waiting.ts';

/** Messages, or entries, of one call. */
const perCall = 10;
/** A long poll that its poller turned away from is ended when nobody takes it over for so long, milliseconds. */
const longestAbandoned = 1000;
/** Messages that came too late for their poller are handed to the next one for so long, milliseconds; then they come back by themselves. */
const longestHeld = 5000;
/** How long the number of waiting messages counts as known, milliseconds. */
const backlogAge = 5000;
/** A deletion that the server failed to do is tried again after so many milliseconds, so often. */
const deletionRetries = [200, 1000, 3000];

type Handle = Pick<PolledMessage, 'messageId' | 'receiptHandle'>;

interface LongPoll {
  messages: Promise<PolledMessage[]>;
  stop: AbortController;
}

interface KnownQueue {
  url: string;
  /** Long polls without a poller. */
  abandoned: LongPoll[];
  held: { messages: PolledMessage[]; at: number };
  backlog?: number;
  /** When the backlog was last asked for. */
  askedAt?: number;
  asksAgain: boolean;
}

export interface RemoteQueuesParts {
  client: RemoteClient<SqsOperations>;
  clock: Clock;
  /** URL of the queue, where it is not asked for. */
  queueUrl?: string;
  /** The account of this engine: ARNs of templates have it, and mean the caller's own account then. */
  accountId: () => string;
  newId: () => string;
  /** Something that views show has changed. */
  changed: () => void;
}

export class RemoteQueues implements QueueSource {
  readonly #parts: RemoteQueuesParts;
  readonly #queues = new Map<string, KnownQueue>();
  readonly #longPolls = new Set<AbortController>();

  constructor(parts: RemoteQueuesParts) {
    this.#parts = parts;
  }

  async describe(queueArn: string): Promise<QueueFacts> {
    const { Attributes: attributes } = await this.#ask(queueArn, ({ url }) => this.#parts.client.call('GetQueueAttributes', { QueueUrl: url, AttributeNames: ['All'] }));
    const number = (name: string) => Number(attributes?.[name as keyof typeof attributes] ?? 0);
    if (attributes?.VisibilityTimeout === undefined) throw unreadableAnswer('GetQueueAttributes', 'VisibilityTimeout');
    return {
      fifo: queueArn.endsWith('.fifo'), visibilityTimeoutSeconds: number('VisibilityTimeout'),
      messages: number('ApproximateNumberOfMessages') + number('ApproximateNumberOfMessagesNotVisible') + number('ApproximateNumberOfMessagesDelayed'),
    };
  }

  /** One long poll; when that fills its call, the rest comes by short polls beside each other. */
  receive(queueArn: string, { maximum, waitMilliseconds, signal }: { maximum: number; waitMilliseconds: number; signal: AbortSignal }): Promise<PolledMessage[]> {
    if (signal.aborted) return Promise.resolve([]);
    return this.#ask(queueArn, async (queue) => {
      const late = this.#takeHeld(queue, maximum);
      if (late.length > 0) return late;
      const first = await this.#first(queueArn, queue, { maximum, waitMilliseconds, signal });
      if (first.length < perCall || signal.aborted) return first;
      const sizes = Array.from({ length: Math.ceil((maximum - first.length) / perCall) }, (_, index) => Math.min(perCall, maximum - first.length - index * perCall));
      // One that fails must not lose what the others have.
      const more = await Promise.allSettled(sizes.map((size) => this.#call(queueArn, queue, size, 0)));
      return [...first, ...more.flatMap((call) => (call.status === 'fulfilled' ? call.value : []))];
    });
  }

  async delete(queueArn: string, messages: readonly Handle[]): Promise<readonly string[]> {
    const calls = Array.from({ length: Math.ceil(messages.length / perCall) }, (_, index) => messages.slice(index * perCall, (index + 1) * perCall));
    const kept = await Promise.all(calls.map((call) => this.#ask(queueArn, ({ url }) => this.#delete(url, call))));
    return kept.flat();
  }

  /** Nothing: Lambda lets the visibility timeout end, and so it is here. */
  giveBack(): Promise<void> {
    return Promise.resolve();
  }

  /** As it was some seconds ago. Asks only about queues that were polled or described. */
  backlog(queueArn: string): number | undefined {
    const queue = this.#queues.get(queueArn);
    if (!queue) return undefined;
    const now = this.#parts.clock.now();
    const rest = queue.askedAt === undefined ? 0 : queue.askedAt + backlogAge - now;
    if (rest <= 0) {
      queue.askedAt = now;
      void this.#count(queueArn, queue);
    } else if (!queue.asksAgain) {
      // What views show now may be out of date: they are told when it is.
      queue.asksAgain = true;
      this.#parts.clock.after(rest, () => {
        queue.asksAgain = false;
        if (this.#queues.get(queueArn) === queue) this.backlog(queueArn);
      });
    }
    return queue.backlog;
  }

  /** Ends what waits for messages. */
  close(): void {
    for (const stop of this.#longPolls) stop.abort();
  }

  async #count(queueArn: string, queue: KnownQueue): Promise<void> {
    const before = queue.backlog;
    try {
      const { Attributes } = await this.#parts.client.call('GetQueueAttributes', { QueueUrl: queue.url, AttributeNames: ['ApproximateNumberOfMessages'] });
      const count = Number(Attributes?.ApproximateNumberOfMessages);
      if (Number.isNaN(count)) delete queue.backlog;
      else queue.backlog = count;
    } catch {
      // The poller says what is the matter.
      delete queue.backlog;
    }
    if (queue.backlog !== before && this.#queues.get(queueArn) === queue) this.#parts.changed();
  }

  /** Takes over a long poll that its poller turned away from, or begins one. */
  async #first(queueArn: string, queue: KnownQueue, { maximum, waitMilliseconds, signal }: { maximum: number; waitMilliseconds: number; signal: AbortSignal }): Promise<PolledMessage[]> {
    const size = Math.min(perCall, maximum);
    const waitSeconds = Math.floor(waitMilliseconds / 1000);
    if (waitSeconds === 0) return this.#call(queueArn, queue, size, 0);
    const poll = queue.abandoned.shift() ?? this.#longPoll(queueArn, queue, size, waitSeconds);
    const turnedAway = Promise.withResolvers<undefined>();
    const turn = () => turnedAway.resolve(undefined);
    signal.addEventListener('abort', turn, { once: true });
    try {
      const messages = await Promise.race([poll.messages, turnedAway.promise]);
      if (messages === undefined) {
        this.#abandon(queue, poll);
        return [];
      }
      if (messages.length <= maximum) return messages;
      queue.held = { messages: messages.slice(maximum), at: this.#parts.clock.now() };
      return messages.slice(0, maximum);
    } finally {
      signal.removeEventListener('abort', turn);
    }
  }

  #longPoll(queueArn: string, queue: KnownQueue, size: number, waitSeconds: number): LongPoll {
    const stop = new AbortController();
    this.#longPolls.add(stop);
    const messages = this.#call(queueArn, queue, size, waitSeconds, stop.signal).finally(() => this.#longPolls.delete(stop));
    return { messages, stop };
  }

  /**
   * A call that is cut off may take messages with it, invisible to everybody until their timeout ends: it goes on for the next
   * poll, a moment at least.
   */
  #abandon(queue: KnownQueue, poll: LongPoll): void {
    queue.abandoned.push(poll);
    const mine = () => queue.abandoned.includes(poll);
    const drop = () => { queue.abandoned = queue.abandoned.filter((each) => each !== poll); };
    const cancel = this.#parts.clock.after(longestAbandoned, () => {
      if (!mine()) return;
      drop();
      poll.stop.abort();
    });
    poll.messages.then((messages) => {
      if (mine() && messages.length > 0) queue.held = { messages: [...this.#takeHeld(queue, Infinity), ...messages], at: this.#parts.clock.now() };
    }, () => {}).finally(() => {
      cancel();
      drop();
    }).catch(() => {});
  }

  #takeHeld(queue: KnownQueue, maximum: number): PolledMessage[] {
    const { messages, at } = queue.held;
    const fresh = this.#parts.clock.now() - at < longestHeld ? messages : [];
    queue.held = { messages: fresh.slice(maximum), at };
    return fresh.slice(0, maximum);
  }

  async #call(queueArn: string, { url }: KnownQueue, size: number, waitSeconds: number, signal?: AbortSignal): Promise<PolledMessage[]> {
    const { client, newId } = this.#parts;
    const output = await client.call('ReceiveMessage', {
      QueueUrl: url, MaxNumberOfMessages: size, WaitTimeSeconds: waitSeconds, MessageAttributeNames: ['All'], MessageSystemAttributeNames: ['All'],
      // What older servers know by this name.
      AttributeNames: ['All'],
      // A lost answer is given again.
      ...(queueArn.endsWith('.fifo') ? { ReceiveRequestAttemptId: newId() } : {}),
    }, signal);
    return (output.Messages ?? []).map(polled);
  }

  /** Gives the ids of messages that stay. */
  async #delete(url: string, messages: readonly Handle[]): Promise<string[]> {
    const { client, clock } = this.#parts;
    const kept: string[] = [];
    let rest = messages;
    for (let attempt = 0; ; attempt += 1) {
      const wait = deletionRetries[attempt];
      let again: Handle[] = [];
      try {
        const { Failed = [] } = await client.call('DeleteMessageBatch', {
          QueueUrl: url, Entries: rest.map(({ receiptHandle }, index) => ({ Id: String(index), ReceiptHandle: receiptHandle })),
        });
        for (const { Id, SenderFault } of Failed) {
          const message = rest[Number(Id)];
          if (!message) continue;
          if (SenderFault || wait === undefined) kept.push(message.messageId);
          else again.push(message);
        }
      } catch (error) {
        if (!(error instanceof SourceUnavailable) || wait === undefined) throw error;
        again = [...rest];
      }
      if (again.length === 0 || wait === undefined) return kept;
      rest = again;
      await pause(clock, wait);
    }
  }

  async #ask<R>(queueArn: string, work: (queue: KnownQueue) => Promise<R>): Promise<R> {
    let queue = this.#queues.get(queueArn);
    if (!queue) {
      const url = await this.#urlOf(queueArn);
      queue = this.#queues.get(queueArn) ?? { url, abandoned: [], held: { messages: [], at: 0 }, asksAgain: false };
      this.#queues.set(queueArn, queue);
    }
    try {
      return await work(queue);
    } catch (error) {
      // Made anew it may have another URL.
      if (error instanceof SourceNotFound) this.#queues.delete(queueArn);
      throw error;
    }
  }

  async #urlOf(queueArn: string): Promise<string> {
    const { client, queueUrl, accountId } = this.#parts;
    if (queueUrl !== undefined) return queueUrl;
    const [, , , , owner = '', name = ''] = queueArn.split(':');
    const { QueueUrl } = await client.call('GetQueueUrl', { QueueName: name, ...(owner === '' || owner === accountId() ? {} : { QueueOwnerAWSAccountId: owner }) });
    if (QueueUrl === undefined) throw unreadableAnswer('GetQueueUrl', 'QueueUrl');
    return QueueUrl;
  }
}

function polled(message: Message): PolledMessage {
  const { MessageId, ReceiptHandle, Body } = message;
  if (MessageId === undefined || ReceiptHandle === undefined) throw unreadableAnswer('ReceiveMessage', MessageId === undefined ? 'MessageId' : 'ReceiptHandle');
  return {
    messageId: MessageId, receiptHandle: ReceiptHandle, body: Body ?? '', md5OfBody: message.MD5OfBody ?? '',
    attributes: message.Attributes ?? {},
    messageAttributes: Object.fromEntries(Object.entries(message.MessageAttributes ?? {}).map(([name, value]) => [name, attribute(value)])),
    ...(message.MD5OfMessageAttributes === undefined ? {} : { md5OfMessageAttributes: message.MD5OfMessageAttributes }),
  };
}

function attribute({ DataType = 'String', StringValue, BinaryValue }: MessageAttributeValue): MessageAttribute {
  return {
    DataType,
    ...(StringValue === undefined ? {} : { StringValue }),
    ...(BinaryValue === undefined ? {} : { BinaryValue: Buffer.from(BinaryValue).toString('base64') }),
  };
}
