/** Event sources as settings choose them: embedded, at a compatible server, or in an AWS account by profile. */
import { randomUUID } from 'node:crypto';
import type { AwsClient, ClientOptions, Operations } from '../aws/client.ts';
import { dynamodbStreamsCalls } from '../aws/dynamodb-streams-calls.ts';
import { kinesisCalls } from '../aws/kinesis-calls.ts';
import type { ProfileCredentials } from '../aws/profile-credentials.ts';
import { RemoteClient } from '../aws/remote-client.ts';
import { RemoteQueues } from '../aws/remote-queues.ts';
import { RemoteStreams } from '../aws/remote-streams.ts';
import type { DynamoDbStreamsOperations, KinesisOperations, SqsOperations } from '../aws/source-clients.ts';
import type { Clock } from '../contracts/clock.ts';
import { SourceUnavailable, type EventSources, type QueueSource, type SourcePlace, type StreamSource } from '../contracts/event-sources.ts';
import { UserError } from '../contracts/faults.ts';
import type { EngineSettings } from '../contracts/settings.ts';
import { profileCredentials } from './profile-keys.ts';
import { sourceClientsEntry } from './shipped-files.ts';
import { choiceFor, placeOf, type ChosenSource } from './source-choices.ts';

interface SourceClients {
  sqsClient(options: ClientOptions): Promise<AwsClient<SqsOperations>>;
  kinesisClient(options: ClientOptions): Promise<AwsClient<KinesisOperations>>;
  dynamodbStreamsClient(options: ClientOptions): Promise<AwsClient<DynamoDbStreamsOperations>>;
}

export interface ChosenSourcesParts {
  embedded: EventSources;
  settings: () => Pick<EngineSettings, 'eventSources' | 'accountId'>;
  clock: Clock;
  /** False keeps every call on this machine back. */
  trusted: () => boolean;
  /** Something that views show has changed. */
  changed: () => void;
}

interface Closable {
  close(): void;
}

/** What is sent to a compatible server when no profile is named; LocalStack reads an account from other keys. */
const meaningless: ProfileCredentials = { accessKeyId: 'test', secretAccessKey: 'test' };

export class ChosenSources implements EventSources {
  readonly #parts: ChosenSourcesParts;
  readonly #queues = new Map<string, QueueSource>();
  readonly #streams = new Map<string, StreamSource>();
  readonly #open: Closable[] = [];

  constructor(parts: ChosenSourcesParts) {
    this.#parts = parts;
  }

  place(sourceArn: string): SourcePlace | undefined {
    return placeOf(sourceArn, this.#parts.settings().eventSources);
  }

  queue(queueArn: string): QueueSource {
    const chosen = this.#chosen(queueArn);
    return chosen ? made(this.#queues, chosen.place.key, () => this.#queuesAt(chosen)) : this.#parts.embedded.queue(queueArn);
  }

  stream(streamArn: string): StreamSource {
    const chosen = this.#chosen(streamArn);
    const service = streamArn.split(':')[2] ?? '';
    return chosen ? made(this.#streams, `${service} ${chosen.place.key}`, () => this.#streamsAt(chosen, service)) : this.#parts.embedded.stream(streamArn);
  }

  /** Ends calls that are under way. */
  close(): void {
    for (const each of this.#open) each.close();
  }

  #chosen(sourceArn: string): ChosenSource | undefined {
    return choiceFor(sourceArn, this.#parts.settings().eventSources);
  }

  #queuesAt(chosen: ChosenSource): QueueSource {
    const { clock, changed, settings } = this.#parts;
    const client = this.#client<SqsOperations>(chosen, 'sqs', (clients, options) => clients.sqsClient(options));
    const queues = new RemoteQueues({
      client, clock, changed, newId: randomUUID, accountId: () => settings().accountId, ...(chosen.queueUrl === undefined ? {} : { queueUrl: chosen.queueUrl }),
    });
    this.#open.push(queues);
    return queues;
  }

  #streamsAt(chosen: ChosenSource, service: string): StreamSource {
    const { clock } = this.#parts;
    if (service === 'kinesis') {
      const client = this.#client<KinesisOperations>(chosen, 'kinesis', (clients, options) => clients.kinesisClient(options));
      return new RemoteStreams(clock, kinesisCalls({ client, target: (streamArn) => this.#streamTarget(chosen, streamArn) }));
    }
    if (service !== 'dynamodb') throw new UserError(`There are no streams of ${service} to poll.`);
    const client = this.#client<DynamoDbStreamsOperations>(chosen, 'streams.dynamodb', (clients, options) => clients.dynamodbStreamsClient(options));
    return new RemoteStreams(clock, dynamodbStreamsCalls({ client, ...(chosen.streamArn === undefined ? {} : { streamArn: chosen.streamArn }) }));
  }

  /** An ARN of this engine's own account stands for the stream of that name; on AWS another account's stream is named by its ARN. */
  #streamTarget({ place, streamArn }: ChosenSource, mapped: string): { StreamARN: string } | { StreamName: string } {
    const arn = streamArn ?? mapped;
    const own = streamArn === undefined && mapped.split(':')[4] === this.#parts.settings().accountId;
    return place.kind === 'aws' && !own ? { StreamARN: arn } : { StreamName: arn.slice(arn.indexOf('/') + 1) };
  }

  #client<O extends Operations>(chosen: ChosenSource, service: string, open: (clients: SourceClients, options: ClientOptions) => Promise<AwsClient<O>>): RemoteClient<O> {
    const { endpoint, profile, region } = chosen;
    const client = new RemoteClient<O>(async () => {
      if (!this.#parts.trusted()) throw new SourceUnavailable('The workspace is not trusted, so nothing is asked of it.', { kind: 'access', code: 'NotTrusted' });
      const clients = await import(sourceClientsEntry) as SourceClients;
      return open(clients, {
        region, endpoint: endpoint ?? awsEndpoint(service, region),
        credentials: () => (profile === undefined ? Promise.resolve(meaningless) : profileCredentials(profile, 'localLambda.eventSources')),
      });
    });
    this.#open.push(client);
    return client;
  }
}

/** Never what the environment or the user's files say: what is labelled AWS is AWS. */
function awsEndpoint(service: string, region: string): string {
  return `https://${service}.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}`;
}

function made<T>(known: Map<string, T>, key: string, make: () => T): T {
  let found = known.get(key);
  if (found === undefined) known.set(key, found = make());
  return found;
}
