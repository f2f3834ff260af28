/** Amazon EventBridge as its own clients see it: the SDK for JavaScript and the AWS CLI against a whole engine with queues, topics and functions. */
import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import {
  CreateArchiveCommand, CreateEventBusCommand, DeleteEventBusCommand, DeleteRuleCommand, DescribeEventBusCommand, DescribeRuleCommand, EventBridgeClient,
  InvalidEventPatternException, LimitExceededException, ListEventBusesCommand, ListRuleNamesByTargetCommand, ListRulesCommand, ListTagsForResourceCommand,
  ListTargetsByRuleCommand, PutEventsCommand, PutRuleCommand, PutTargetsCommand, RemoveTargetsCommand, ResourceAlreadyExistsException,
  ResourceNotFoundException, TagResourceCommand, TestEventPatternCommand, type PutEventsRequestEntry, type Target,
} from '@aws-sdk/client-eventbridge';
import type { Execution } from '../../src/contracts/executions.ts';
import { startEngineProcess, type EngineProcess } from '../support/engine-process.ts';

const run = promisify(execFile);
const cli = spawnSync('aws', ['--version']).status === 0;
if (!cli) console.error('The AWS CLI is not installed: its part of the EventBridge suite is skipped.');

/** @param at Epoch milliseconds when the schedule of `Nightly` is due. */
const template = (at: number) => `
Transform: AWS::Serverless-2016-10-31
Resources:
  Shop: { Type: AWS::Events::EventBus, Properties: { Name: shop } }
  Placed:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: code/
      Handler: index.placed
      Runtime: nodejs24.x
      Events:
        Order: { Type: EventBridgeRule, Properties: { RuleName: placed, EventBusName: !Ref Shop, Pattern: { source: [web], detail: { total: [{ numeric: ['>', 100] }] } } } }
  Announcer: { Type: AWS::Serverless::Function, Properties: { CodeUri: code/, Handler: index.announce, Runtime: nodejs24.x } }
  Nightly:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: code/
      Handler: index.nightly
      Runtime: nodejs24.x
      Events:
        Once: { Type: ScheduleV2, Properties: { ScheduleExpression: 'at(${new Date(at).toISOString().slice(0, 19)})' } }
        Rare: { Type: Schedule, Properties: { Name: rare, Schedule: 'cron(0 8 ? * MON#1 *)', Input: '{"why":"rare"}' } }
`;

const files = {
  'template.yaml': template(Date.UTC(2099, 0, 1)),
  'code/index.js': `
exports.placed = async (event) => event.detail;
exports.nightly = async (event) => event;
// As an SDK does: the trace of the invocation goes on with the call.
exports.announce = async (order) => {
  const body = JSON.stringify({ Entries: [{ EventBusName: 'shop', Source: 'web', DetailType: 'Order Placed', Detail: JSON.stringify(order) }] });
  const headers = { 'X-Amz-Target': 'AWSEvents.PutEvents', 'Content-Type': 'application/x-amz-json-1.1', 'X-Amzn-Trace-Id': process.env._X_AMZN_TRACE_ID };
  return await (await fetch(process.env.AWS_ENDPOINT_URL, { method: 'POST', headers, body })).json();
};
`,
};

interface Message {
  Body: string;
  MessageAttributes?: Record<string, { DataType: string; StringValue: string }>;
  Attributes: Record<string, string>;
}

describe('Amazon EventBridge, by the AWS SDK', function () {
  this.timeout(60_000);
  let engine: EngineProcess;
  let client: EventBridgeClient;

  before(async () => {
    engine = await startEngineProcess({ files, parameters: ['--no-sign'] });
    connect();
  });
  after(async () => {
    client.destroy();
    await engine.stop();
  });

  function connect(): void {
    const { endpoint, region, accessKeyId, secretAccessKey } = engine.info;
    client = new EventBridgeClient({ endpoint, region, maxAttempts: 1, credentials: { accessKeyId, secretAccessKey } });
  }

  /** The same workspace and data in a new engine; the one before has ended. */
  async function next(): Promise<void> {
    const started = await startEngineProcess({ workspace: engine.workspace, data: engine.data, parameters: ['--no-sign'] });
    const { stop } = engine;
    client.destroy();
    // The scratch folder is the first engine's to remove.
    engine = { ...started, stop: async (options) => { await started.stop({ keep: true }); return stop(options); } };
    connect();
  }

  async function json<R>(service: 'AmazonSQS' | 'AmazonSNS', operation: string, input: object): Promise<R> {
    const answer = await fetch(engine.info.endpoint, {
      method: 'POST', headers: { 'X-Amz-Target': `${service}.${operation}`, 'Content-Type': 'application/x-amz-json-1.0' }, body: JSON.stringify(input),
    });
    assert.ok(answer.ok, `${operation}: ${await answer.clone().text()}`);
    return await answer.json() as R;
  }

  async function queue(QueueName: string): Promise<{ arn: string; receive: () => Promise<Message[]> }> {
    const { QueueUrl } = await json<{ QueueUrl: string }>('AmazonSQS', 'CreateQueue', {
      QueueName, Attributes: QueueName.endsWith('.fifo') ? { FifoQueue: 'true', ContentBasedDeduplication: 'true' } : {},
    });
    return {
      arn: `arn:aws:sqs:${engine.info.region}:${engine.info.accountId}:${QueueName}`,
      receive: async () => (await json<{ Messages?: Message[] }>('AmazonSQS', 'ReceiveMessage', {
        QueueUrl, MaxNumberOfMessages: 10, MessageAttributeNames: ['All'], MessageSystemAttributeNames: ['All'],
      })).Messages ?? [],
    };
  }

  async function executions(name: string): Promise<Execution[]> {
    const answer = await fetch(`${engine.info.endpoint}/_local-lambda/executions?function=${name}`, { headers: { authorization: `Bearer ${engine.info.token}` } });
    return (await answer.json() as { executions: Execution[] }).executions;
  }

  async function until<T>(what: string, look: () => Promise<T | undefined>): Promise<T> {
    for (let turn = 0; turn < 800; turn += 1) {
      const found = await look();
      if (found !== undefined) return found;
      await delay(50);
    }
    return assert.fail(`waited in vain: ${what}`);
  }

  async function rule(Name: string, pattern: object, targets: (Omit<Target, 'Id'> & { Arn: string })[], EventBusName?: string): Promise<string> {
    const { RuleArn } = await client.send(new PutRuleCommand({ Name, EventPattern: JSON.stringify(pattern), EventBusName }));
    const answer = await client.send(new PutTargetsCommand({ Rule: Name, EventBusName, Targets: targets.map((target, index) => ({ ...target, Id: String(index) })) }));
    assert.deepEqual([answer.FailedEntryCount, answer.FailedEntries], [0, []]);
    return RuleArn as string;
  }

  const put = (...entries: Partial<PutEventsRequestEntry>[]) => client.send(new PutEventsCommand({
    Entries: entries.map((entry) => ({ Source: 'test', DetailType: 'Order Placed', Detail: '{"id": 7}', ...entry })),
  }));

  it('buses: created, described, listed, tagged, deleted', async () => {
    const { EventBusArn } = await client.send(new CreateEventBusCommand({ Name: 'mine', Description: 'of my own', Tags: [{ Key: 'k', Value: 'v' }] }));
    await client.send(new TagResourceCommand({ ResourceARN: EventBusArn, Tags: [{ Key: 'more', Value: '' }] }));
    assert.deepEqual((await client.send(new ListTagsForResourceCommand({ ResourceARN: EventBusArn }))).Tags, [{ Key: 'k', Value: 'v' }, { Key: 'more', Value: '' }]);
    const described = await client.send(new DescribeEventBusCommand({ Name: 'mine' }));
    assert.deepEqual([described.Name, described.Arn, described.Description, described.CreationTime instanceof Date], ['mine', EventBusArn, 'of my own', true]);
    assert.deepEqual((await client.send(new ListEventBusesCommand({}))).EventBuses?.map(({ Name }) => Name), ['default', 'mine', 'shop']);
    await client.send(new DeleteEventBusCommand({ Name: 'mine' }));
    assert.deepEqual((await client.send(new ListEventBusesCommand({ NamePrefix: 'm' }))).EventBuses, []);
  });

  it('errors arrive as the SDK\'s own exceptions', async () => {
    await assert.rejects(client.send(new DescribeRuleCommand({ Name: 'none' })), (error) => error instanceof ResourceNotFoundException && error.message === 'Rule none does not exist on EventBus default.');
    await assert.rejects(client.send(new PutRuleCommand({ Name: 'bad', EventPattern: '{"a":1}' })), (error) => error instanceof InvalidEventPatternException && /^Event pattern is not valid. Reason: /.test(error.message));
    await assert.rejects(client.send(new CreateEventBusCommand({ Name: 'shop' })), ResourceAlreadyExistsException);
    await rule('full', { source: ['never'] }, Array.from({ length: 5 }, (_, index) => ({ Arn: `arn:aws:sqs:us-east-1:123456789012:q${index}` })));
    await assert.rejects(client.send(new PutTargetsCommand({ Rule: 'full', Targets: [{ Id: 'sixth', Arn: 'arn:aws:sqs:us-east-1:123456789012:q' }] })), LimitExceededException);
    await assert.rejects(client.send(new CreateArchiveCommand({ ArchiveName: 'a', EventSourceArn: 'arn:aws:events:us-east-1:123456789012:event-bus/default' })), { name: 'UnknownOperationException', message: 'Local Lambda does not have the operation CreateArchive of events.' });
  });

  it('rules: pages, targets, rules of a target, deletion', async () => {
    for (const name of ['page-1', 'page-2', 'page-3']) await rule(name, { source: ['never'] }, [{ Arn: 'arn:aws:sqs:us-east-1:123456789012:paged' }]);
    const first = await client.send(new ListRulesCommand({ NamePrefix: 'page', Limit: 2 }));
    const second = await client.send(new ListRulesCommand({ NamePrefix: 'page', Limit: 2, NextToken: first.NextToken }));
    assert.deepEqual([first.Rules?.map(({ Name }) => Name), second.Rules?.map(({ Name }) => Name), second.NextToken], [['page-1', 'page-2'], ['page-3'], undefined]);
    assert.deepEqual((await client.send(new ListRuleNamesByTargetCommand({ TargetArn: 'arn:aws:sqs:us-east-1:123456789012:paged' }))).RuleNames, ['page-1', 'page-2', 'page-3']);
    await assert.rejects(client.send(new DeleteRuleCommand({ Name: 'page-1' })), { message: "Rule can't be deleted since it has targets." });
    await client.send(new RemoveTargetsCommand({ Rule: 'page-1', Ids: ['0'] }));
    assert.deepEqual((await client.send(new ListTargetsByRuleCommand({ Rule: 'page-1' }))).Targets, []);
    await client.send(new DeleteRuleCommand({ Name: 'page-1' }));
    assert.deepEqual((await client.send(new ListRulesCommand({ NamePrefix: 'page' }))).Rules?.length, 2);
  });

  it('TestEventPattern', async () => {
    const event = { id: '1', account: '123456789012', source: 'a', time: '2026-01-01T00:00:00Z', region: 'us-east-1', resources: [], 'detail-type': 't', detail: { n: 5 } };
    const test = async (pattern: object) => (await client.send(new TestEventPatternCommand({ EventPattern: JSON.stringify(pattern), Event: JSON.stringify(event) }))).Result;
    assert.deepEqual([await test({ detail: { n: [{ numeric: ['<=', 5] }] } }), await test({ detail: { n: [{ numeric: ['<', 5] }] } })], [true, false]);
  });

  it('an event reaches queues and topics, whole, in part and transformed', async () => {
    const [whole, part, made, topical, fifo] = [await queue('whole'), await queue('part'), await queue('made'), await queue('topical'), await queue('ordered.fifo')];
    const body = new URLSearchParams({ Action: 'CreateTopic', Version: '2010-03-31', Name: 'events' });
    const TopicArn = /<TopicArn>(.*)<\/TopicArn>/.exec(await (await fetch(engine.info.endpoint, { method: 'POST', body })).text())?.[1] as string;
    const subscribe = new URLSearchParams({ Action: 'Subscribe', Version: '2010-03-31', TopicArn, Protocol: 'sqs', Endpoint: topical.arn });
    assert.ok((await fetch(engine.info.endpoint, { method: 'POST', body: subscribe })).ok);
    await rule('fan-out', { source: ['test'], 'detail-type': [{ prefix: 'Order' }] }, [
      { Arn: whole.arn }, { Arn: part.arn, InputPath: '$.detail' }, { Arn: TopicArn },
      { Arn: made.arn, InputTransformer: { InputPathsMap: { id: '$.detail.id' }, InputTemplate: '{"order": <id>, "rule": <aws.events.rule-name>}' } },
      { Arn: fifo.arn, SqsParameters: { MessageGroupId: 'g' } },
    ]);
    const answer = await put({ Time: new Date('2026-01-02T03:04:05.678Z'), Resources: ['r:1'] }, { DetailType: 'Other' });
    assert.equal(answer.FailedEntryCount, 0);
    const id = answer.Entries?.[0]?.EventId;
    const { accountId, region } = engine.info;
    const text = `{"version":"0","id":"${id}","detail-type":"Order Placed","source":"test","account":"${accountId}","time":"2026-01-02T03:04:05Z","region":"${region}","resources":["r:1"],"detail":{"id":7}}`;
    const bodies = async ({ receive }: typeof whole) => (await receive()).map(({ Body }) => Body);
    assert.deepEqual(await bodies(whole), [text]);
    assert.deepEqual(await bodies(part), ['{"id":7}']);
    assert.deepEqual(await bodies(made), ['{"order": 7, "rule": "fan-out"}']);
    assert.deepEqual((await bodies(topical)).map((envelope) => (JSON.parse(envelope) as { Message: string }).Message), [text]);
    const [ordered] = await fifo.receive();
    assert.deepEqual([ordered?.Body, ordered?.Attributes.MessageGroupId], [text, 'g']);
    await client.send(new RemoveTargetsCommand({ Rule: 'fan-out', Ids: ['0', '1', '2', '3', '4'] }));
  });

  it('entries fail one by one', async () => {
    const { FailedEntryCount, Entries } = await put({ Detail: 'text' }, {}, { Source: 'aws.s3' });
    assert.equal(FailedEntryCount, 2);
    assert.deepEqual(Entries?.map(({ ErrorCode }) => ErrorCode), ['MalformedDetail', undefined, 'NotAuthorizedForSourceException']);
  });

  it('a target that does not exist leaves a dead letter with AWS\'s attributes', async () => {
    const dead = await queue('dead');
    const gone = `arn:aws:lambda:us-east-1:${engine.info.accountId}:function:gone`;
    const RuleArn = await rule('to-nowhere', { source: ['nowhere'] }, [{ Arn: gone, DeadLetterConfig: { Arn: dead.arn } }]);
    await put({ Source: 'nowhere' });
    const [letter] = await dead.receive();
    const attributes = Object.fromEntries(Object.entries(letter?.MessageAttributes ?? {}).map(([name, { StringValue }]) => [name, StringValue]));
    assert.deepEqual([attributes['RULE_ARN'], attributes['TARGET_ARN'], attributes['ERROR_CODE']], [RuleArn, gone, 'NO_RESOURCE']);
    assert.equal((JSON.parse(letter?.Body ?? '') as { source: string }).source, 'nowhere');
  });

  it('from bus to bus, one hop', async () => {
    const there = await queue('there');
    const shop = `arn:aws:events:us-east-1:${engine.info.accountId}:event-bus/shop`;
    await rule('arrived', { source: ['hop'] }, [{ Arn: there.arn }], 'shop');
    await rule('forward', { source: ['hop'] }, [{ Arn: shop, RoleArn: 'arn:aws:iam::123456789012:role/r' }]);
    const { Entries } = await put({ Source: 'hop' });
    assert.deepEqual((await there.receive()).map(({ Body }) => (JSON.parse(Body) as { id: string }).id), [Entries?.[0]?.EventId]);
  });

  it('the rule of a template invokes its function, and a function that put the event is its cause', async () => {
    await put({ Source: 'web', EventBusName: 'shop', Detail: '{"total":50}' });
    const answer = await fetch(`${engine.info.endpoint}/2015-03-31/functions/Announcer/invocations`, { method: 'POST', body: '{"total":150}' });
    assert.equal((await answer.json() as { FailedEntryCount: number }).FailedEntryCount, 0);
    const placed = await until('an execution of Placed', async () => (await executions('Placed')).find(({ status }) => status === 'succeeded'));
    const [announced] = await executions('Announcer');
    assert.deepEqual([placed.causedBy, placed.source, (await executions('Placed')).length], [announced?.id, 'eventbridge', 1]);
  });

  it('what was accepted before a kill -9 is in every target, once', async () => {
    const [one, other] = [await queue('crash-one'), await queue('crash-other')];
    await rule('crash', { source: ['crash'] }, [{ Arn: one.arn, InputPath: '$.detail.n' }, { Arn: other.arn, InputPath: '$.detail.n' }]);
    const accepted: string[] = [];
    let killed = false;
    const publisher = async (name: number) => {
      for (let number = 0; !killed; number += 1) {
        const n = name * 10_000 + number;
        await put({ Source: 'crash', Detail: JSON.stringify({ n }) }).then(() => accepted.push(String(n)), (error: unknown) => { if (!killed) throw error; });
      }
    };
    const publishers = [1, 2, 3].map(publisher);
    await until('some accepted events', async () => { await delay(5); return accepted.length > 30 ? true : undefined; });
    const exited = once(engine.child, 'exit');
    killed = engine.child.kill('SIGKILL');
    await Promise.all([exited, ...publishers]);
    await next();
    const contents = await Promise.all(['crash-one', 'crash-other'].map(async (name) => {
      const { receive } = await queue(name);
      const bodies: string[] = [];
      for (let messages = await receive(); messages.length > 0; messages = await receive()) bodies.push(...messages.map(({ Body }) => Body));
      return bodies.sort();
    }));
    assert.deepEqual(contents[0], contents[1]);
    assert.equal(new Set(contents[0]).size, contents[0]?.length);
    assert.deepEqual(accepted.filter((n) => !contents[0]?.includes(n)), []);
    assert.deepEqual((await client.send(new ListTargetsByRuleCommand({ Rule: 'crash' }))).Targets?.map(({ Arn }) => Arn), [one.arn, other.arn]);
  });

  (cli ? it : it.skip)('the AWS CLI puts rules, targets and events', async () => {
    const { endpoint, accessKeyId, secretAccessKey, region } = engine.info;
    const aws = async <R = Record<string, unknown>>(...parameters: string[]): Promise<R> => {
      const { stdout } = await run('aws', ['--endpoint-url', endpoint, '--output', 'json', ...parameters], {
        env: {
          ...process.env, AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey, AWS_DEFAULT_REGION: region,
          AWS_CONFIG_FILE: join(engine.data, 'no-config'), AWS_SHARED_CREDENTIALS_FILE: join(engine.data, 'no-credentials'), AWS_EC2_METADATA_DISABLED: 'true',
        },
      });
      return (stdout === '' ? {} : JSON.parse(stdout)) as R;
    };
    const { arn, receive } = await queue('cli');
    const { RuleArn } = await aws<{ RuleArn: string }>('events', 'put-rule', '--name', 'cli', '--event-pattern', '{"source":["cli"]}');
    assert.equal(RuleArn, `arn:aws:events:us-east-1:${engine.info.accountId}:rule/cli`);
    await aws('events', 'put-targets', '--rule', 'cli', '--targets', `Id=q,Arn=${arn}`);
    const put = aws<{ FailedEntryCount: number }>('events', 'put-events', '--entries', JSON.stringify([{ Source: 'cli', DetailType: 't', Detail: '{"a":1}', Time: '2026-01-01T00:00:00Z' }]));
    const [{ FailedEntryCount }, { Rules }] = await Promise.all([put, aws<{ Rules: { Name: string }[] }>('events', 'list-rules', '--name-prefix', 'cli')]);
    assert.deepEqual([FailedEntryCount, Rules.map(({ Name }) => Name)], [0, ['cli']]);
    const [message] = await receive();
    assert.match(message?.Body ?? '', /"source":"cli","account":"\d{12}","time":"2026-01-01T00:00:00Z"/);
  });

  it('schedules of a template are there, and one that is due invokes its function', async () => {
    const { Rules } = await client.send(new ListRulesCommand({ NamePrefix: 'rare' }));
    assert.deepEqual(Rules?.map(({ ScheduleExpression }) => ScheduleExpression), ['cron(0 8 ? * MON#1 *)']);
    let execution: Execution | undefined;
    // On a machine that is busy, the time may be over before the engine has read the template: then there is more of it.
    for (let seconds = 3; !execution && seconds < 50; seconds *= 2) {
      const due = Date.now() + seconds * 1000;
      writeFileSync(join(engine.workspace, 'template.yaml'), template(due));
      while (!execution && Date.now() < due + 5000) {
        await delay(50);
        execution = (await executions('Nightly')).find(({ status }) => status === 'succeeded');
      }
    }
    assert.equal(execution?.source, 'schedule');
  });
});
