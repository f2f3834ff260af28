/** Embedded queues as pollers see them. */
import type { Clock } from '../../contracts/clock.ts';
import { SourceNotFound, type MessagePlace, type PolledMessage, type QueueFacts, type QueueSource } from '../../contracts/event-sources.ts';
import { AwsFault } from '../../contracts/faults.ts';
import type { QueueMessageStore } from '../../contracts/queue-messages.ts';
import type { ServiceOutput } from '../../contracts/resources.ts';
import { queueDoesNotExist } from './faults.ts';
import type { Queue, QueueRegistry } from './queue-registry.ts';
import type { Receipts } from './receipts.ts';
import type { Delivered, Receiver, ReceiveRequest } from './receiving.ts';

export interface EmbeddedQueueSourceParts {
  clock: Clock;
  messages: QueueMessageStore;
  registry: QueueRegistry;
  receiver: Receiver;
  receipts: Receipts;
  /** When a hidden message becomes visible, epoch milliseconds at the present scale. */
  place(queue: Queue, messageId: string): MessagePlace | undefined;
}

interface Deletion {
  queueArn: string;
  messages: readonly Pick<PolledMessage, 'messageId' | 'receiptHandle'>[];
  /** Gets the ids of those that stay. */
  resolve(kept: readonly string[]): void;
  reject(error: Error): void;
}

/** A receive that joins a turn. */
interface Reception {
  queueArn: string;
  request: ReceiveRequest;
  resolve(output: ServiceOutput): void;
  reject(error: Error): void;
}

const all = ['All'];

export class EmbeddedQueueSource implements QueueSource {
  readonly #parts: EmbeddedQueueSourceParts;
  /** What commits together at the end of this turn: deletions, and the receives that follow them. */
  #deletions: Deletion[] = [];
  #receptions: Reception[] = [];

  constructor(parts: EmbeddedQueueSourceParts) {
    this.#parts = parts;
  }

  describe(queueArn: string): Promise<QueueFacts> {
    return this.#with(queueArn, (queue) => {
      const { ready, inFlight, delayed } = this.#parts.messages.counts(queue.key);
      return { fifo: queue.fifo, visibilityTimeoutSeconds: Number(queue.attributes.VisibilityTimeout), messages: ready + inFlight + delayed };
    });
  }

  async receive(queueArn: string, { maximum, waitMilliseconds, signal }: { maximum: number; waitMilliseconds: number; signal: AbortSignal }): Promise<PolledMessage[]> {
    const queue = this.#require(queueArn);
    const request: ReceiveRequest = {
      max: maximum, waitSeconds: signal.aborted ? 0 : waitMilliseconds / 1000, visibilityTimeoutSeconds: Number(queue.attributes.VisibilityTimeout),
      systemAttributes: all, messageAttributes: all,
    };
    try {
      // Who deletes what it had mostly wants more: one commit for both.
      const joined = this.#deletions.length === 0 ? [] : polled(await this.#inTurn(queueArn, request));
      if (joined.length > 0) return joined;
      const output = this.#parts.receiver.receive(queue, request, { signal });
      return polled(output instanceof Promise ? await output : output);
    } catch (error) {
      throw asNotFound(error);
    }
  }

  delete(queueArn: string, messages: readonly Pick<PolledMessage, 'messageId' | 'receiptHandle'>[]): Promise<readonly string[]> {
    return new Promise((resolve, reject) => {
      if (this.#deletions.push({ queueArn, messages, resolve, reject }) === 1) this.#parts.clock.soon(() => this.#endTurn());
    });
  }

  giveBack(queueArn: string, messages: readonly Pick<PolledMessage, 'messageId' | 'receiptHandle'>[]): Promise<void> {
    return this.#with(queueArn, (queue) => this.#parts.receipts.giveBack(queue, messages.map(({ receiptHandle }) => receiptHandle)));
  }

  backlog(queueArn: string): number | undefined {
    const queue = this.#parts.registry.byArn(queueArn);
    return queue && this.#parts.messages.counts(queue.key).ready;
  }

  find(queueArn: string, messageId: string): MessagePlace | undefined {
    const queue = this.#parts.registry.byArn(queueArn);
    return queue && this.#parts.place(queue, messageId);
  }

  #inTurn(queueArn: string, request: ReceiveRequest): Promise<ServiceOutput> {
    return new Promise((resolve, reject) => { this.#receptions.push({ queueArn, request, resolve, reject }); });
  }

  /** Nobody hears of anything before it is committed. */
  #endTurn(): void {
    const [deletions, receptions] = [this.#deletions, this.#receptions];
    [this.#deletions, this.#receptions] = [[], []];
    let settle: (() => void)[];
    try {
      settle = this.#parts.messages.transaction(() => [...deletions.map((each) => this.#delete(each)), ...receptions.map((each) => this.#receive(each))]);
    } catch (error) {
      settle = [...deletions, ...receptions].map(({ reject }) => () => reject(error as Error));
    }
    for (const each of settle) each();
  }

  #delete({ queueArn, messages, resolve, reject }: Deletion): () => void {
    const queue = this.#parts.registry.byArn(queueArn);
    if (!queue) return () => reject(asNotFound(queueDoesNotExist()) as Error);
    const kept = this.#deletedAll(queue, messages);
    return () => resolve(kept);
  }

  #receive({ queueArn, request, resolve, reject }: Reception): () => void {
    try {
      const output = this.#parts.receiver.receiveNow(this.#require(queueArn), request);
      return () => resolve(output);
    } catch (error) {
      return () => reject(error as Error);
    }
  }

  /** Gives the ids of messages that stay. */
  #deletedAll(queue: Queue, messages: Deletion['messages']): readonly string[] {
    if (!queue.fifo) return [...this.#parts.receipts.deleteTogether(queue, messages.map(({ receiptHandle }) => receiptHandle))];
    return messages.filter(({ receiptHandle }) => !this.#deleted(queue, receiptHandle)).map(({ messageId }) => messageId);
  }

  #deleted(queue: Queue, handle: string): boolean {
    try {
      return this.#parts.receipts.delete(queue, handle);
    } catch (error) {
      // The time of a FIFO queue's handle is over.
      if (error instanceof AwsFault) return false;
      throw error;
    }
  }

  #with<R>(queueArn: string, work: (queue: Queue) => R): Promise<R> {
    try {
      return Promise.resolve(work(this.#require(queueArn)));
    } catch (error) {
      return Promise.reject(error as Error);
    }
  }

  #require(queueArn: string): Queue {
    const queue = this.#parts.registry.byArn(queueArn);
    if (!queue) throw asNotFound(queueDoesNotExist());
    return queue;
  }
}

function asNotFound(error: unknown): unknown {
  return error instanceof AwsFault && error.name === queueDoesNotExist().name ? new SourceNotFound(error.message, { cause: error }) : error;
}

function polled(output: ServiceOutput): PolledMessage[] {
  return ((output['Messages'] ?? []) as Delivered[]).map((message) => ({
    messageId: message.MessageId, receiptHandle: message.ReceiptHandle, body: message.Body, md5OfBody: message['MD5OfBody'] as string,
    attributes: (message['Attributes'] ?? {}) as PolledMessage['attributes'],
    messageAttributes: (message['MessageAttributes'] ?? {}) as PolledMessage['messageAttributes'],
    ...(message['MD5OfMessageAttributes'] === undefined ? {} : { md5OfMessageAttributes: message['MD5OfMessageAttributes'] as string }),
  }));
}
