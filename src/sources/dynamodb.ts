/** Records of DynamoDB streams, as a function gets them: members and their order as recorded (lambda-facts §3.5, §3.6). */
import type { StreamEventShape } from '../contracts/event-sources.ts';

export const dynamodbEvents: StreamEventShape = {
  record({ json }, { streamArn }) {
    return `${json.slice(0, json.lastIndexOf('}'))},"eventSourceARN":${JSON.stringify(streamArn)}}`;
  },
  batchInfo: 'DDBStreamBatchInfo',
  // Without milliseconds, other than Kinesis's.
  arrival: (at) => `${new Date(at).toISOString().slice(0, 19)}Z`,
};
