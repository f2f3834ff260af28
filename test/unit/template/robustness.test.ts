import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { readTemplate } from '../../../src/template/cloudformation.ts';
import type { Contribution, ContributionContext } from '../../../src/template/contribution.ts';
import { isPermitted } from '../../../src/template/permission-check.ts';
import { ParsedFiles } from '../../../src/template/parsed-files.ts';
import { readRegisteredFunctions } from '../../../src/template/registered.ts';
import { readServerless } from '../../../src/template/serverless.ts';
import { Fixture } from './fixture.ts';

const sam = readFileSync(new URL('../../workspaces/orders/template.yaml', import.meta.url), 'utf8');
const resources = `AWSTemplateFormatVersion: '2010-09-09'
Transform: AWS::Serverless-2016-10-31
Conditions: { Yes: !Equals [a, a] }
Resources:
  Q: { Type: AWS::SQS::Queue, Properties: { QueueName: q.fifo, FifoQueue: true, DelaySeconds: 5, RedrivePolicy: { deadLetterTargetArn: !GetAtt D.Arn, maxReceiveCount: 3 } } }
  D: { Type: AWS::SQS::Queue, Condition: Yes, Properties: { QueueName: !Sub 'd-\${AWS::Region}.fifo', FifoQueue: true } }
  T: { Type: AWS::SNS::Topic, Properties: { Subscription: [{ Protocol: sqs, Endpoint: !GetAtt Q.Arn }] } }
  S: { Type: AWS::SNS::Subscription, Properties: { TopicArn: !Ref T, Protocol: sqs, Endpoint: !GetAtt Q.Arn, FilterPolicy: { a: [1.50] } } }
  B: { Type: AWS::Events::EventBus, Properties: { Name: bus } }
  R: { Type: AWS::Events::Rule, Properties: { EventBusName: !Ref B, EventPattern: { source: [x] }, Targets: [{ Id: t, Arn: !GetAtt Q.Arn, RetryPolicy: { MaximumRetryAttempts: 1 } }] } }
  F:
    Type: AWS::Serverless::Function
    Properties:
      Handler: a.b
      Runtime: nodejs22.x
      DeadLetterQueue: { Type: SQS, TargetArn: !GetAtt Q.Arn }
      Policies: [{ SQSSendMessagePolicy: { QueueName: !GetAtt Q.QueueName } }, AmazonSQSFullAccess, { Statement: [{ Effect: Allow, Action: 'sns:*', Resource: !Ref T }] }]
      EventInvokeConfig: { MaximumRetryAttempts: 1, DestinationConfig: { OnSuccess: { Type: SNS }, OnFailure: { Type: SQS, Destination: !Ref AWS::NoValue } } }
      Environment: { Variables: { A: !GetAtt F.DestinationQueue.Arn, B: !Ref F.DestinationTopic, C: !Ref FERule } }
      Events:
        E: { Type: SNS, Properties: { Topic: !Ref T, SqsSubscription: true } }
        Rule: { Type: EventBridgeRule, Properties: { Pattern: { source: [x] }, DeadLetterConfig: { Type: SQS } } }
        Cron: { Type: ScheduleV2, Properties: { ScheduleExpression: rate(1 hour) } }
  P: { Type: AWS::SQS::QueuePolicy, Properties: { Queues: [!Ref Q], PolicyDocument: { Statement: [{ Effect: Allow, Principal: { Service: sns.amazonaws.com }, Action: 'sqs:*', Resource: '*', Condition: { ArnEquals: { 'aws:SourceArn': !Ref T } } }] } } }
  Role: { Type: AWS::IAM::Role, Properties: { Policies: [{ PolicyDocument: { Statement: { Effect: Deny, NotAction: x } } }], ManagedPolicyArns: [!Ref AWS::NoValue, x] } }
  N: { Type: AWS::Lambda::Function, Properties: { Handler: a.b, Runtime: nodejs22.x, Role: !GetAtt Role.Arn } }
  M: { Type: AWS::Lambda::Permission, Properties: { FunctionName: !Ref N, Action: x, Principal: y, SourceArn: !Ref T } }
  C: { Type: AWS::Lambda::EventInvokeConfig, Properties: { FunctionName: !Ref F, Qualifier: '1', MaximumEventAgeInSeconds: 60 } }
`;
const serverless = `service: x
provider: { name: aws, stage: "\${opt:stage, 'dev'}", environment: { A: "\${self:custom.a}" } }
custom: { a: "\${env:HOME, file(x.yml):y, 'z'}" }
functions:
  a: { handler: src/a.b, runtime: nodejs22.x, layers: [{ Ref: LLambdaLayer }], timeout: "\${self:custom.t, 5}" }
  b:
    handler: src/a.b
    maximumRetryAttempts: 1
    maximumEventAge: 60
    destinations: { onSuccess: a, onFailure: { type: sqs, arn: !GetAtt Q.Arn } }
    deadLetter: { sqs: { queueName: dead, delaySeconds: 5 } }
    events:
      - sns: { topicName: t, filterPolicy: { a: [{ numeric: ['>', 1.5] }] }, redrivePolicy: { deadLetterTargetRef: Q } }
      - eventBridge: { eventBus: bus, pattern: { source: [x] }, inputTransformer: { inputPathsMap: { a: $.a }, inputTemplate: '<a>' } }
      - schedule: { rate: [rate(1 hour)], input: { a: 1 } }
layers: { l: { path: x } }
resources: [{ Resources: { Q: { Type: AWS::SQS::Queue } } }]
`;
const registered = '{"functions": {"a": {"handler": "a.b", "runtime": "nodejs22.x", "environment": {"A": "b"}, "layers": ["x"], "timeout": 5, "deadLetterTargetArn": "arn:aws:sqs:eu-west-1:123456789012:d", "eventInvokeConfig": {"maximumRetryAttempts": 1, "onFailure": "b"}}}}';

/** Text with a piece cut out and another put in, as happens while someone types. */
function edited(text: string) {
  const pieces = ['', ':', '- ', '{', '[', '"', '!Ref ', '!Sub ', '\t', '\n', '&a *a', 'Fn::If', '${', '${self:', '<<: ', 'null', '0x1F', '\u0000', '🦊'];
  return fc.tuple(fc.nat(text.length), fc.nat(60), fc.constantFrom(...pieces)).map(([at, length, piece]) => text.slice(0, at) + piece + text.slice(at + length));
}

describe('readers never fail on what stands in a file', () => {
  let workspace: Fixture;
  before(() => {
    workspace = new Fixture();
  });
  after(() => workspace.dispose());

  for (const [name, text, read] of [
    ['template.yaml', sam, readTemplate],
    ['resources.yaml', resources, readTemplate],
    ['serverless.yml', serverless, readServerless],
    ['.local-lambda/functions.json', registered, readRegisteredFunctions],
  ] as readonly (readonly [string, string, (context: ContributionContext) => Contribution])[]) {
    it(name, () => {
      fc.assert(fc.property(edited(text), (broken) => {
        workspace.write({ [name]: broken });
        const contribution = read({
          file: workspace.path(name), folder: workspace.folder, accountId: '123456789012', region: 'eu-west-1', parameterOverrides: {}, parsed: new ParsedFiles(),
        });
        const { functions, resources: declared, diagnostics } = contribution.build(new Map(contribution.names.map((each) => [each.key, { name: each.name }])), new Map());
        assert.equal(functions.length, contribution.names.length);
        for (const { permissions, resourcePolicy } of functions) {
          for (const policy of [permissions, resourcePolicy]) assert.ok(['allowed', 'denied', 'unknown'].includes(isPermitted(policy, { action: 'sqs:SendMessage', resource: 'arn:aws:sqs:eu-west-1:123456789012:d' })));
        }
        for (const { name, arn, type } of declared) {
          assert.ok(name !== '' && !name.includes('${'), name);
          assert.ok(type === 'AWS::SNS::Subscription' ? arn === '' : arn.startsWith('arn:') && !arn.includes('${'), arn);
        }
        const lines = broken.split('\n').length;
        for (const { location, end } of diagnostics) {
          assert.ok(location.line >= 0 && location.line < lines && location.column >= 0);
          assert.ok(end === undefined || end.line >= location.line);
        }
      }), { numRuns: 150 });
    }).timeout(20_000);
  }
});
