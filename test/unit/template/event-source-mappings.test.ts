import assert from 'node:assert/strict';
import { samMapping, serverlessMapping } from '../../../src/template/event-source-mappings.ts';

const fn = 'arn:aws:lambda:us-east-1:123456789012:function:fn:live';
const stream = 'arn:aws:kinesis:us-east-1:123456789012:stream/s';

describe('event source mappings of templates', () => {
  it('SAM: Kinesis and DynamoDB events have CloudFormation\'s properties but for their source and the type of a destination', () => {
    const properties = {
      Stream: stream, StartingPosition: 'LATEST', BatchSize: 10, BisectBatchOnFunctionError: true, MaximumRetryAttempts: 3, TumblingWindowInSeconds: 60,
      DestinationConfig: { OnFailure: { Type: 'SQS', Destination: 'arn:aws:sqs:us-east-1:123456789012:d' } }, FilterCriteria: { Filters: [{ Pattern: '{}' }] },
    };
    for (const type of ['Kinesis', 'DynamoDB']) {
      const { Stream, DestinationConfig, ...same } = properties;
      assert.deepEqual(samMapping('FnEvent', fn, type, properties), {
        logicalId: 'FnEvent',
        properties: { ...same, FunctionName: fn, EventSourceArn: stream, DestinationConfig: { OnFailure: { Destination: 'arn:aws:sqs:us-east-1:123456789012:d' } } },
      });
    }
  });

  it('serverless.yml: stream begins at TRIM_HORIZON with batches of 10, as the framework has it', () => {
    assert.deepEqual(serverlessMapping('Job', 'stream', fn, stream).properties, { BatchSize: 10, StartingPosition: 'TRIM_HORIZON', FunctionName: fn, EventSourceArn: stream });
  });

  it('serverless.yml: every key of sqs and stream', () => {
    assert.deepEqual(serverlessMapping('Job', 'stream', fn, {
      type: 'kinesis', arn: stream, batchSize: 5, startingPosition: 'LATEST', enabled: false, maximumRetryAttempts: 2, bisectBatchOnFunctionError: true, maximumRecordAgeInSeconds: 120,
      parallelizationFactor: 3, batchWindow: 7, tumblingWindowInSeconds: 30, functionResponseType: 'ReportBatchItemFailures', filterPatterns: [{ a: [1] }], destinations: { onFailure: 'arn:x' },
    }).properties, {
      BatchSize: 5, StartingPosition: 'LATEST', Enabled: false, MaximumBatchingWindowInSeconds: 7, MaximumRetryAttempts: 2, BisectBatchOnFunctionError: true,
      MaximumRecordAgeInSeconds: 120, ParallelizationFactor: 3, TumblingWindowInSeconds: 30, FunctionName: fn, EventSourceArn: stream,
      FunctionResponseTypes: ['ReportBatchItemFailures'], FilterCriteria: { Filters: [{ Pattern: '{"a":[1]}' }] }, DestinationConfig: { OnFailure: { Destination: 'arn:x' } },
    });
    assert.deepEqual(serverlessMapping('Job', 'sqs', fn, { arn: 'arn:aws:sqs:us-east-1:123456789012:q', maximumBatchingWindow: 9, maximumConcurrency: 4 }).properties, {
      MaximumBatchingWindowInSeconds: 9, FunctionName: fn, EventSourceArn: 'arn:aws:sqs:us-east-1:123456789012:q', ScalingConfig: { MaximumConcurrency: 4 },
    });
  });
});
