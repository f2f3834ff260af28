/** Consumers with a name: registered, described, listed. What they would read by, SubscribeToShard, is not here. */
import type { Clock } from '../../contracts/clock.ts';
import { AwsFault } from '../../contracts/faults.ts';
import type { ServiceInput, ServiceOutput } from '../../contracts/resources.ts';
import { InputCheck } from '../input-check.ts';
import { invalidArgument, limitExceeded, resourceInUse, resourceNotFound } from './faults.ts';
import { findStream, streamReference } from './stream-names.ts';
import type { StoredConsumer, Stream, StreamRegistry } from './stream-registry.ts';

/** Of one stream. */
const mostConsumers = 20;
const consumerName = { least: 1, most: 128, pattern: '[a-zA-Z0-9_.-]+' } as const;
const consumerArn = { least: 1, most: 2048, pattern: '(arn):aws.*:kinesis:.*:\\d{12}:.*stream\\/[a-zA-Z0-9_.-]+\\/consumer\\/[a-zA-Z0-9_.-]+:[0-9]+' } as const;

export class StreamConsumers {
  readonly #clock: Clock;
  readonly #registry: StreamRegistry;
  readonly #changed: (stream: string) => void;

  constructor({ clock, registry, changed }: { clock: Clock; registry: StreamRegistry; changed: (stream: string) => void }) {
    this.#clock = clock;
    this.#registry = registry;
    this.#changed = changed;
  }

  register(input: ServiceInput): ServiceOutput {
    const check = new InputCheck(input);
    check.requiredText('StreamARN');
    const reference = streamReference(check);
    const name = check.requiredText('ConsumerName', consumerName);
    check.done();
    const stream = findStream(this.#registry, reference);
    const { consumers } = stream.stored;
    if (consumers.some((consumer) => consumer.name === name)) {
      throw resourceInUse(`Consumer ${name} under stream ${stream.name} already exists for account ${this.#registry.accountId}.`);
    }
    if (consumers.length >= mostConsumers) throw limitExceeded(`Stream ${stream.name} has ${mostConsumers} consumers, which is the limit.`);
    const consumer: StoredConsumer = { name, createdAt: this.#clock.now() };
    this.#registry.setConsumers(stream, [...consumers, consumer]);
    this.#changed(stream.name);
    return { Consumer: { ...this.#output(stream, consumer), ConsumerStatus: 'CREATING' } };
  }

  deregister(input: ServiceInput): ServiceOutput {
    const { stream, consumer } = this.#find(input);
    this.#registry.setConsumers(stream, stream.stored.consumers.filter((each) => each !== consumer));
    this.#changed(stream.name);
    return {};
  }

  describe(input: ServiceInput): ServiceOutput {
    const { stream, consumer } = this.#find(input);
    return { ConsumerDescription: { ...this.#output(stream, consumer), StreamARN: this.#registry.arnOf(stream.name) } };
  }

  list(input: ServiceInput): ServiceOutput {
    const check = new InputCheck(input);
    check.requiredText('StreamARN');
    const reference = streamReference(check);
    const token = check.text('NextToken', { least: 1, most: 1_048_576 });
    const limit = check.integer('MaxResults', { least: 1, most: 10_000 }) ?? 100;
    check.done();
    const stream = findStream(this.#registry, reference);
    const after = token === undefined ? '' : Buffer.from(token, 'base64').toString();
    const found = [...stream.stored.consumers].sort((a, b) => (a.name < b.name ? -1 : 1)).filter(({ name }) => name > after);
    const page = found.slice(0, limit);
    return {
      Consumers: page.map((consumer) => this.#output(stream, consumer)),
      ...(found.length > page.length ? { NextToken: Buffer.from(page.at(-1)?.name ?? '').toString('base64') } : {}),
    };
  }

  /** @throws AwsFault always */
  subscribe(): never {
    throw new AwsFault('UnknownOperationException', 400, 'Local Lambda does not have SubscribeToShard of Kinesis: read the shard with GetRecords.');
  }

  arnOf(stream: Stream, { name, createdAt }: StoredConsumer): string {
    return `${this.#registry.arnOf(stream.name)}/consumer/${name}:${Math.floor(createdAt / 1000)}`;
  }

  #output(stream: Stream, consumer: StoredConsumer): ServiceOutput {
    return {
      ConsumerName: consumer.name, ConsumerARN: this.arnOf(stream, consumer), ConsumerStatus: 'ACTIVE',
      ConsumerCreationTimestamp: Math.floor(consumer.createdAt / 1000),
    };
  }

  #find(input: ServiceInput): { stream: Stream; consumer: StoredConsumer } {
    const check = new InputCheck(input);
    const arn = check.text('ConsumerARN', consumerArn);
    const reference = streamReference(check);
    const name = check.text('ConsumerName', consumerName);
    check.done();
    if (arn === undefined && (name === undefined || reference.arn === undefined)) {
      throw invalidArgument('Either ConsumerARN or both StreamARN and ConsumerName should be provided.');
    }
    const stream = findStream(this.#registry, arn === undefined ? reference : { arn: arn.slice(0, arn.indexOf('/consumer/')) });
    const consumer = stream.stored.consumers.find((each) => (arn === undefined ? each.name === name : this.arnOf(stream, each) === arn));
    if (!consumer) throw resourceNotFound(`Consumer ${arn ?? name} under stream ${stream.name} for account ${this.#registry.accountId} not found.`);
    return { stream, consumer };
  }
}
