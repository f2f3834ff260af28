import assert from 'node:assert/strict';
import { mappingsOf, Fixture } from './fixture.ts';

const header = "AWSTemplateFormatVersion: '2010-09-09'\nTransform: AWS::Serverless-2016-10-31\n";
const queueArn = (name: string) => `arn:aws:sqs:eu-west-1:123456789012:${name}`;
const topicArn = (name: string) => `arn:aws:sns:eu-west-1:123456789012:${name}`;
const functionArn = (name: string) => `arn:aws:lambda:eu-west-1:123456789012:function:${name}`;
const base = 'InlineCode: x, Handler: index.handler, Runtime: nodejs22.x';

describe('asynchronous invocation in SAM and CloudFormation', () => {
  let workspace: Fixture;
  beforeEach(() => {
    workspace = new Fixture();
  });
  afterEach(() => workspace.dispose());

  const sam = (resources: string, sections = '') => workspace.write({ 'template.yaml': `${header}${sections}Resources:\n${resources}` }).read();

  it('EventInvokeConfig of functions and Globals; every kind of destination', async () => {
    const read = await sam(`  Plain: { Type: AWS::Serverless::Function }
  Own:
    Type: AWS::Serverless::Function
    Properties:
      EventInvokeConfig:
        MaximumRetryAttempts: 0
        DestinationConfig:
          OnSuccess: { Type: Lambda, Destination: !GetAtt Plain.Arn }
          OnFailure: { Type: SNS, Destination: !Ref Topic }
  Bus:
    Type: AWS::Serverless::Function
    Properties:
      EventInvokeConfig:
        MaximumRetryAttempts: '2'
        DestinationConfig:
          OnSuccess: { Type: EventBridge, Destination: !Sub 'arn:aws:events:\${AWS::Region}:\${AWS::AccountId}:event-bus/default' }
          OnFailure: { Type: S3Bucket, Destination: !GetAtt Bucket.Arn }
  Topic: { Type: AWS::SNS::Topic, Properties: { TopicName: failures } }
  Queue: { Type: AWS::SQS::Queue, Properties: { QueueName: failures } }
  Bucket: { Type: AWS::S3::Bucket, Properties: { BucketName: failures } }
`, `Globals:
  Function:
    InlineCode: x
    Handler: index.handler
    Runtime: nodejs22.x
    EventInvokeConfig:
      MaximumEventAgeInSeconds: 60
      DestinationConfig: { OnFailure: { Type: SQS, Destination: !GetAtt Queue.Arn } }
`);
    assert.deepEqual(read.function('Plain').eventInvokeConfigs, [{ qualifier: '$LATEST', maximumEventAgeInSeconds: 60, onFailure: queueArn('failures') }]);
    assert.deepEqual(read.function('Own').eventInvokeConfigs, [
      { qualifier: '$LATEST', maximumRetryAttempts: 0, maximumEventAgeInSeconds: 60, onSuccess: functionArn('Plain'), onFailure: topicArn('failures') },
    ]);
    assert.deepEqual(read.function('Bus').eventInvokeConfigs, [{
      qualifier: '$LATEST', maximumRetryAttempts: 2, maximumEventAgeInSeconds: 60,
      onSuccess: 'arn:aws:events:eu-west-1:123456789012:event-bus/default', onFailure: 'arn:aws:s3:::failures',
    }]);
    assert.deepEqual(read.diagnostics, []);
  });

  it('a destination without an ARN: SAM makes the queue or topic, and references lead to it', async () => {
    const read = await sam(`  Worker:
    Type: AWS::Serverless::Function
    Properties:
      ${base.replaceAll(', ', '\n      ')}
      EventInvokeConfig:
        DestinationConfig:
          OnSuccess: { Type: SNS }
          OnFailure: { Type: SQS, Destination: !If [Never, 'arn:aws:sqs:eu-west-1:123456789012:x', !Ref AWS::NoValue] }
  Reader:
    Type: AWS::Serverless::Function
    Properties:
      ${base.replaceAll(', ', '\n      ')}
      Environment:
        Variables:
          URL: !Ref Worker.DestinationQueue
          ARN: !GetAtt Worker.DestinationQueue.Arn
          LONG: !GetAtt WorkerEventInvokeConfigOnFailureQueue.Arn
          SUB: !Sub '\${Worker.DestinationTopic}'
`, 'Conditions: { Never: !Equals [a, b] }\n');
    const [topic, queue] = read.model.resources;
    assert.deepEqual([topic!.type, queue!.type], ['AWS::SNS::Topic', 'AWS::SQS::Queue']);
    assert.match(queue!.name, /-WorkerEventInvokeConfigOnFailureQueue-[A-Z0-9]{12}$/);
    assert.deepEqual([topic!.origin.logicalId, topic!.origin.kind, topic!.origin.location?.line], ['WorkerEventInvokeConfigOnSuccessTopic', 'sam', 12]);
    assert.deepEqual(read.function('Worker').eventInvokeConfigs, [{ qualifier: '$LATEST', onSuccess: topic!.arn, onFailure: queue!.arn }]);
    assert.deepEqual(read.environment('Reader'), {
      URL: `https://sqs.eu-west-1.amazonaws.com/123456789012/${queue!.name}`, ARN: queue!.arn, LONG: queue!.arn, SUB: topic!.arn,
    });
    assert.deepEqual(read.diagnostics, []);
  });

  it('with AutoPublishAlias the config is the alias’s; AWS::Lambda::EventInvokeConfig names its qualifier', async () => {
    const read = await sam(`  Live: { Type: AWS::Serverless::Function, Properties: { ${base}, AutoPublishAlias: live, EventInvokeConfig: { MaximumRetryAttempts: 1 } } }
  Latest:
    Type: AWS::Lambda::EventInvokeConfig
    Properties: { FunctionName: !Ref Live, Qualifier: $LATEST, MaximumEventAgeInSeconds: 21600, DestinationConfig: { OnSuccess: { Destination: !GetAtt Queue.Arn } } }
  One: { Type: AWS::Lambda::Version, Properties: { FunctionName: !Ref Live } }
  Versioned: { Type: AWS::Lambda::EventInvokeConfig, Properties: { FunctionName: !GetAtt Live.Arn, Qualifier: !GetAtt One.Version, MaximumRetryAttempts: 0 } }
  Again: { Type: AWS::Lambda::EventInvokeConfig, Properties: { FunctionName: Live, Qualifier: live, MaximumRetryAttempts: 2 } }
  Stray: { Type: AWS::Lambda::EventInvokeConfig, Properties: { FunctionName: elsewhere, Qualifier: $LATEST, MaximumRetryAttempts: 2 } }
  Queue: { Type: AWS::SQS::Queue, Properties: { QueueName: done } }
`);
    assert.deepEqual(read.function('Live').eventInvokeConfigs, [
      { qualifier: 'live', maximumRetryAttempts: 1 },
      { qualifier: '$LATEST', maximumEventAgeInSeconds: 21_600, onSuccess: queueArn('done') },
      { qualifier: '1', maximumRetryAttempts: 0 },
    ]);
    assert.deepEqual(read.diagnostics, [
      'template.yaml:4 error live of this function has an EventInvokeConfig already, so this one is left out: AWS allows one for each version or alias.',
      'template.yaml:11 information This config is for elsewhere, which this template does not declare, so it is left out here.',
    ]);
  });

  it('lambda-facts §2.1, §2.2: ranges; FIFO and foreign targets, the function itself and buckets for success are refused', async () => {
    const read = await sam(`  Ranges:
    Type: AWS::Serverless::Function
    Properties:
      ${base.replaceAll(', ', '\n      ')}
      EventInvokeConfig:
        MaximumRetryAttempts: 3
        MaximumEventAgeInSeconds: 59
  Refused:
    Type: AWS::Serverless::Function
    Properties:
      ${base.replaceAll(', ', '\n      ')}
      EventInvokeConfig:
        DestinationConfig:
          OnSuccess:
            Type: Lambda
            Destination: !Sub 'arn:aws:lambda:\${AWS::Region}:\${AWS::AccountId}:function:Refused'
          OnFailure:
            Type: SQS
            Destination: !GetAtt Fifo.Arn
      DeadLetterQueue:
        Type: SNS
        TargetArn: arn:aws:sns:eu-west-1:123456789012:x.fifo
  Success: { Type: AWS::Serverless::Function, Properties: { ${base}, EventInvokeConfig: { DestinationConfig: { OnSuccess: { Type: S3Bucket, Destination: 'arn:aws:s3:::b' } } } } }
  Kinds: { Type: AWS::Serverless::Function, Properties: { ${base}, DeadLetterQueue: { Type: SQS, TargetArn: 'arn:aws:lambda:eu-west-1:123456789012:function:f' } } }
  Missing: { Type: AWS::Serverless::Function, Properties: { ${base}, EventInvokeConfig: { DestinationConfig: { OnSuccess: { Type: Lambda }, OnFailure: { Type: Pigeon, Destination: hello } } } } }
  Symbolic: { Type: AWS::Serverless::Function, Properties: { ${base}, EventInvokeConfig: { DestinationConfig: { OnFailure: { Type: SQS, Destination: !ImportValue Q } } } } }
  Fifo: { Type: AWS::SQS::Queue, Properties: { QueueName: jobs.fifo, FifoQueue: true } }
`);
    for (const { eventInvokeConfigs, configuration } of read.model.functions) {
      assert.deepEqual(eventInvokeConfigs, []);
      assert.equal(configuration.deadLetterTargetArn, undefined);
    }
    assert.deepEqual(read.diagnostics, [
      ':11 error MaximumRetryAttempts must be a whole number from 0 to 2, not 3, so it is left out.',
      ':12 error MaximumEventAgeInSeconds must be a whole number from 60 to 21600 seconds, not 59, so it is left out.',
      ':23 error The on-success destination is the function itself, which AWS refuses, so it is left out.',
      ':26 error The on-failure destination is the FIFO queue jobs.fifo, which AWS refuses here, so it is left out: name a standard one.',
      ':29 error The dead-letter queue is the FIFO topic x.fifo, which AWS refuses here, so it is left out: name a standard one.',
      ':30 error The on-success destination must be an SQS queue, SNS topic, Lambda function or EventBridge bus, not arn:aws:s3:::b, so it is left out.',
      ':31 error The dead-letter queue must be an SQS queue or SNS topic, not arn:aws:lambda:eu-west-1:123456789012:function:f, so it is left out.',
      ':32 error A destination must have a Destination unless its Type is SQS or SNS, so it is left out.',
      ':32 error Type of a destination must be one of SQS, SNS, EventBridge, Lambda, S3Bucket, not Pigeon.',
      ':32 error The on-failure destination must be an ARN, not hello, so it is left out.',
      ':33 information The on-failure destination ${ImportValue:Q} is known to a deployment only, so it is left out here.',
    ].map((each) => `template.yaml${each}`));
  });

  it('targets that no template declares are information; other accounts and regions too', async () => {
    const destination = (type: string, arn: string) => `{ ${base}, EventInvokeConfig: { DestinationConfig: { OnFailure: { Type: ${type}, Destination: '${arn}' } } } }`;
    const read = await sam(`  A: { Type: AWS::Serverless::Function, Properties: ${destination('SQS', queueArn('nowhere'))} }
  B: { Type: AWS::Serverless::Function, Properties: ${destination('SNS', 'arn:aws:sns:us-east-1:999999999999:far')} }
  C: { Type: AWS::Serverless::Function, Properties: ${destination('Lambda', `${functionArn('A')}:live`)} }
  D: { Type: AWS::Serverless::Function, Properties: ${destination('EventBridge', 'arn:aws:events:eu-west-1:123456789012:event-bus/shop')} }
`);
    assert.equal(read.function('A').eventInvokeConfigs[0]?.onFailure, queueArn('nowhere'));
    assert.deepEqual(read.diagnostics, [
      'template.yaml:4 information The on-failure destination is the queue nowhere, which no template declares here: declare it, or create it while the engine runs.',
      'template.yaml:5 information The on-failure destination is arn:aws:sns:us-east-1:999999999999:far, in another account or region than 123456789012 in eu-west-1, which is all that is here.',
      'template.yaml:7 information The on-failure destination is the bus shop, which no template declares here: declare it, or create it while the engine runs.',
    ]);
  });

  it('a destination that leads back to itself is a circle, not the end', async () => {
    const read = await sam(`  F: { Type: AWS::Serverless::Function, Properties: { ${base}, AutoPublishAlias: !Ref F.Alias, EventInvokeConfig: { DestinationConfig: { OnSuccess: { Type: SQS, Destination: !Ref F.DestinationQueue } } } } }\n`);
    assert.match(read.diagnostics.join('\n'), /yaml:4 error Circular reference: reference F\.DestinationQueue → reference F\.DestinationQueue/);
    assert.match(read.diagnostics.join('\n'), /yaml:4 error Circular reference: reference F\.Alias → reference F\.Alias/);
  });

  it('SNS events become subscriptions, through a queue where SqsSubscription says so', async () => {
    const read = await sam(`  Topic: { Type: AWS::SNS::Topic, Properties: { TopicName: orders } }
  Mine: { Type: AWS::SQS::Queue, Properties: { QueueName: mine } }
  Dead: { Type: AWS::SQS::Queue, Properties: { QueueName: dead } }
  Worker:
    Type: AWS::Serverless::Function
    Properties:
      ${base.replaceAll(', ', '\n      ')}
      AutoPublishAlias: live
      Events:
        Direct:
          Type: SNS
          Properties:
            Topic: !Ref Topic
            FilterPolicyScope: MessageBody
            FilterPolicy: { total: [{ numeric: ['>', 99.90] }] }
            RedrivePolicy: { deadLetterTargetArn: !GetAtt Dead.Arn }
            Region: eu-west-1
        Queued: { Type: SNS, Properties: { Topic: !Ref Topic, SqsSubscription: true } }
        Own: { Type: SNS, Properties: { Topic: !Ref Topic, SqsSubscription: { QueueArn: !GetAtt Mine.Arn, QueueUrl: !Ref Mine, BatchSize: 3, Enabled: false } } }
        Nowhere: { Type: SNS, Properties: { Topic: !ImportValue Topic } }
        Poll: { Type: SQS, Properties: { Queue: !GetAtt Mine.Arn, BatchSize: 5 } }
  Reader: { Type: AWS::Serverless::Function, Properties: { ${base}, Environment: { Variables: { ARN: !GetAtt WorkerQueuedQueue.Arn } } } }
`);
    const made = read.model.resources.slice(3);
    const queue = made.find(({ type }) => type === 'AWS::SQS::Queue')!;
    const live = `${functionArn('Worker')}:live`;
    assert.deepEqual(made.map(({ origin, properties, arn }) => ({ at: `${origin.logicalId}:${origin.location!.line + 1}`, ...(arn === '' ? properties : {}) })), [
      {
        at: 'WorkerDirect:15', TopicArn: topicArn('orders'), Protocol: 'lambda', Endpoint: live, Region: 'eu-west-1', FilterPolicyScope: 'MessageBody',
        FilterPolicy: { total: [{ numeric: ['>', 99.9] }] }, RedrivePolicy: { deadLetterTargetArn: queueArn('dead') },
      },
      { at: 'WorkerQueuedQueue:23' },
      { at: 'WorkerQueued:23', TopicArn: topicArn('orders'), Protocol: 'sqs', Endpoint: queue.arn },
      { at: 'WorkerOwn:24', TopicArn: topicArn('orders'), Protocol: 'sqs', Endpoint: queueArn('mine') },
    ]);
    assert.equal(read.environment('Reader')['ARN'], queue.arn);
    assert.deepEqual(read.function('Worker').rest, { AutoPublishAlias: 'live' });
    assert.deepEqual([...mappingsOf(read.function('Worker'))].sort((a, b) => (a.logicalId < b.logicalId ? -1 : 1)), [
      { logicalId: 'WorkerOwnEventSourceMapping', properties: { FunctionName: live, EventSourceArn: queueArn('mine'), BatchSize: 3, Enabled: false } },
      { logicalId: 'WorkerPoll', properties: { FunctionName: live, EventSourceArn: queueArn('mine'), BatchSize: 5 } },
      { logicalId: 'WorkerQueuedEventSourceMapping', properties: { FunctionName: live, EventSourceArn: queue.arn, BatchSize: 10, Enabled: true } },
    ]);
    assert.deepEqual(read.diagnostics, ['template.yaml:25 information TopicArn ${ImportValue:Topic} is known to a deployment only, so what needs it is left out here.']);
  });

  it('EventBridgeRule, CloudWatchEvent, Schedule and ScheduleV2 become rules', async () => {
    const read = await sam(`  Bus: { Type: AWS::Events::EventBus, Properties: { Name: shop } }
  Dead: { Type: AWS::SQS::Queue, Properties: { QueueName: dead } }
  Worker:
    Type: AWS::Serverless::Function
    Properties:
      ${base.replaceAll(', ', '\n      ')}
      Events:
        Placed:
          Type: EventBridgeRule
          Properties:
            RuleName: placed
            EventBusName: !Ref Bus
            Pattern: { source: [shop], detail: { total: [{ numeric: ['>=', 10] }] } }
            State: DISABLED
            InputTransformer: { InputPathsMap: { id: $.detail.id }, InputTemplate: '"<id>"' }
            RetryPolicy: { MaximumRetryAttempts: 1 }
            DeadLetterConfig: { Arn: !GetAtt Dead.Arn }
            Target: { Id: mine }
        Old: { Type: CloudWatchEvent, Properties: { Pattern: { source: [aws.ec2] }, Enabled: false, InputPath: $.detail, DeadLetterConfig: { Type: SQS } } }
        Hourly: { Type: Schedule, Properties: { Schedule: rate(1 hour), Name: hourly, Description: Every hour, Enabled: true, Input: '{"a":1}' } }
        Daily: { Type: ScheduleV2, Properties: { ScheduleExpression: cron(0 3 * * ? *), ScheduleExpressionTimezone: Europe/Lisbon, DeadLetterConfig: { Type: SQS, QueueLogicalId: DailyDead } } }
        Late: { Type: Schedule, Properties: { Schedule: rate(2 hours), DeadLetterConfig: { Type: SNS } } }
  Reader: { Type: AWS::Serverless::Function, Properties: { ${base}, Environment: { Variables: { RULE: !Ref WorkerPlaced, ARN: !GetAtt WorkerHourly.Arn, OLD: !GetAtt WorkerOldQueue.Arn, DEAD: !GetAtt DailyDead.Arn } } } }
`);
    const rules = Object.fromEntries(read.model.resources.filter(({ type }) => type === 'AWS::Events::Rule').map((each) => [each.origin.logicalId!, each]));
    const Arn = functionArn('Worker');
    assert.deepEqual(rules['WorkerPlaced']!.properties, {
      Name: 'placed', EventBusName: 'shop', EventPattern: { source: ['shop'], detail: { total: [{ numeric: ['>=', 10] }] } }, State: 'DISABLED',
      Targets: [{
        Arn, Id: 'mine', InputTransformer: { InputPathsMap: { id: '$.detail.id' }, InputTemplate: '"<id>"' }, RetryPolicy: { MaximumRetryAttempts: 1 },
        DeadLetterConfig: { Arn: queueArn('dead') },
      }],
    });
    const made = (logicalId: string) => read.model.resources.find(({ origin }) => origin.logicalId === logicalId)!.arn;
    assert.deepEqual(rules['WorkerOld']!.properties, {
      EventPattern: { source: ['aws.ec2'] }, State: 'DISABLED',
      Targets: [{ Arn, Id: 'WorkerOldLambdaTarget', InputPath: '$.detail', DeadLetterConfig: { Arn: made('WorkerOldQueue') } }],
    });
    assert.deepEqual(rules['WorkerHourly']!.properties, {
      Name: 'hourly', Description: 'Every hour', ScheduleExpression: 'rate(1 hour)', State: 'ENABLED', Targets: [{ Arn, Id: 'WorkerHourlyLambdaTarget', Input: '{"a":1}' }],
    });
    assert.deepEqual(rules['WorkerDaily']!.properties, {
      Name: 'WorkerDaily', ScheduleExpression: 'cron(0 3 * * ? *)', GroupName: 'default', ScheduleExpressionTimezone: 'Europe/Lisbon',
      Targets: [{ Arn, Id: 'WorkerDailyLambdaTarget', DeadLetterConfig: { Arn: made('DailyDead') } }],
    });
    assert.deepEqual(read.environment('Reader'), {
      RULE: 'shop|placed', ARN: rules['WorkerHourly']!.arn, OLD: made('WorkerOldQueue'), DEAD: made('DailyDead'),
    });
    assert.equal(read.function('Worker').rest['Events'], undefined);
    assert.deepEqual(read.diagnostics, ['template.yaml:27 error DeadLetterConfig must have an Arn, or Type: SQS to have a queue made, so it is left out.']);
  });
});

describe('asynchronous invocation in serverless.yml and functions.json', () => {
  let workspace: Fixture;
  beforeEach(() => {
    workspace = new Fixture();
  });
  afterEach(() => workspace.dispose());

  it('destinations as function name, ARN and object; retries and age; dead letters of the framework and of the plugin', async () => {
    const read = await workspace.write({
      'app.js': '',
      'serverless.yml': `service: shop
provider: { name: aws, runtime: nodejs22.x }
functions:
  place:
    handler: app.handler
    maximumRetryAttempts: 0
    maximumEventAge: 7200
    destinations:
      onSuccess: confirm
      onFailure: { type: sqs, arn: !GetAtt Failed.Arn }
    onError: !Ref Topic
  confirm:
    handler: app.handler
    maximumRetryAttempts: 5
    maximumEventAge: 21601
    destinations: { onSuccess: 'arn:aws:events:eu-west-1:123456789012:event-bus/default', onFailure: shop-dev-confirm }
    deadLetter: { sqs: confirm-dead }
  named: { handler: app.handler, deadLetter: { sqs: { queueName: named-dead, delaySeconds: 60, visibilityTimeout: 300 } } }
  topic: { handler: app.handler, deadLetter: { sns: topic-dead } }
  existing: { handler: app.handler, deadLetter: { targetArn: { GetResourceArn: Failed } } }
  none: { handler: app.handler, deadLetter: { targetArn: } }
resources:
  Resources:
    Failed: { Type: AWS::SQS::Queue, Properties: { QueueName: failed } }
    Topic: { Type: AWS::SNS::Topic, Properties: { TopicName: dead } }
`,
    }).read();
    const deadLetters = (key: string) => read.function(`shop-dev-${key}`).configuration.deadLetterTargetArn;
    assert.deepEqual(read.function('shop-dev-place').eventInvokeConfigs, [{
      qualifier: '$LATEST', maximumRetryAttempts: 0, maximumEventAgeInSeconds: 7200, onSuccess: functionArn('shop-dev-confirm'), onFailure: queueArn('failed'),
    }]);
    assert.deepEqual(read.function('shop-dev-confirm').eventInvokeConfigs, [{ qualifier: '$LATEST', onSuccess: 'arn:aws:events:eu-west-1:123456789012:event-bus/default' }]);
    assert.deepEqual(['place', 'confirm', 'named', 'topic', 'existing', 'none'].map(deadLetters), [
      topicArn('dead'), queueArn('confirm-dead'), queueArn('named-dead'), topicArn('topic-dead'), queueArn('failed'), undefined,
    ]);
    assert.deepEqual(read.model.resources.map(({ name, origin }) => `${name} ${origin.kind}:${origin.location!.line + 1}`), [
      'confirm-dead serverless:17', 'named-dead serverless:18', 'topic-dead serverless:19', 'failed serverless:24', 'dead serverless:25',
    ]);
    assert.deepEqual(read.model.resources[1]!.properties, { QueueName: 'named-dead', DelaySeconds: 60, VisibilityTimeout: 300 });
    assert.deepEqual(read.diagnostics, [
      'serverless.yml:14 error MaximumRetryAttempts must be a whole number from 0 to 2, not 5, so it is left out.',
      'serverless.yml:15 error MaximumEventAgeInSeconds must be a whole number from 60 to 21600 seconds, not 21601, so it is left out.',
      'serverless.yml:16 error The on-failure destination is the function itself, which AWS refuses, so it is left out.',
    ]);
  });

  it('events: topics, buses, rules and schedules', async () => {
    const read = await workspace.write({
      'app.js': '',
      'serverless.yml': `service: shop
provider: { name: aws, runtime: nodejs22.x }
functions:
  listen:
    handler: app.handler
    events:
      - sns: dispatch
      - sns:
          topicName: large-orders
          displayName: Large orders
          filterPolicyScope: MessageBody
          filterPolicy: { total: [{ numeric: ['>', 100] }] }
          redrivePolicy: { deadLetterTargetRef: Dead }
      - sns: { arn: !Ref Own, topicName: own, redrivePolicy: { deadLetterTargetArn: 'arn:aws:sqs:eu-west-1:123456789012:dead' } }
      - eventBridge:
          eventBus: shop-events
          pattern: { source: [shop], detail: { total: [{ numeric: ['>', 1.50] }] } }
          input: { fixed: true }
          retryPolicy: { maximumEventAge: 3600, maximumRetryAttempts: 3 }
          deadLetterQueueArn: !GetAtt Dead.Arn
      - eventBridge: { name: tick, schedule: rate(10 minutes), enabled: false, inputTransformer: { inputPathsMap: { a: $.b }, inputTemplate: '<a>' } }
      - eventBridge: { eventBus: !Ref Bus, pattern: { source: [other] } }
      - schedule: rate(1 day)
      - schedule: { rate: [cron(0 1 * * ? *), rate(2 hours)], enabled: false, input: { key: value }, description: Twice }
      - schedule: { rate: rate(3 hours), name: three, method: scheduler, timezone: Europe/Lisbon, inputPath: $.x }
      - httpApi: '*'
  also: { handler: app.handler, events: [{ sns: dispatch }] }
resources:
  Resources:
    Dead: { Type: AWS::SQS::Queue, Properties: { QueueName: dead } }
    Own: { Type: AWS::SNS::Topic, Properties: { TopicName: own } }
    Bus: { Type: AWS::Events::EventBus, Properties: { Name: bus } }
    Named: { Type: AWS::SSM::Parameter, Properties: { Name: topic, Type: String, Value: !Ref SNSTopicDispatch } }
`,
    }).read();
    const Arn = functionArn('shop-dev-listen');
    const of = (type: string) => read.model.resources.filter((each) => each.type === type);
    assert.deepEqual(of('AWS::SNS::Topic').map(({ properties }) => properties), [
      { TopicName: 'dispatch' }, { TopicName: 'large-orders', DisplayName: 'Large orders' }, { TopicName: 'own' },
    ]);
    assert.deepEqual(of('AWS::Events::EventBus').map(({ name }) => name), ['shop-events', 'bus']);
    const lambda = { Protocol: 'lambda', Endpoint: Arn };
    const RedrivePolicy = { deadLetterTargetArn: queueArn('dead') };
    assert.deepEqual(of('AWS::SNS::Subscription').map(({ properties, origin }) => ({ id: origin.logicalId, ...properties })), [
      { id: 'ListenSnsSubscriptionDispatch', TopicArn: topicArn('dispatch'), ...lambda },
      {
        id: 'ListenSnsSubscriptionLargeorders', TopicArn: topicArn('large-orders'), ...lambda, FilterPolicy: { total: [{ numeric: ['>', 100] }] },
        FilterPolicyScope: 'MessageBody', RedrivePolicy,
      },
      { id: 'ListenSnsSubscriptionOwn', TopicArn: topicArn('own'), ...lambda, RedrivePolicy },
      { id: 'AlsoSnsSubscriptionDispatch', TopicArn: topicArn('dispatch'), Protocol: 'lambda', Endpoint: functionArn('shop-dev-also') },
    ]);
    const rules = of('AWS::Events::Rule').map(({ properties, name }) => ({ ...properties, Name: name.replace(/^shop-dev-Listen(.*)-[A-Z0-9]{12}$/, '$1') }));
    assert.deepEqual(rules, [
      {
        Name: 'shop-dev-listen-rule-4', EventBusName: 'shop-events', EventPattern: { source: ['shop'], detail: { total: [{ numeric: ['>', 1.5] }] } }, State: 'ENABLED',
        Targets: [{
          Arn, Id: 'shop-dev-listen-rule-4-target', Input: '{"fixed":true}', RetryPolicy: { MaximumEventAgeInSeconds: 3600, MaximumRetryAttempts: 3 },
          DeadLetterConfig: { Arn: queueArn('dead') },
        }],
      },
      {
        Name: 'tick', ScheduleExpression: 'rate(10 minutes)', State: 'DISABLED',
        Targets: [{ Arn, Id: 'shop-dev-listen-rule-5-target', InputTransformer: { InputPathsMap: { a: '$.b' }, InputTemplate: '<a>' } }],
      },
      { Name: 'shop-dev-listen-rule-6', EventBusName: 'bus', EventPattern: { source: ['other'] }, State: 'ENABLED', Targets: [{ Arn, Id: 'shop-dev-listen-rule-6-target' }] },
      { Name: 'EventsRuleSchedule1', ScheduleExpression: 'rate(1 day)', State: 'ENABLED', Targets: [{ Arn, Id: 'listenSchedule' }] },
      { Name: 'EventsRuleSchedule2', Description: 'Twice', ScheduleExpression: 'cron(0 1 * * ? *)', State: 'DISABLED', Targets: [{ Arn, Id: 'listenSchedule', Input: '{"key":"value"}' }] },
      { Name: 'EventsRuleSchedule3', Description: 'Twice', ScheduleExpression: 'rate(2 hours)', State: 'DISABLED', Targets: [{ Arn, Id: 'listenSchedule', Input: '{"key":"value"}' }] },
      {
        Name: 'three', ScheduleExpression: 'rate(3 hours)', State: 'ENABLED', GroupName: 'default', ScheduleExpressionTimezone: 'Europe/Lisbon',
        Targets: [{ Arn, Id: 'listenSchedule', InputPath: '$.x' }],
      },
    ]);
    assert.deepEqual(read.function('shop-dev-listen').rest, { Serverless: { events: [{ httpApi: '*' }] } });
    assert.deepEqual(read.function('shop-dev-also').rest, {});
    assert.deepEqual(read.diagnostics, []);
  });

  it('functions.json: eventInvokeConfig and deadLetterTargetArn', async () => {
    const read = await workspace.write({
      'app.js': '',
      'template.yaml': `${header}Resources: { Dead: { Type: AWS::SQS::Queue, Properties: { QueueName: dead } } }\n`,
      '.local-lambda/functions.json': `{ "functions": {
  "first": {
    "handler": "app.handler", "runtime": "nodejs22.x", "deadLetterTargetArn": "${queueArn('dead')}",
    "eventInvokeConfig": { "maximumRetryAttempts": 1, "maximumEventAgeInSeconds": 60, "onSuccess": "second", "onFailure": "${queueArn('dead')}" }
  },
  "second": {
    "handler": "app.handler", "runtime": "nodejs22.x", "deadLetterTargetArn": "dead",
    "eventInvokeConfig": {
      "maximumRetryAttempts": -1,
      "onFailure": "second"
    }
  }
} }`,
    }).read();
    const { configuration, eventInvokeConfigs } = read.function('first');
    assert.equal(configuration.deadLetterTargetArn, queueArn('dead'));
    assert.deepEqual(eventInvokeConfigs, [{ qualifier: '$LATEST', maximumRetryAttempts: 1, maximumEventAgeInSeconds: 60, onSuccess: functionArn('second'), onFailure: queueArn('dead') }]);
    assert.deepEqual(read.function('second').eventInvokeConfigs, []);
    assert.deepEqual(read.diagnostics, [
      ':7 error The dead-letter queue must be an ARN, not dead, so it is left out.',
      ':9 error MaximumRetryAttempts must be a whole number from 0 to 2, not -1, so it is left out.',
      ':10 error The on-failure destination is the function itself, which AWS refuses, so it is left out.',
    ].map((each) => `.local-lambda/functions.json${each}`));
  });
});
