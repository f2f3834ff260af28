/** What AWS would refuse of templates' event source mappings stands on its line (lambda-facts §3.1). */
import assert from 'node:assert/strict';
import { mappingDiagnostics } from '../../../src/host/mapping-diagnostics.ts';
import { Mappings } from '../lambda/mapping-harness.ts';
import { Fixture } from '../template/fixture.ts';

const made: { close(): Promise<void> | void }[] = [];

/** `line severity message` of what stands in a template, and the text that each is marked on. */
async function findings(text: string, name = 'template.yaml'): Promise<{ found: string[]; marked: string[]; left: string[] }> {
  const workspace = new Fixture();
  made.push({ close: () => workspace.dispose() });
  workspace.write({ [name]: text, 'src/app.js': 'exports.handler = async () => {};\n' });
  const model = await workspace.reader({ settings: { region: 'us-east-1' } }).read();
  const of = new Mappings();
  made.push(of);
  of.start([...model.functions]);
  const all = mappingDiagnostics(model, of.lambda.service.mappings).sort((one, other) => one.location.line - other.location.line);
  const lines = text.split('\n');
  return {
    found: all.map(({ location, severity, message }) => `${location.line + 1} ${severity} ${message}`),
    marked: all.map(({ location, end }) => lines[location.line]!.slice(location.column, end?.line === location.line ? end.column : undefined)),
    left: of.lambda.service.mappings.summaries().map(({ origin }) => origin?.logicalId ?? ''),
  };
}

const sam = (events: string, more = '') => `Transform: AWS::Serverless-2016-10-31
Resources:
  Jobs: { Type: AWS::SQS::Queue, Properties: { VisibilityTimeout: 20 } }
  Fifo: { Type: AWS::SQS::Queue, Properties: { FifoQueue: true, QueueName: f.fifo } }
  Clicks: { Type: AWS::Kinesis::Stream, Properties: { Name: clicks, ShardCount: 1 } }
  Worker:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: src
      Handler: app.handler
      Runtime: nodejs22.x
      Timeout: 10
      Events:
${events}
${more}`;
const refused = (text: string) => `AWS refuses this event source mapping: ${text} It is left out here.`;

describe('event source mappings that AWS would refuse', () => {
  afterEach(async () => {
    for (const each of made.splice(0)) await each.close();
  });

  it('stand on the property that is wrong, all of them, with AWS\'s texts', async () => {
    const { found, marked, left } = await findings(sam(`        Queue:
          Type: SQS
          Properties:
            Queue: !GetAtt Jobs.Arn
            BatchSize: 20000
            ScalingConfig: { MaximumConcurrency: 1 }
            FilterCriteria:
              Filters:
                - Pattern: '{"body":{"a":[1]}}'
                - Pattern: '{"body":{"a":1}}'
                - Pattern: '{"body":{"a":[{"numeric":["<"]}]}}'
        Fine:
          Type: SQS
          Properties: { Queue: !GetAtt Fifo.Arn }`));
    assert.deepEqual(found.slice(0, 2), [
      `18 error ${refused("1 validation error detected: Value '20000' at 'batchSize' failed to satisfy constraint: Member must have value less than or equal to 10000.")}`,
      `19 error ${refused("1 validation error detected: Value '1' at 'maximumConcurrency' failed to satisfy constraint: Member must have value greater than or equal to 2.")}`,
    ]);
    assert.match(found[2] ?? '', /^23 error AWS refuses this event source mapping: Invalid filter pattern definition\. "a" must be an object or an array/);
    assert.match(found[3] ?? '', /^24 error .*Invalid filter pattern definition\. Value of < must be numeric/);
    assert.deepEqual(marked.slice(0, 2), ['20000', '1']);
    assert.deepEqual(left, ['WorkerFine']);
  });

  it('a batch over 10 without a window, a window of a FIFO queue, a batch over 10 of a FIFO queue', async () => {
    const { found } = await findings(sam(`        Large:
          Type: SQS
          Properties: { Queue: !GetAtt Jobs.Arn, BatchSize: 11 }
        Window:
          Type: SQS
          Properties:
            Queue: !GetAtt Fifo.Arn
            BatchSize: 11
            MaximumBatchingWindowInSeconds: 5`));
    assert.deepEqual(found, [
      `16 error ${refused('Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10.')}`,
      `21 error ${refused('Batch size must be between 1 and 10 for FIFO queues.')}`,
      `22 error ${refused('Batching window is not supported for FIFO queues.')}`,
    ]);
  });

  it('a missing starting position, a destination that is none, a source that is none', async () => {
    const { found, marked } = await findings(sam(`        Stream:
          Type: Kinesis
          Properties:
            Stream: !GetAtt Clicks.Arn
            DestinationConfig: { OnFailure: { Destination: !GetAtt Fifo.Arn } }
            ParallelizationFactor: 11
        Bad:
          Type: SQS
          Properties: { Queue: jobs }`));
    assert.equal(found.length, 4);
    assert.equal(found[0], `14 error ${refused("1 validation error detected: Value null at 'startingPosition' failed to satisfy constraint: Member must not be null.")}`);
    assert.match(found[1] ?? '', /^18 error .*The provided destination config .*f\.fifo.* is invalid\. A FIFO queue or topic cannot be/);
    assert.match(found[2] ?? '', /^19 error .*parallelizationFactor.*less than or equal to 10/);
    assert.equal(found[3], `22 error ${refused('Unrecognized event source.')}`);
    assert.deepEqual([marked[0], marked[3]], ['Stream', 'jobs']);
  });

  it('a queue whose visibility timeout is shorter than the function\'s timeout is polled here all the same', async () => {
    const { found, marked, left } = await findings(sam(`        Queue:
          Type: SQS
          Properties: { Queue: !GetAtt Jobs.Arn }`).replace('Timeout: 10\n', 'Timeout: 60\n'));
    assert.deepEqual(found, ['16 error AWS refuses this event source mapping: Queue visibility timeout: 20 seconds is less than Function timeout: 60 seconds.']);
    assert.deepEqual([marked, left], [['Queue'], ['WorkerQueue']]);
  });

  it('AWS::Lambda::EventSourceMapping; AT_TIMESTAMP of a DynamoDB stream; a second mapping of the same source', async () => {
    const table = 'arn:aws:dynamodb:us-east-1:123456789012:table/t/stream/2026-01-01T00:00:00.000';
    const own = (name: string, properties: string) => `  ${name}:\n    Type: AWS::Lambda::EventSourceMapping\n    Properties:\n      FunctionName: !Ref Worker\n${properties}\n`;
    const { found, left } = await findings(sam('        Api: { Type: Api, Properties: { Path: /, Method: get } }', [
      own('Table', `      EventSourceArn: ${table}\n      StartingPosition: AT_TIMESTAMP`),
      own('One', '      EventSourceArn: !GetAtt Jobs.Arn'),
      own('Two', '      EventSourceArn: !GetAtt Jobs.Arn'),
      own('Kafka', '      EventSourceArn: arn:aws:kafka:us-east-1:123456789012:cluster/c/1'),
    ].join('')));
    assert.match(found.splice(1, 1)[0] ?? '', /^30 error .*The function has a mapping of arn:aws:sqs:\S+Jobs\S* already\./);
    assert.deepEqual(found, [
      `20 error ${refused(`Unsupported starting position for arn type: ${table}.`)}`,
      '35 information Local Lambda does not poll Amazon MSK yet: it polls SQS queues, Kinesis streams and DynamoDB streams. It is left out here.',
    ]);
    assert.deepEqual(left, ['One']);
  });

  it('serverless.yml: on the framework\'s own keys', async () => {
    const { found, marked } = await findings(`service: shop
provider: { name: aws, runtime: nodejs22.x, region: us-east-1 }
functions:
  worker:
    handler: src/app.handler
    events:
      - sqs:
          arn: arn:aws:sqs:us-east-1:123456789012:jobs
          batchSize: 0
          filterPatterns:
            - { body: [] }
`, 'serverless.yml');
    assert.deepEqual(found.map((each) => each.slice(0, 8)), ['9 error ', '11 error']);
    assert.match(found[1] ?? '', /Invalid filter pattern definition\. Empty arrays are not allowed/);
    assert.equal(marked[0], '0');
  });
});
