import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import type { PermissionAnswer, PolicyStatement } from '../../../src/contracts/permissions.ts';
import { deliveryRequest, denialHint, isPermitted, missingStatement } from '../../../src/template/permission-check.ts';
import { Fixture } from './fixture.ts';
import type { ReadModel } from './fixture.ts';

const queue = 'arn:aws:sqs:eu-west-1:123456789012:jobs';
const topic = 'arn:aws:sns:eu-west-1:123456789012:news';
const send = { action: 'sqs:SendMessage', resource: queue };

describe('whether a policy allows something', () => {
  const allow = (more: Partial<PolicyStatement> = {}): PolicyStatement => ({ effect: 'Allow', actions: ['sqs:SendMessage'], resources: [queue], ...more });
  const cases: readonly (readonly [string, readonly PolicyStatement[] | undefined, PermissionAnswer])[] = [
    ['no policy is known', undefined, 'unknown'],
    ['no statement', [], 'denied'],
    ['the very statement', [allow()], 'allowed'],
    ['wildcards and letter case of actions', [allow({ actions: ['SQS:send*'], resources: ['arn:aws:sqs:*:123456789012:j?bs'] })], 'allowed'],
    ['another queue', [allow({ resources: [`${queue}2`, 'arn:aws:sqs:*:*:job'] })], 'denied'],
    ['a wildcard that has to take more than once', [allow({ resources: ['*:12*jobs'] })], 'allowed'],
    ['another action', [allow({ actions: ['sqs:ReceiveMessage', 'sqs:SendMessageBatch'] })], 'denied'],
    ['a Deny beside an Allow', [allow(), allow({ effect: 'Deny', actions: ['*'] })], 'denied'],
    ['a Deny of another queue', [allow(), allow({ effect: 'Deny', resources: ['arn:aws:sqs:eu-west-1:123456789012:other'] })], 'allowed'],
    ['NotAction', [allow({ actions: ['sqs:Delete*'], notActions: true })], 'allowed'],
    ['NotResource', [allow({ notResources: true })], 'denied'],
    ['a condition that depends on the call', [allow({ conditions: { StringEquals: { 'aws:PrincipalTag/team': ['core'] } } })], 'unknown'],
    ['a Deny with such a condition', [allow(), allow({ effect: 'Deny', conditions: { Bool: { 'aws:SecureTransport': ['false'] } } })], 'unknown'],
    ['a resource that only a deployment knows', [allow({ resources: ['${ImportValue:Queue}'] })], 'unknown'],
    ['such a part that cannot fit', [allow({ resources: ['arn:aws:sns:${Region}:x'] })], 'denied'],
  ];
  for (const [name, statements, answer] of cases) {
    it(`${name}: ${answer}`, () => assert.equal(isPermitted(statements, send), answer));
  }

  it('services are principals, with the source that they act for', () => {
    const policy = allow({ principals: ['sns.amazonaws.com'], conditions: { ArnEquals: { 'aws:SourceArn': [topic] }, StringEquals: { 'AWS:SourceAccount': ['123456789012'] } } });
    const ask = (principal: string, sourceArn: string) => isPermitted([policy], { ...send, principal, sourceArn });
    assert.equal(ask('sns.amazonaws.com', topic), 'allowed');
    assert.equal(ask('events.amazonaws.com', topic), 'denied');
    assert.equal(ask('sns.amazonaws.com', `${topic}2`), 'denied');
    assert.equal(isPermitted([allow()], { ...send, principal: 'sns.amazonaws.com' }), 'denied', 'a policy of a role names nobody');
    assert.equal(isPermitted([allow({ principals: ['*'] })], { ...send, principal: 'sns.amazonaws.com' }), 'allowed');
  });

  it('the hint names whose policy lacks what', () => {
    assert.equal(
      denialHint([], deliveryRequest(queue), 'the role of Worker'),
      `AWS would deny this: the role of Worker needs the statement {"Effect":"Allow","Action":"sqs:SendMessage","Resource":"${queue}"}.`,
    );
    assert.equal(denialHint(undefined, deliveryRequest(queue), 'x'), undefined);
    assert.equal(denialHint([], deliveryRequest('arn:aws:states:eu-west-1:123456789012:stateMachine:x'), 'x'), undefined);
    assert.deepEqual(deliveryRequest('arn:aws:s3:::bucket'), { action: 's3:PutObject', resource: 'arn:aws:s3:::bucket/*' });
    assert.deepEqual(JSON.parse(missingStatement({ ...send, principal: 'sns.amazonaws.com', sourceArn: topic })), {
      Effect: 'Allow', Principal: { Service: 'sns.amazonaws.com' }, Action: 'sqs:SendMessage', Resource: queue, Condition: { ArnEquals: { 'aws:SourceArn': topic } },
    });
  });
});

describe('permissions of templates', () => {
  let workspace: Fixture;
  beforeEach(() => {
    workspace = new Fixture();
  });
  afterEach(() => workspace.dispose());

  const base = 'InlineCode: x, Handler: index.handler, Runtime: nodejs22.x';
  const header = "AWSTemplateFormatVersion: '2010-09-09'\nTransform: AWS::Serverless-2016-10-31\nResources:\n";
  const shared = `  Jobs: { Type: AWS::SQS::Queue, Properties: { QueueName: jobs } }\n  News: { Type: AWS::SNS::Topic, Properties: { TopicName: news } }\n`;
  const sam = (resources: string) => workspace.write({ 'template.yaml': `${header}${shared}${resources}` }).read();
  const may = (read: ReadModel, name: string, arn = queue) => isPermitted(read.function(name).permissions, deliveryRequest(arn)!);
  const fn = (id: string, properties: string) => `  ${id}: { Type: AWS::Serverless::Function, Properties: { ${base}, ${properties} } }\n`;

  it('roles that SAM makes: policies of every form, destinations, dead letters, connectors', async () => {
    const read = await sam([
      fn('Bare', 'MemorySize: 128'),
      fn('Template', 'Policies: [{ SQSSendMessagePolicy: { QueueName: !GetAtt Jobs.QueueName } }, { DynamoDBCrudPolicy: { TableName: t } }]'),
      fn('Topic', 'Policies: [{ SNSPublishMessagePolicy: { TopicName: !GetAtt News.TopicName } }, AWSLambdaBasicExecutionRole]'),
      fn('Document', "Policies: { Statement: [{ Effect: Allow, Action: 'sqs:*', Resource: !GetAtt Jobs.Arn }] }"),
      fn('Managed', 'Policies: arn:aws:iam::aws:policy/AmazonSQSFullAccess'),
      fn('Unknown', 'Policies: [arn:aws:iam::123456789012:policy/own]'),
      fn('Delivers', 'DeadLetterQueue: { Type: SQS, TargetArn: !GetAtt Jobs.Arn }, EventInvokeConfig: { DestinationConfig: { OnFailure: { Type: SNS } , OnSuccess: { Type: Lambda, Destination: !GetAtt Bare.Arn } } }'),
      fn('Invoker', 'Policies: [{ LambdaInvokePolicy: { FunctionName: !Ref Bare } }, { EventBridgePutEventsPolicy: { EventBusName: default } }, { S3WritePolicy: { BucketName: files } }]'),
      fn('Bounded', 'PermissionsBoundary: arn:aws:iam::123456789012:policy/b'),
      '  Connected: { Type: AWS::Serverless::Function, Connectors: { C: { Properties: { Destination: { Id: Jobs }, Permissions: [Write] } } }, Properties: { InlineCode: x, Handler: index.handler, Runtime: nodejs22.x } }\n',
      fn('Joined', 'MemorySize: 128'),
      '  Join: { Type: AWS::Serverless::Connector, Properties: { Source: { Id: Joined }, Destination: [{ Id: News }, { Id: Jobs }], Permissions: [Write] } }\n',
      fn('Attached', 'MemorySize: 128'),
      "  Policy: { Type: AWS::IAM::Policy, Properties: { PolicyName: p, Roles: [!Ref AttachedRole], PolicyDocument: { Statement: { Effect: Allow, Action: ['sqs:SendMessage'], Resource: '*' } } } }\n",
    ].join(''));
    const answers = Object.fromEntries(read.names.map((name) => [name, `${may(read, name)} ${may(read, name, topic)}`]));
    assert.deepEqual(answers, {
      Bare: 'denied denied', Template: 'allowed denied', Topic: 'denied allowed', Document: 'allowed denied', Managed: 'allowed denied', Unknown: 'unknown unknown',
      Delivers: 'allowed denied', Invoker: 'denied denied', Bounded: 'unknown unknown', Connected: 'allowed denied', Joined: 'allowed allowed', Attached: 'allowed denied',
    });
    const made = read.model.resources.find(({ origin }) => origin.logicalId === 'DeliversEventInvokeConfigOnFailureTopic')!;
    assert.equal(may(read, 'Delivers', made.arn), 'allowed');
    for (const name of ['Delivers', 'Invoker']) assert.equal(may(read, name, 'arn:aws:lambda:eu-west-1:123456789012:function:Bare'), 'allowed');
    assert.equal(may(read, 'Invoker', 'arn:aws:events:eu-west-1:123456789012:event-bus/default'), 'allowed');
    assert.equal(may(read, 'Invoker', 'arn:aws:s3:::files'), 'allowed');
    assert.deepEqual(read.diagnostics, []);
  });

  it('roles of the template, and roles from elsewhere', async () => {
    const role = (id: string, properties: string) => `  ${id}: { Type: AWS::IAM::Role, Properties: { ${properties} } }\n`;
    const statement = "{ Effect: Allow, Action: sqs:SendMessage, Resource: !GetAtt Jobs.Arn }";
    const read = await sam([
      role('Inline', `Policies: [{ PolicyName: p, PolicyDocument: { Statement: [${statement}] } }]`),
      role('Named', 'RoleName: named, ManagedPolicyArns: [!Ref Own, arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole]'),
      role('Nothing', 'ManagedPolicyArns: [arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole]'),
      `  Own: { Type: AWS::IAM::ManagedPolicy, Properties: { PolicyDocument: { Statement: [${statement}] } } }\n`,
      `  Other: { Type: AWS::IAM::Policy, Properties: { PolicyName: p, Roles: [!Ref Nothing], PolicyDocument: { Statement: [{ Effect: Allow, Action: sns:Publish, Resource: !Ref News }] } } }\n`,
      fn('A', 'Role: !GetAtt Inline.Arn'),
      fn('B', 'Role: arn:aws:iam::123456789012:role/named, EventInvokeConfig: { DestinationConfig: { OnFailure: { Type: SNS, Destination: !Ref News } } }'),
      fn('C', 'Role: !GetAtt Nothing.Arn, DeadLetterQueue: { Type: SQS, TargetArn: !GetAtt Jobs.Arn }'),
      fn('D', 'Role: arn:aws:iam::123456789012:role/far'),
      '  E: { Type: AWS::Lambda::Function, Properties: { Code: { ZipFile: x }, Handler: index.handler, Runtime: nodejs22.x, Role: !GetAtt Inline.Arn } }\n',
    ].join(''));
    assert.deepEqual(Object.fromEntries(read.names.map((name) => [name, `${may(read, name)} ${may(read, name, topic)}`])), {
      A: 'allowed denied', B: 'allowed denied', C: 'denied allowed', D: 'unknown unknown', E: 'allowed denied',
    });
    assert.deepEqual(read.diagnostics, []);
  });

  it('policies of queues and topics, and who may invoke a function', async () => {
    const read = await sam([
      "  Open: { Type: AWS::SQS::QueuePolicy, Properties: { Queues: [!Ref Jobs], PolicyDocument: { Statement: [{ Effect: Allow, Principal: { Service: sns.amazonaws.com }, Action: sqs:SendMessage, Resource: !GetAtt Jobs.Arn, Condition: { ArnEquals: { 'aws:SourceArn': !Ref News } } }] } } }\n",
      "  Publish: { Type: AWS::SNS::TopicPolicy, Properties: { Topics: [!Ref News], PolicyDocument: { Statement: [{ Effect: Allow, Principal: '*', Action: sns:Publish, Resource: '*' }] } } }\n",
      '  Closed: { Type: AWS::SQS::Queue, Properties: { QueueName: closed } }\n',
      fn('Events', 'AutoPublishAlias: live, Events: { A: { Type: SNS, Properties: { Topic: !Ref News } }, B: { Type: Schedule, Properties: { Schedule: rate(1 hour), Name: b, DeadLetterConfig: { Type: SQS } } }, C: { Type: SNS, Properties: { Topic: !Ref News, SqsSubscription: true } } }'),
      fn('Native', 'MemorySize: 128'),
      '  May: { Type: AWS::Lambda::Permission, Properties: { FunctionName: !Ref Native, Action: lambda:InvokeFunction, Principal: sns.amazonaws.com, SourceArn: !Ref News } }\n',
    ].join(''));
    const policyOf = (arn: string) => read.model.resources.find((each) => each.arn === arn)!.policy;
    const ask = (policy: readonly PolicyStatement[] | undefined, principal: string, action: string, resource: string, sourceArn: string) => isPermitted(policy, { principal, action, resource, sourceArn });
    const sns = (arn: string) => ask(policyOf(arn), 'sns.amazonaws.com', 'sqs:SendMessage', arn, topic);
    assert.equal(sns(queue), 'allowed');
    assert.equal(sns('arn:aws:sqs:eu-west-1:123456789012:closed'), 'denied');
    const rule = read.model.resources.find(({ type }) => type === 'AWS::Events::Rule')!.arn;
    assert.equal(ask(policyOf(queue), 'events.amazonaws.com', 'sqs:SendMessage', queue, rule), 'denied');
    assert.equal(ask(policyOf(topic), 'events.amazonaws.com', 'sns:Publish', topic, rule), 'allowed');
    const [dead, between] = ['EventsBQueue', 'EventsCQueue'].map((id) => read.model.resources.find(({ origin }) => origin.logicalId === id)!.arn);
    assert.equal(ask(policyOf(dead!), 'events.amazonaws.com', 'sqs:SendMessage', dead!, rule), 'allowed');
    assert.equal(sns(between!), 'allowed');
    const live = 'arn:aws:lambda:eu-west-1:123456789012:function:Events:live';
    const invoke = (name: string, arn: string, principal: string, source: string) => ask(read.function(name).resourcePolicy, principal, 'lambda:InvokeFunction', arn, source);
    assert.equal(invoke('Events', live, 'sns.amazonaws.com', topic), 'allowed');
    assert.equal(invoke('Events', live, 'events.amazonaws.com', rule), 'allowed');
    assert.equal(invoke('Events', live, 'events.amazonaws.com', `${rule}2`), 'denied');
    const native = 'arn:aws:lambda:eu-west-1:123456789012:function:Native';
    assert.equal(invoke('Native', native, 'sns.amazonaws.com', topic), 'allowed');
    assert.equal(invoke('Native', native, 'events.amazonaws.com', rule), 'denied');
    assert.deepEqual(read.diagnostics, []);
  });

  it('serverless.yml: the framework’s role, roles of resources, statements of one function, satellites', async () => {
    const read = await workspace.write({
      'app.js': '',
      'serverless.yml': `service: x
provider:
  name: aws
  runtime: nodejs22.x
  iam:
    role:
      statements: [{ Effect: Allow, Action: ['sqs:SendMessage'], Resource: !GetAtt Jobs.Arn }]
functions:
  shared: { handler: app.handler, events: [{ sns: news }] }
  own: { handler: app.handler, iamRoleStatements: [{ Effect: Allow, Action: 'sns:*', Resource: '*' }] }
  role: { handler: app.handler, role: Role }
  far: { handler: app.handler, role: 'arn:aws:iam::123456789012:role/far' }
  delivers: { handler: app.handler, destinations: { onFailure: !Ref SNSTopicNews } }
resources:
  Resources:
    Jobs: { Type: AWS::SQS::Queue, Properties: { QueueName: jobs } }
    Role: { Type: AWS::IAM::Role, Properties: { RoleName: mine, Policies: [{ PolicyDocument: { Statement: { Effect: Allow, Action: sns:Publish, Resource: '*' } } }] } }
    Config: { Type: AWS::Lambda::EventInvokeConfig, Properties: { FunctionName: !Ref OwnLambdaFunction, Qualifier: $LATEST, MaximumRetryAttempts: 0 } }
    Uses: { Type: AWS::SSM::Parameter, Properties: { Name: p, Type: String, Value: !GetAtt IamRoleLambdaExecution.Arn } }
`,
    }).read();
    const answers = Object.fromEntries(read.names.map((name) => [name.replace('x-dev-', ''), `${may(read, name)} ${may(read, name, topic)}`]));
    assert.deepEqual(answers, { shared: 'allowed denied', own: 'denied allowed', role: 'denied allowed', far: 'unknown unknown', delivers: 'allowed allowed' });
    assert.equal(read.function('x-dev-role').configuration.role, 'arn:aws:iam::123456789012:role/mine');
    assert.equal(read.function('x-dev-shared').configuration.role, 'arn:aws:iam::123456789012:role/x-dev-eu-west-1-lambdaRole');
    assert.deepEqual(read.function('x-dev-own').eventInvokeConfigs, [{ qualifier: '$LATEST', maximumRetryAttempts: 0 }]);
    const shared = read.function('x-dev-shared');
    assert.equal(isPermitted(shared.resourcePolicy, { principal: 'sns.amazonaws.com', action: 'lambda:InvokeFunction', resource: 'arn:aws:lambda:eu-west-1:123456789012:function:x-dev-shared', sourceArn: topic }), 'allowed');
    assert.deepEqual(read.diagnostics, []);
  });

  it('the sample workspace has every permission that its deliveries need', async () => {
    const folder = fileURLToPath(new URL('../../workspaces/orders', import.meta.url));
    const model = await workspace.reader({ folders: [folder] }).read();
    for (const { configuration, eventInvokeConfigs, permissions } of model.functions) {
      const targets = [configuration.deadLetterTargetArn, ...eventInvokeConfigs.flatMap(({ onSuccess, onFailure }) => [onSuccess, onFailure])];
      for (const target of targets) if (target !== undefined) assert.equal(isPermitted(permissions, deliveryRequest(target)!), 'allowed', `${configuration.functionName} ${target}`);
    }
    const orders = model.resources.find(({ name }) => name === 'orders')!;
    assert.equal(isPermitted(orders.policy, { principal: 'events.amazonaws.com', action: 'sqs:SendMessage', resource: orders.arn }), 'allowed');
  });
});
