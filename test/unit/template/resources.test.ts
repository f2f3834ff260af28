import assert from 'node:assert/strict';
import { Fixture } from './fixture.ts';
import type { ReadModel } from './fixture.ts';

const header = "AWSTemplateFormatVersion: '2010-09-09'\n";
const queueArn = (name: string) => `arn:aws:sqs:eu-west-1:123456789012:${name}`;
const topicArn = (name: string) => `arn:aws:sns:eu-west-1:123456789012:${name}`;

/** `<kind> <name>` of every resource. */
function names(read: ReadModel): string[] {
  return read.model.resources.map(({ type, name }) => `${type.split('::')[2]} ${name}`);
}

function properties(read: ReadModel, name: string): Readonly<Record<string, unknown>> {
  const found = read.model.resources.find((each) => each.name === name);
  assert.ok(found, `${name} is one of ${names(read).join(', ')}`);
  return found.properties;
}

describe('resources of CloudFormation templates', () => {
  let workspace: Fixture;
  beforeEach(() => {
    workspace = new Fixture();
  });
  afterEach(() => workspace.dispose());

  const template = (resources: string, sections = '') => workspace.write({ 'template.yaml': `${header}${sections}Resources:\n${resources}` });

  it('queues with every property, numbers and flags as such, and where they stand', async () => {
    const read = await template(`  Jobs:
    Type: AWS::SQS::Queue
    Properties:
      QueueName: !Sub '\${Stage}-jobs.fifo'
      FifoQueue: 'true'
      ContentBasedDeduplication: true
      DeduplicationScope: messageGroup
      FifoThroughputLimit: perMessageGroupId
      DelaySeconds: '5'
      MaximumMessageSize: 2048
      MessageRetentionPeriod: !Ref Retention
      ReceiveMessageWaitTimeSeconds: 20
      VisibilityTimeout: 60
      RedrivePolicy: { deadLetterTargetArn: !GetAtt Dead.Arn, maxReceiveCount: 3 }
      Tags: [{ Key: team, Value: core }]
  Dead:
    Type: AWS::SQS::Queue
    Properties: { QueueName: dead.fifo, FifoQueue: true, RedriveAllowPolicy: '{"redrivePermission":"allowAll"}' }
  Plain: { Type: AWS::SQS::Queue }
`, 'Parameters: { Stage: { Type: String, Default: dev }, Retention: { Type: Number, Default: 3600 } }\n').read();
    assert.deepEqual(read.model.resources[0], {
      type: 'AWS::SQS::Queue',
      name: 'dev-jobs.fifo',
      arn: queueArn('dev-jobs.fifo'),
      policy: [],
      origin: { kind: 'cloudformation', logicalId: 'Jobs', folder: workspace.folder, location: { file: workspace.path('template.yaml'), line: 3, column: 2 } },
      properties: {
        QueueName: 'dev-jobs.fifo', FifoQueue: true, ContentBasedDeduplication: true, DeduplicationScope: 'messageGroup',
        FifoThroughputLimit: 'perMessageGroupId', DelaySeconds: 5, MaximumMessageSize: 2048, MessageRetentionPeriod: 3600,
        ReceiveMessageWaitTimeSeconds: 20, VisibilityTimeout: 60, RedrivePolicy: { deadLetterTargetArn: queueArn('dead.fifo'), maxReceiveCount: 3 },
        Tags: [{ Key: 'team', Value: 'core' }],
      },
    });
    assert.deepEqual(properties(read, 'dead.fifo')['RedriveAllowPolicy'], { redrivePermission: 'allowAll' });
    assert.match(read.model.resources[2]!.name, /-Plain-[A-Z0-9]{12}$/);
    assert.deepEqual(read.diagnostics, []);
  });

  it('topics, their inline subscriptions as resources of their own, and subscriptions with policies', async () => {
    const read = await template(`  Orders:
    Type: AWS::SNS::Topic
    Properties:
      TopicName: orders
      DisplayName: Orders
      Subscription:
        - { Protocol: sqs, Endpoint: !GetAtt Jobs.Arn }
        - { Protocol: lambda, Endpoint: 'arn:aws:lambda:eu-west-1:123456789012:function:nobody' }
        - { Protocol: sqs, Endpoint: !GetAtt Jobs.Arn }
  Jobs: { Type: AWS::SQS::Queue, Properties: { QueueName: jobs } }
  Dead: { Type: AWS::SQS::Queue, Properties: { QueueName: dead } }
  Large:
    Type: AWS::SNS::Subscription
    Properties:
      TopicArn: !Ref Orders
      Protocol: sqs
      Endpoint: !GetAtt Jobs.Arn
      RawMessageDelivery: 'true'
      FilterPolicyScope: MessageBody
      FilterPolicy: { total: [{ numeric: ['>=', 100.0] }], country: [PT, { prefix: E }] }
      RedrivePolicy: { deadLetterTargetArn: !GetAtt Dead.Arn }
`).read();
    assert.deepEqual(names(read).map((each) => each.replace(/[A-Z0-9]{12}$/, '#').replace(/ .*-(?=\w+-#)/, ' ')), [
      'Topic orders', 'Subscription OrdersSubscription-#', 'Subscription OrdersSubscription-#', 'Queue jobs', 'Queue dead', 'Subscription Large-#',
    ]);
    assert.equal(new Set(read.model.resources.map(({ name }) => name)).size, 6);
    assert.deepEqual(properties(read, 'orders'), { TopicName: 'orders', DisplayName: 'Orders' });
    assert.deepEqual(read.model.resources.map(({ arn }) => arn), [topicArn('orders'), '', '', queueArn('jobs'), queueArn('dead'), '']);
    assert.deepEqual(read.model.resources[1]!.properties, { TopicArn: topicArn('orders'), Protocol: 'sqs', Endpoint: queueArn('jobs') });
    assert.deepEqual(read.model.resources[1]!.origin.location?.line, 7);
    assert.deepEqual(read.model.resources[5]!.properties, {
      TopicArn: topicArn('orders'), Protocol: 'sqs', Endpoint: queueArn('jobs'), RawMessageDelivery: true, FilterPolicyScope: 'MessageBody',
      FilterPolicy: { total: [{ numeric: ['>=', 100] }], country: ['PT', { prefix: 'E' }] }, RedrivePolicy: { deadLetterTargetArn: queueArn('dead') },
    });
    assert.deepEqual(read.diagnostics, [
      'template.yaml:8 information The endpoint of this subscription is the function nobody, which no template declares here: declare it, or create it while the engine runs.',
    ]);
  });

  it('an inline subscription keeps its name when others come before it', async () => {
    const inline = (...endpoints: readonly string[]) => `  T: { Type: AWS::SNS::Topic, Properties: { Subscription: [${endpoints.map((each) => `{ Protocol: https, Endpoint: '${each}' }`).join(', ')}] } }\n`;
    const [, before] = names(await template(inline('https://127.0.0.1/a')).read());
    const [, , after] = names(await template(inline('https://127.0.0.1/b', 'https://127.0.0.1/a')).read());
    assert.equal(after, before);
  });

  it('Kinesis streams, and tables whose stream is on; what is out of range is left out and said', async () => {
    const read = await template(`  Clicks: { Type: AWS::Kinesis::Stream, Properties: { Name: clicks, ShardCount: '2', RetentionPeriodHours: 12, Tags: [{ Key: a, Value: b }] } }
  Demand: { Type: AWS::Kinesis::Stream, Properties: { Name: demand, StreamModeDetails: { StreamMode: ON_DEMAND } } }
  Wrong: { Type: AWS::Kinesis::Stream, Properties: { Name: 'not a name', ShardCount: 1 } }
  Orders:
    Type: AWS::DynamoDB::Table
    Properties:
      TableName: orders
      AttributeDefinitions: [{ AttributeName: id, AttributeType: S }, { AttributeName: at, AttributeType: N }]
      KeySchema: [{ AttributeName: id, KeyType: HASH }, { AttributeName: at, KeyType: RANGE }]
      StreamSpecification: { StreamViewType: NEW_AND_OLD_IMAGES }
  Quiet: { Type: AWS::DynamoDB::Table, Properties: { TableName: quiet, KeySchema: [{ AttributeName: id, KeyType: HASH }] } }
  Odd:
    Type: AWS::DynamoDB::Table
    Properties: { TableName: odd-one, KeySchema: [{ AttributeName: id, KeyType: RANGE }], StreamSpecification: { StreamViewType: EVERYTHING } }
`).read();
    assert.deepEqual(names(read), ['Stream clicks', 'Stream demand', 'Table orders']);
    assert.deepEqual(read.model.resources.map(({ arn }) => arn), [
      'arn:aws:kinesis:eu-west-1:123456789012:stream/clicks', 'arn:aws:kinesis:eu-west-1:123456789012:stream/demand', 'arn:aws:dynamodb:eu-west-1:123456789012:table/orders',
    ]);
    assert.deepEqual(properties(read, 'clicks'), { Name: 'clicks', ShardCount: 2, Tags: [{ Key: 'a', Value: 'b' }] });
    assert.deepEqual(properties(read, 'orders')['StreamSpecification'], { StreamViewType: 'NEW_AND_OLD_IMAGES' });
    assert.deepEqual(read.model.diagnostics.map(({ message }) => message).sort(), [
      'KeySchema must name a HASH key and at most one RANGE key after it, so this table is left out.',
      'Name must be 1 to 128 letters, digits, dots, hyphens and underscores, not "not a name", so this resource is left out.',
      'RetentionPeriodHours must be a whole number from 24 to 8760 hours, not 12, so it is left out.',
      'StreamViewType must be one of KEYS_ONLY, NEW_IMAGE, OLD_IMAGE, NEW_AND_OLD_IMAGES, so StreamSpecification is left out.',
    ]);
  });

  it('buses, rules with patterns, schedules and targets, schedules of EventBridge Scheduler, buckets', async () => {
    const read = await template(`  Bus: { Type: AWS::Events::EventBus, Properties: { Name: shop } }
  Jobs: { Type: AWS::SQS::Queue, Properties: { QueueName: jobs } }
  Placed:
    Type: AWS::Events::Rule
    Properties:
      Name: placed
      EventBusName: !Ref Bus
      State: DISABLED
      EventPattern: { source: [shop], detail: { total: [{ numeric: ['>', 0.50] }] } }
      Targets:
        - Id: queue
          Arn: !GetAtt Jobs.Arn
          InputTransformer: { InputPathsMap: { id: $.detail.id }, InputTemplate: '{"id": <id>}' }
          RetryPolicy: { MaximumRetryAttempts: '4', MaximumEventAgeInSeconds: 90 }
          DeadLetterConfig: { Arn: !GetAtt Jobs.Arn }
        - { Id: bus, Arn: !Sub 'arn:aws:events:\${AWS::Region}:\${AWS::AccountId}:event-bus/default', InputPath: $.detail }
  Nightly:
    Type: AWS::Events::Rule
    Properties: { ScheduleExpression: 'cron(0 3 * * ? *)', Targets: [{ Id: q, Arn: !GetAtt Jobs.Arn, Input: '{"a":1}' }] }
  Text: { Type: AWS::Events::Rule, Properties: { Name: text, EventPattern: '{"source":["x"]}' } }
  Reminder:
    Type: AWS::Scheduler::Schedule
    Properties:
      Name: reminder
      ScheduleExpression: at(2030-01-01T09:00:00)
      ScheduleExpressionTimezone: Europe/Lisbon
      FlexibleTimeWindow: { Mode: 'OFF' }
      Target: { Arn: !GetAtt Jobs.Arn, RoleArn: 'arn:aws:iam::123456789012:role/x', Input: hello }
  Files: { Type: AWS::S3::Bucket, Properties: { BucketName: !Sub 'files-\${AWS::AccountId}' } }
`).read();
    assert.deepEqual(names(read).map((each) => each.replace(/ .*-Nightly-[A-Z0-9]{12}$/, ' Nightly-#')), [
      'EventBus shop', 'Queue jobs', 'Rule placed', 'Rule Nightly-#', 'Rule text', 'Rule reminder', 'Bucket files-123456789012',
    ]);
    assert.deepEqual(read.model.resources.map(({ arn }) => arn.replace(/\/[^/]*Nightly.*/, '/#')), [
      'arn:aws:events:eu-west-1:123456789012:event-bus/shop', queueArn('jobs'), 'arn:aws:events:eu-west-1:123456789012:rule/shop/placed',
      'arn:aws:events:eu-west-1:123456789012:rule/#', 'arn:aws:events:eu-west-1:123456789012:rule/text',
      'arn:aws:events:eu-west-1:123456789012:rule/reminder', 'arn:aws:s3:::files-123456789012',
    ]);
    assert.deepEqual(properties(read, 'placed'), {
      Name: 'placed', EventBusName: 'shop', State: 'DISABLED', EventPattern: { source: ['shop'], detail: { total: [{ numeric: ['>', 0.5] }] } },
      Targets: [
        {
          Id: 'queue', Arn: queueArn('jobs'), InputTransformer: { InputPathsMap: { id: '$.detail.id' }, InputTemplate: '{"id": <id>}' },
          RetryPolicy: { MaximumRetryAttempts: 4, MaximumEventAgeInSeconds: 90 }, DeadLetterConfig: { Arn: queueArn('jobs') },
        },
        { Id: 'bus', Arn: 'arn:aws:events:eu-west-1:123456789012:event-bus/default', InputPath: '$.detail' },
      ],
    });
    assert.deepEqual(properties(read, 'text')['EventPattern'], { source: ['x'] });
    assert.deepEqual(properties(read, 'reminder'), {
      Name: 'reminder', ScheduleExpression: 'at(2030-01-01T09:00:00)', ScheduleExpressionTimezone: 'Europe/Lisbon', FlexibleTimeWindow: { Mode: 'OFF' },
      GroupName: 'default', Targets: [{ Id: 'Reminder', Arn: queueArn('jobs'), Input: 'hello' }],
    });
    assert.deepEqual(read.diagnostics, []);
  });

  it('conditions decide what is created and which properties it has', async () => {
    const conditional = (stage: string) => template(`  Always: { Type: AWS::SQS::Queue, Properties: { QueueName: always, DelaySeconds: !If [IsProd, 30, !Ref AWS::NoValue] } }
  Sometimes: { Type: AWS::SQS::Queue, Condition: IsProd, Properties: { QueueName: sometimes } }
`, 'Parameters: { Stage: { Type: String, Default: dev } }\nConditions: { IsProd: !Equals [!Ref Stage, prod] }\n').read({ parameterOverrides: { Stage: stage } });
    const dev = await conditional('dev');
    assert.deepEqual(names(dev), ['Queue always']);
    assert.deepEqual(properties(dev, 'always'), { QueueName: 'always' });
    const prod = await conditional('prod');
    assert.deepEqual(names(prod), ['Queue always', 'Queue sometimes']);
    assert.deepEqual(properties(prod, 'always'), { QueueName: 'always', DelaySeconds: 30 });
  });

  it('what AWS would refuse is reported on its line and left out', async () => {
    const read = await template(`  Long:
    Type: AWS::SQS::Queue
    Properties:
      QueueName: long
      DelaySeconds: 901
      VisibilityTimeout: soon
      FifoQueue: maybe
  Name: { Type: AWS::SQS::Queue, Properties: { QueueName: 'two words' } }
  Fifo: { Type: AWS::SQS::Queue, Properties: { QueueName: orders.fifo } }
  Standard: { Type: AWS::SNS::Topic, Properties: { TopicName: news, FifoTopic: true } }
  Redrive: { Type: AWS::SQS::Queue, Properties: { QueueName: redrive, RedrivePolicy: { deadLetterTargetArn: 'arn:aws:sns:eu-west-1:123456789012:x', maxReceiveCount: 1 } } }
  Count: { Type: AWS::SQS::Queue, Properties: { QueueName: count, RedrivePolicy: { deadLetterTargetArn: !GetAtt Long.Arn } } }
  Counts:
    Type: AWS::SQS::Queue
    Properties:
      QueueName: counts
      RedrivePolicy:
        deadLetterTargetArn: !GetAtt Long.Arn
        maxReceiveCount: 1001
  Odd: { Type: AWS::SQS::Queue, Properties: { QueueName: odd, RedrivePolicy: nope } }
  NoTopic: { Type: AWS::SNS::Subscription, Properties: { Protocol: sqs, Endpoint: !GetAtt Long.Arn } }
  Pigeon: { Type: AWS::SNS::Subscription, Properties: { TopicArn: !Sub 'arn:aws:sns:\${AWS::Region}:\${AWS::AccountId}:t', Protocol: pigeon, Endpoint: x } }
  Wrong: { Type: AWS::SNS::Subscription, Properties: { TopicArn: !Sub 'arn:aws:sns:\${AWS::Region}:\${AWS::AccountId}:t', Protocol: sqs, Endpoint: jobs } }
  Default: { Type: AWS::Events::EventBus, Properties: { Name: default } }
  Nothing: { Type: AWS::Events::Rule, Properties: { Name: nothing } }
  Clock: { Type: AWS::Events::Rule, Properties: { Name: clock, EventBusName: shop, ScheduleExpression: rate(1 hour) } }
  State: { Type: AWS::Events::Rule, Properties: { Name: state, State: 'ON', EventPattern: { source: [x] }, Targets: [{ Id: a }, { Id: b, Arn: !GetAtt Long.Arn, Input: { a: 1 } }] } }
  Upper: { Type: AWS::S3::Bucket, Properties: { BucketName: Upper } }
`).read();
    assert.deepEqual(names(read), ['Queue long', 'Queue redrive', 'Queue count', 'Queue counts', 'Queue odd', 'Rule state']);
    assert.deepEqual(properties(read, 'long'), { QueueName: 'long' });
    for (const name of ['redrive', 'count', 'counts', 'odd']) assert.deepEqual(properties(read, name), { QueueName: name });
    assert.deepEqual(properties(read, 'state'), { Name: 'state', EventPattern: { source: ['x'] }, Targets: [{ Id: 'b', Arn: queueArn('long') }] });
    const expected = [
      ':7 error DelaySeconds must be a whole number from 0 to 900 seconds, not 901, so it is left out.',
      ':8 error VisibilityTimeout must be a whole number from 0 to 43200 seconds, not soon, so it is left out.',
      ':9 error FifoQueue must be true or false, not maybe, so it is left out.',
      ':10 error QueueName must be 1 to 80 letters, digits, hyphens and underscores, not "two words", so this resource is left out.',
      ':11 error QueueName ends in .fifo, which wants FifoQueue: true, so this resource is left out.',
      ':12 error TopicName must end in .fifo because FifoTopic is true, so this resource is left out.',
      ':13 error deadLetterTargetArn must be the ARN of a queue, so RedrivePolicy is left out.',
      ':14 error RedrivePolicy must have maxReceiveCount, so it is left out.',
      ':21 error maxReceiveCount must be a whole number from 1 to 1000, not 1001, so it is left out.',
      ':22 error RedrivePolicy must be a JSON object, so it is left out.',
      ':23 error TopicArn must be the ARN of a topic, so this subscription is left out.',
      ':24 error Protocol must be one of sqs, lambda, http, https, email, email-json, sms, application, firehose, not "pigeon", so this subscription is left out.',
      ':25 error Endpoint of protocol sqs must be the ARN of a queue, so this subscription is left out.',
      ':26 error Name must be 1 to 256 letters, digits, dots, hyphens, slashes and underscores, and not default, not "default", so this resource is left out.',
      ':27 error A rule must have an EventPattern or a ScheduleExpression, so this one is left out.',
      ':28 error ScheduleExpression works on the default event bus only, so this rule is left out.',
      ':29 error State must be ENABLED or DISABLED, not ON, so it is left out.',
      ':29 error A target of a rule must have an Arn, so this one is left out.',
      ':29 error Input of a target must be text, so it is left out.',
      ':30 error BucketName must be 3 to 63 lower-case letters, digits, dots and hyphens, not "Upper", so this resource is left out.',
    ].map((each) => `template.yaml${each}`);
    assert.deepEqual([...read.diagnostics].sort(), [...expected].sort());
  });

  it('what only a deployment knows is said where it makes a resource unusable', async () => {
    const read = await template(`  Named: { Type: AWS::SQS::Queue, Properties: { QueueName: !Sub ['\${P}-jobs', { P: !ImportValue Prefix }] } }
  Dead: { Type: AWS::SQS::Queue, Properties: { QueueName: q, RedrivePolicy: { deadLetterTargetArn: !ImportValue Dead, maxReceiveCount: 2 } } }
  Sub: { Type: AWS::SNS::Subscription, Properties: { TopicArn: !ImportValue Topic, Protocol: sqs, Endpoint: !GetAtt Dead.Arn } }
  Rule: { Type: AWS::Events::Rule, Properties: { EventBusName: !ImportValue Bus, EventPattern: { source: [x] } } }
  Target: { Type: AWS::Events::Rule, Properties: { Name: t, EventPattern: { source: [x] }, Targets: [{ Id: a, Arn: !ImportValue Fn }] } }
  Fn:
    Type: AWS::Lambda::Function
    Properties: { Handler: index.handler, Runtime: nodejs22.x, Code: { ZipFile: x }, Environment: { Variables: { URL: !Ref Named } } }
`).read();
    assert.deepEqual(read.diagnostics.map((each) => each.replace(/\([^)]*\)/, '(…)')), [
      'template.yaml:3 information QueueName holds a value that is known to a deployment only (…), so another name is made up here.',
      'template.yaml:4 information deadLetterTargetArn ${ImportValue:Dead} is known to a deployment only, so what needs it is left out here.',
      'template.yaml:5 information TopicArn ${ImportValue:Topic} is known to a deployment only, so what needs it is left out here.',
      'template.yaml:6 information EventBusName ${ImportValue:Bus} is known to a deployment only, so this rule is left out here.',
      'template.yaml:7 information Arn ${ImportValue:Fn} is known to a deployment only, so what needs it is left out here.',
    ]);
    assert.match(read.model.resources[0]!.name, /-Named-[A-Z0-9]{12}$/);
    // The made-up name is the one that references give.
    assert.equal(read.environment('Fn')['URL'], `https://sqs.eu-west-1.amazonaws.com/123456789012/${read.model.resources[0]!.name}`);
    assert.deepEqual(properties(read, 'q'), { QueueName: 'q' });
    assert.deepEqual(properties(read, 't')['Targets'], []);
  });

  it('a name that is taken, in one file or in two, leaves the later one out', async () => {
    const queue = (id: string, name: string) => `  ${id}: { Type: AWS::SQS::Queue, Properties: { QueueName: ${name} } }\n`;
    const read = await workspace.write({
      'template.yaml': `${header}Resources:\n${queue('A', 'jobs')}${queue('B', 'jobs')}  Topic: { Type: AWS::SNS::Topic, Properties: { TopicName: jobs } }\n`,
      'svc/template.yaml': `${header}Resources:\n${queue('C', 'jobs')}${queue('D', 'other')}`,
    }).read();
    assert.deepEqual(names(read), ['Queue jobs', 'Topic jobs', 'Queue other']);
    assert.deepEqual(read.diagnostics, [
      'template.yaml:4 warning The name jobs is taken by the queue in template.yaml:3, so this queue is left out: give it another name.',
      'svc/template.yaml:3 warning The name jobs is taken by the queue in template.yaml:3, so this queue is left out: give it another name.',
    ]);
  });

  it('a file that is broken elsewhere still gives its resources, and no guesses about their targets', async () => {
    const read = await template(`  Jobs: { Type: AWS::SQS::Queue, Properties: { QueueName: jobs, RedrivePolicy: { deadLetterTargetArn: '${queueArn('gone')}', maxReceiveCount: 2 } } }\n  Bad: { Type: "open\n`).read();
    assert.ok(names(read).includes('Queue jobs'));
    assert.ok(read.diagnostics.every((each) => each.includes('YAML')), read.diagnostics.join('\n'));
  });

  it('CDK output', async () => {
    const stack = {
      Resources: {
        Queue4A7E3555: { Type: 'AWS::SQS::Queue', UpdateReplacePolicy: 'Delete', DeletionPolicy: 'Delete' },
        TopicBFC7AF6E: { Type: 'AWS::SNS::Topic' },
        Sub1: {
          Type: 'AWS::SNS::Subscription',
          Properties: { Endpoint: { 'Fn::GetAtt': ['Queue4A7E3555', 'Arn'] }, FilterPolicy: { size: [{ numeric: ['>', 5] }] }, Protocol: 'sqs', TopicArn: { Ref: 'TopicBFC7AF6E' } },
        },
        QueuePolicy25439813: { Type: 'AWS::SQS::QueuePolicy', Properties: { Queues: [{ Ref: 'Queue4A7E3555' }], PolicyDocument: { Statement: [] } } },
        Rule4C995B7F: {
          Type: 'AWS::Events::Rule',
          Properties: { EventPattern: { source: ['a'] }, State: 'ENABLED', Targets: [{ Arn: { 'Fn::GetAtt': ['Fn9270CBC0', 'Arn'] }, Id: 'Target0' }] },
        },
        Fn9270CBC0: { Type: 'AWS::Lambda::Function', Properties: { Code: { ZipFile: 'x' }, Handler: 'index.handler', Runtime: 'nodejs22.x' } },
        Fn9270CBC0EventInvokeConfig: {
          Type: 'AWS::Lambda::EventInvokeConfig',
          Properties: {
            FunctionName: { Ref: 'Fn9270CBC0' }, Qualifier: '$LATEST', MaximumRetryAttempts: 0,
            DestinationConfig: { OnFailure: { Destination: { 'Fn::GetAtt': ['Queue4A7E3555', 'Arn'] } } },
          },
        },
      },
    };
    const read = await workspace.write({ 'cdk.out/cdk.out': '{}', 'cdk.out/App.template.json': JSON.stringify(stack, null, 1) }).read();
    assert.deepEqual(read.model.resources.map(({ type, origin }) => `${type.split('::')[2]} ${origin.kind}`), ['Queue cdk', 'Topic cdk', 'Subscription cdk', 'Rule cdk']);
    const [queue, topic, subscription, rule] = read.model.resources;
    assert.match(queue!.name, /^App-Queue4A7E3555-[A-Z0-9]{12}$/);
    assert.deepEqual(subscription!.properties, { Endpoint: queue!.arn, FilterPolicy: { size: [{ numeric: ['>', 5] }] }, Protocol: 'sqs', TopicArn: topic!.arn });
    assert.deepEqual(rule!.properties['Targets'], [{ Arn: 'arn:aws:lambda:eu-west-1:123456789012:function:Fn9270CBC0', Id: 'Target0' }]);
    assert.deepEqual(read.function('Fn9270CBC0').eventInvokeConfigs, [{ qualifier: '$LATEST', maximumRetryAttempts: 0, onFailure: queue!.arn }]);
    assert.deepEqual(read.diagnostics, []);
  });
});
