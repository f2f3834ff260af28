/** Message move tasks: dead letters go back to where they came from, or to another queue. They survive a restart. */
import type { CancelTimer, Clock } from '../../contracts/clock.ts';
import type { DocumentCollection, DocumentStore } from '../../contracts/documents.ts';
import type { Logger } from '../../contracts/logger.ts';
import type { QueueMessageStore, StoredMessage } from '../../contracts/queue-messages.ts';
import type { ServiceInput, ServiceOutput } from '../../contracts/resources.ts';
import { invalidParameter, invalidValue, resourceNotFound } from './faults.ts';
import { optionalInteger, optionalText, requiredText } from './input.ts';
import { messageIdAt } from './message-ids.ts';
import type { Queue, QueueRegistry } from './queue-registry.ts';
import type { QueueSignals } from './queue-signals.ts';
import { optional } from './sending.ts';

interface MoveTask {
  id: string;
  sourceArn: string;
  destinationArn?: string;
  perSecond?: number;
  status: 'RUNNING' | 'COMPLETED' | 'CANCELLED' | 'FAILED';
  startedAt: number;
  moved: number;
  toMove: number;
  failureReason?: string;
}

/** Moved at a time when no rate was asked for. */
const slice = 200;
/** Between two slices, milliseconds of real time. */
const shortestPause = 20;
/** Tasks of one queue that are remembered. */
const kept = 10;
const fastest = 500;

const nonExistentQueue = 'AWS.SimpleQueueService.NonExistentQueue';

export interface MoveTaskParts {
  clock: Clock;
  messages: QueueMessageStore;
  registry: QueueRegistry;
  signals: QueueSignals;
  documents: DocumentStore;
  logger: Logger;
  uuid: () => string;
}

export class MoveTasks {
  readonly #parts: MoveTaskParts;
  readonly #tasks: DocumentCollection<MoveTask>;
  readonly #timers = new Map<string, CancelTimer>();
  #closed = false;

  constructor(parts: MoveTaskParts) {
    this.#parts = parts;
    this.#tasks = parts.documents.collection('queue-move-tasks');
  }

  /** Goes on with what was running. */
  start(): void {
    for (const [, task] of this.#tasks.entries()) if (task.status === 'RUNNING') this.#schedule(task);
  }

  close(): void {
    this.#closed = true;
    for (const cancel of this.#timers.values()) cancel();
    this.#timers.clear();
  }

  begin(input: ServiceInput): ServiceOutput {
    const { clock, messages, registry, signals, uuid } = this.#parts;
    const sourceArn = requiredText(input, 'SourceArn');
    const source = this.#queue(sourceArn, 'SourceArn');
    if (registry.sourcesOf(sourceArn).length === 0) throw invalidParameter('Source queue must be configured as a Dead Letter Queue.');
    const destinationArn = optionalText(input, 'DestinationArn');
    if (destinationArn !== undefined) {
      const destination = this.#queue(destinationArn, 'DestinationArn');
      if (destination.name === source.name) throw invalidParameter("Source queue arn and destination queue arn can't be the same.");
      if (destination.fifo !== source.fifo) throw invalidParameter('Source and destination queues must be of the same type.');
    }
    const perSecond = optionalInteger(input, 'MaxNumberOfMessagesPerSecond');
    if (perSecond !== undefined && (perSecond < 1 || perSecond > fastest)) throw invalidValue(perSecond, 'MaxNumberOfMessagesPerSecond', `Must be between 1 and ${fastest}, if provided.`);
    const others = this.#of(sourceArn);
    if (others.some(({ status }) => status === 'RUNNING')) {
      throw invalidParameter('There is already a task running. Only one active task is allowed for a source queue arn at a given time.');
    }
    const task = messages.transaction(() => {
      signals.promote(source);
      const made: MoveTask = {
        id: uuid(), sourceArn, ...optional('destinationArn', destinationArn), ...optional('perSecond', perSecond),
        status: 'RUNNING', startedAt: clock.now(), moved: 0, toMove: messages.counts(source.key).ready,
      };
      this.#tasks.put(made.id, made);
      for (const { id } of others.slice(kept - 1)) this.#tasks.delete(id);
      return made;
    });
    this.#schedule(task);
    return { TaskHandle: handleOf(task) };
  }

  list(input: ServiceInput): ServiceOutput {
    const sourceArn = requiredText(input, 'SourceArn');
    this.#queue(sourceArn, 'SourceArn');
    const most = optionalInteger(input, 'MaxResults') ?? 1;
    if (most < 1 || most > kept) throw invalidValue(most, 'MaxResults', `Must be between 1 and ${kept}, if provided.`);
    return {
      Results: this.#of(sourceArn).slice(0, most).map((task) => ({
        ...(task.status === 'RUNNING' ? { TaskHandle: handleOf(task) } : {}),
        Status: task.status,
        SourceArn: task.sourceArn,
        ...optional('DestinationArn', task.destinationArn),
        ...optional('MaxNumberOfMessagesPerSecond', task.perSecond),
        ApproximateNumberOfMessagesMoved: task.moved,
        ApproximateNumberOfMessagesToMove: task.toMove,
        ...optional('FailureReason', task.failureReason),
        StartedTimestamp: task.startedAt,
      })),
    };
  }

  cancel(input: ServiceInput): ServiceOutput {
    const { id, sourceArn } = readHandle(requiredText(input, 'TaskHandle'));
    this.#queue(sourceArn, 'SourceArn');
    const task = this.#tasks.get(id);
    if (task?.status !== 'RUNNING') throw resourceNotFound('Task does not exist.');
    this.#timers.get(id)?.();
    this.#timers.delete(id);
    this.#tasks.put(id, { ...task, status: 'CANCELLED' });
    return { ApproximateNumberOfMessagesMoved: task.moved };
  }

  /** Newest first. */
  #of(sourceArn: string): MoveTask[] {
    return this.#tasks.entries().map(([, task]) => task).filter((task) => task.sourceArn === sourceArn).sort((a, b) => b.startedAt - a.startedAt);
  }

  #queue(arn: string, parameter: string): Queue {
    if (!/^arn:[^:]+:[^:]+:[^:]*:[^:]*:.+$/.test(arn)) {
      throw invalidParameter(`You must use this format to specify the ${parameter}: arn:<partition>:<service>:<region>:<account-id>:<resource-id>`);
    }
    const queue = this.#parts.registry.byArn(arn);
    if (!queue) throw resourceNotFound(`The resource that you specified for the ${parameter} parameter doesn't exist.`);
    return queue;
  }

  #schedule(task: MoveTask): void {
    if (this.#closed) return;
    const pause = task.perSecond === undefined ? shortestPause : Math.max(shortestPause, 1000 / task.perSecond);
    const count = task.perSecond === undefined ? slice : Math.max(1, Math.floor(task.perSecond * pause / 1000));
    this.#timers.set(task.id, this.#parts.clock.after(pause, () => this.#run(task.id, count)));
  }

  #run(id: string, count: number): void {
    this.#timers.delete(id);
    const { messages, logger } = this.#parts;
    const task = this.#tasks.get(id);
    if (task?.status !== 'RUNNING') return;
    let next = task;
    try {
      next = messages.transaction(() => {
        const done = this.#step(task, count);
        this.#tasks.put(id, done);
        return done;
      });
    } catch (error) {
      logger.error(`Messages of ${task.sourceArn} could not be moved; it is tried again.`, error);
    }
    if (next.status === 'RUNNING') this.#schedule(next);
  }

  #step(task: MoveTask, count: number): MoveTask {
    const { messages, registry, signals } = this.#parts;
    const source = registry.byArn(task.sourceArn);
    if (!source) return { ...task, status: 'FAILED', failureReason: nonExistentQueue };
    signals.promote(source);
    // Only as many as there were: a message that fails again at once must not go round forever.
    const found = messages.ready(source.key, Math.min(count, task.toMove - task.moved));
    let { moved } = task;
    for (const message of found) {
      const failureReason = this.#move(task, source, message);
      if (failureReason !== undefined) return { ...task, moved, status: 'FAILED', failureReason };
      moved += 1;
    }
    signals.announce(source.name);
    return { ...task, moved, status: found.length === 0 || moved >= task.toMove ? 'COMPLETED' : 'RUNNING' };
  }

  /** A moved message is a new one: new id, sent now, never received. Returns why it cannot be moved. */
  #move(task: MoveTask, source: Queue, message: StoredMessage): string | undefined {
    const { clock, messages, registry, signals, uuid } = this.#parts;
    const arn = task.destinationArn ?? message.sourceArn;
    if (arn === undefined) return 'CouldNotDetermineMessageSource';
    const target = registry.byArn(arn);
    if (!target || target.fifo !== source.fifo) return nonExistentQueue;
    const now = clock.now();
    messages.move(source.key, message.position, target.key, { at: now, sentAt: now, messageId: messageIdAt(now, uuid()), receives: 0, sourceArn: null });
    signals.announce(target.name);
    return undefined;
  }
}

const handleOf = ({ id, sourceArn }: MoveTask): string => Buffer.from(JSON.stringify({ taskId: id, sourceArn })).toString('base64');

function readHandle(handle: string): { id: string; sourceArn: string } {
  try {
    const { taskId, sourceArn } = JSON.parse(Buffer.from(handle, 'base64').toString()) as { taskId?: unknown; sourceArn?: unknown };
    if (typeof taskId === 'string' && typeof sourceArn === 'string') return { id: taskId, sourceArn };
  } catch {
    // Said below.
  }
  throw invalidParameter('Value for parameter TaskHandle is invalid.');
}
