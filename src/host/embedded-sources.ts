/** The event sources of an engine, by the kind of their ARN. */
import type { EventSources, QueueSource, StreamSource } from '../contracts/event-sources.ts';
import { UserError } from '../contracts/faults.ts';

export interface EmbeddedSources {
  queues: () => QueueSource;
  kinesis?: () => StreamSource;
  dynamodb?: () => StreamSource;
}

export function embeddedSources({ queues, kinesis, dynamodb }: EmbeddedSources): EventSources {
  return {
    queue: () => queues(),
    stream: (streamArn) => {
      const [, , service] = streamArn.split(':');
      const source = service === 'kinesis' ? kinesis : service === 'dynamodb' ? dynamodb : undefined;
      if (!source) throw new UserError(`This engine has no ${service === 'dynamodb' ? 'DynamoDB streams' : 'Kinesis streams'}, so ${streamArn} cannot be polled.`);
      return source();
    },
    place: () => undefined,
  };
}
