import assert from 'node:assert/strict';
import { samMapping, serverlessMapping } from '../../../src/template/event-source-mappings.ts';
import { Fixture, mappingsOf } from './fixture.ts';

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

  it('what only a deployment knows, what is not polled yet and what belongs to no function is said; the rest is read', async () => {
    const workspace = new Fixture();
    try {
      workspace.write({
        'src/app.js': 'exports.handler = async () => {};\n',
        'template.yaml': `Transform: AWS::Serverless-2016-10-31
Resources:
  Worker:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: src
      Handler: app.handler
      Runtime: nodejs22.x
      Events:
        Imported:
          Type: SQS
          Properties:
            Queue: !ImportValue TheQueue
        Sized:
          Type: SQS
          Properties:
            Queue: arn:aws:sqs:eu-west-1:123456789012:elsewhere
            BatchSize: !ImportValue Size
        Kafka:
          Type: MSK
          Properties: { Stream: arn:aws:kafka:eu-west-1:123456789012:cluster/c/1, StartingPosition: LATEST, Topics: [t] }
  Stray:
    Type: AWS::Lambda::EventSourceMapping
    Properties:
      FunctionName: somebody-elses
      EventSourceArn: arn:aws:sqs:eu-west-1:123456789012:elsewhere
`,
      });
      const read = await workspace.read();
      const worker = read.function('Worker');
      assert.deepEqual(mappingsOf(worker), [{ logicalId: 'WorkerSized', properties: { FunctionName: 'arn:aws:lambda:eu-west-1:123456789012:function:Worker', EventSourceArn: 'arn:aws:sqs:eu-west-1:123456789012:elsewhere' } }]);
      const places = worker.eventSourceMappings[0]?.places ?? {};
      assert.deepEqual(Object.entries(places).map(([path, { location }]) => [path, location.line + 1]), [['', 14], ['EventSourceArn', 17], ['BatchSize', 18]]);
      assert.deepEqual(read.diagnostics, [
        'template.yaml:13 information EventSourceArn ${ImportValue:TheQueue} is known to a deployment only, so this event source mapping is left out here.',
        'template.yaml:18 information BatchSize ${ImportValue:Size} is known to a deployment only, so its default holds here.',
        'template.yaml:20 information Local Lambda does not poll Amazon MSK yet, so this event invokes nothing here.',
        'template.yaml:25 information This event source mapping is for somebody-elses, which this template does not declare, so it is left out here.',
        'template.yaml:17 information The source of this event source mapping is the queue elsewhere, which no template declares here: declare it, or create it while the engine runs.',
      ]);
    } finally {
      workspace.dispose();
    }
  });
});
