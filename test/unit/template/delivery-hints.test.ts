import assert from 'node:assert/strict';
import type { BusSummary, TopicSummary } from '../../../src/contracts/resource-views.ts';
import type { ResourceHosts } from '../../../src/contracts/resources.ts';
import type { WorkspaceModel } from '../../../src/contracts/workspace.ts';
import { resourcesSnapshot } from '../../../src/host/resource-handlers.ts';
import { functionDeliveryHint, serviceDeliveryHint } from '../../../src/template/delivery-hints.ts';
import { Fixture } from './fixture.ts';

const account = 'eu-west-1:123456789012';
const topic = `arn:aws:sns:${account}:news`;
const rule = `arn:aws:events:${account}:rule/nightly`;
const queue = (name: string) => `arn:aws:sqs:${account}:${name}`;
const fn = (name: string) => `arn:aws:lambda:${account}:function:${name}`;

describe('"AWS would deny this" for what topics and rules deliver', () => {
  let workspace: Fixture;
  let model: WorkspaceModel;
  before(async () => {
    workspace = new Fixture();
    const code = 'InlineCode: x, Handler: index.handler, Runtime: nodejs22.x';
    workspace.write({
      'template.yaml': `Transform: AWS::Serverless-2016-10-31
Resources:
  News: { Type: AWS::SNS::Topic, Properties: { TopicName: news } }
  Closed: { Type: AWS::SQS::Queue, Properties: { QueueName: closed } }
  Open: { Type: AWS::SQS::Queue, Properties: { QueueName: open } }
  OpenPolicy:
    Type: AWS::SQS::QueuePolicy
    Properties:
      Queues: [!Ref Open]
      PolicyDocument:
        Statement:
          - { Effect: Allow, Principal: { Service: sns.amazonaws.com }, Action: sqs:SendMessage, Resource: !GetAtt Open.Arn, Condition: { ArnEquals: { 'aws:SourceArn': !Ref News } } }
  Forgotten: { Type: AWS::Serverless::Function, Properties: { FunctionName: forgotten, ${code} } }
  Told:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: told
      ${code.replaceAll(', ', '\n      ')}
      Events:
        Post: { Type: SNS, Properties: { Topic: !Ref News } }
        Nightly: { Type: Schedule, Properties: { Name: nightly, Schedule: rate(1 day) } }
`,
    });
    model = await workspace.reader().read();
  });
  after(() => workspace.dispose());

  const bySns = (targetArn: string) => serviceDeliveryHint(model, { principal: 'sns.amazonaws.com', sourceArn: topic, targetArn });
  const byRule = (targetArn: string) => serviceDeliveryHint(model, { principal: 'events.amazonaws.com', sourceArn: rule, targetArn });

  it('names the statement that the policy of a queue lacks', () => {
    assert.equal(bySns(queue('closed')), `AWS would deny this: the queue closed needs the statement {"Effect":"Allow","Principal":{"Service":"sns.amazonaws.com"},"Action":"sqs:SendMessage","Resource":"${queue('closed')}","Condition":{"ArnEquals":{"aws:SourceArn":"${topic}"}}}.`);
    assert.equal(bySns(queue('open')), undefined);
    assert.match(byRule(queue('open')) ?? '', /the queue open needs .*events\.amazonaws\.com/);
  });

  it('and the permission that a function lacks; SAM gives it with an event', () => {
    assert.match(bySns(fn('forgotten')) ?? '', /the function forgotten needs .*"Action":"lambda:InvokeFunction"/);
    assert.match(byRule(`${fn('forgotten')}:live`) ?? '', /the function forgotten needs/);
    assert.equal(bySns(fn('told')), undefined);
    assert.equal(byRule(fn('told')), undefined);
  });

  it('says nothing of what no template declares, nor of targets that a role answers for', () => {
    for (const target of [queue('elsewhere'), fn('elsewhere'), 'https://127.0.0.1/hook', `arn:aws:events:${account}:event-bus/other`]) assert.equal(bySns(target), undefined);
    assert.match(functionDeliveryHint(model, 'told', queue('closed')) ?? '', /the role of told needs/);
    assert.equal(functionDeliveryHint(model, 'elsewhere', queue('closed')), undefined);
  });

  it('stands on subscriptions and targets that clients list; schedules of Scheduler deliver by their own role', () => {
    const subscriptions = [queue('closed'), queue('open')].map((endpoint) => ({ arn: endpoint, protocol: 'sqs', endpoint, rawMessageDelivery: false, pending: false, waiting: 0 }));
    const scheduled = `arn:aws:scheduler:${account}:schedule/default/nightly`;
    const rules = [rule, scheduled].map((arn) => ({ name: 'nightly', arn, enabled: true, targetArns: [queue('open'), fn('told')], matched: 0, changed: [] }));
    const changed: string[] = [];
    const hosts = {
      queues: { summaries: () => [{ arn: queue('closed'), changed }] },
      topics: { summaries: (): TopicSummary[] => [{ kind: 'topic', name: 'news', arn: topic, fifo: false, published: 0, subscriptions, lastMessages: [], changed: [] }] },
      buses: { summaries: (): BusSummary[] => [{ kind: 'bus', name: 'default', arn: '', rules, lastEvents: [], changed: [] }] },
    } as unknown as Partial<ResourceHosts>;
    const snapshot = () => resourcesSnapshot(hosts, (delivery) => serviceDeliveryHint(model, delivery));
    const { topics: [listed], buses: [bus] } = snapshot();
    assert.deepEqual(listed?.subscriptions.map(({ hint }) => hint !== undefined), [true, false]);
    assert.deepEqual(bus?.rules.map(({ hints }) => Object.keys(hints ?? {})), [[queue('open')], []]);
    changed.push('Policy');
    assert.deepEqual(snapshot().topics[0]?.subscriptions.map(({ hint }) => hint !== undefined), [false, false]);
  });
});
