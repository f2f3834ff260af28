/** Records of Kinesis streams, as a function gets them: members and their order as recorded (lambda-facts §3.4, §3.6). */
import type { StreamEventShape } from '../contracts/event-sources.ts';

export const kinesisEvents: StreamEventShape = {
  record({ json, sequenceNumber }, { streamArn, shardId, roleArn }) {
    return `{"kinesis":${json},"eventSource":"aws:kinesis","eventVersion":"1.0","eventID":"${shardId}:${sequenceNumber}","eventName":"aws:kinesis:record",`
      + `"invokeIdentityArn":${JSON.stringify(roleArn)},"awsRegion":"${streamArn.split(':')[3] ?? ''}","eventSourceARN":${JSON.stringify(streamArn)}}`;
  },
  batchInfo: 'KinesisBatchInfo',
  arrival: (at) => new Date(at).toISOString(),
};
