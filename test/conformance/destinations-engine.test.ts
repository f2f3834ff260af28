/** Results and dead letters of a whole engine, read from its own queues as an outside client would. */
import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import type { Execution } from '../../src/contracts/executions.ts';
import { startEngineProcess, type EngineProcess } from '../support/engine-process.ts';

interface Message {
  MessageId: string;
  ReceiptHandle: string;
  Body: string;
  Attributes?: Record<string, string>;
  MessageAttributes?: Record<string, { DataType: string; StringValue: string }>;
}

const files = {
  'template.yaml': `Transform: AWS::Serverless-2016-10-31
Resources:
  Results: { Type: AWS::SQS::Queue }
  Dead: { Type: AWS::SQS::Queue }
  Place:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: code/
      Handler: index.place
      Runtime: nodejs24.x
      EventInvokeConfig: { DestinationConfig: { OnSuccess: { Type: Lambda, Destination: !GetAtt Confirm.Arn } } }
  Confirm:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: code/
      Handler: index.confirm
      Runtime: nodejs24.x
      EventInvokeConfig: { DestinationConfig: { OnSuccess: { Type: SQS, Destination: !GetAtt Results.Arn } } }
  Broken:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: code/
      Handler: index.broken
      Runtime: nodejs24.x
      DeadLetterQueue: { Type: SQS, TargetArn: !GetAtt Dead.Arn }
      EventInvokeConfig: { MaximumRetryAttempts: 0, DestinationConfig: { OnFailure: { Type: SQS } } }
`,
  'code/index.js': `
exports.place = async (order) => ({ ...order, placed: true });
exports.confirm = async (record) => ({ confirmed: record.responsePayload.id });
exports.broken = async () => { throw new TypeError('card refused'); };
`,
};

async function own<T>({ info }: EngineProcess, path: string): Promise<T> {
  const answer = await fetch(`${info.endpoint}/_local-lambda/${path}`, { headers: { authorization: `Bearer ${info.token}` } });
  return await answer.json() as T;
}

async function sqs<T>({ info }: EngineProcess, operation: string, input: object): Promise<T> {
  const answer = await fetch(info.endpoint, {
    method: 'POST', headers: { 'X-Amz-Target': `AmazonSQS.${operation}`, 'Content-Type': 'application/x-amz-json-1.0' }, body: JSON.stringify(input),
  });
  assert.equal(answer.status, 200, await answer.clone().text());
  return await answer.json() as T;
}

async function invokeEvent({ info }: EngineProcess, name: string, payload: unknown): Promise<string> {
  const answer = await fetch(`${info.endpoint}/2015-03-31/functions/${name}/invocations`, { method: 'POST', headers: { 'X-Amz-Invocation-Type': 'Event' }, body: JSON.stringify(payload) });
  assert.equal(answer.status, 202);
  return answer.headers.get('x-amzn-requestid') as string;
}

describe('destinations and dead-letter queues of a whole engine', () => {
  let engine: EngineProcess;
  before(async () => { engine = await startEngineProcess({ files, parameters: ['--no-sign'] }); });
  after(async () => { await engine.stop(); });

  const functionNamed = async (logicalId: string) => {
    const { functions } = await own<{ functions: { name: string; origin: { logicalId: string }; eventInvokeConfigs: { onFailure?: string }[] }[] }>(engine, 'functions');
    return functions.find(({ origin }) => origin.logicalId === logicalId) ?? assert.fail(`no function ${logicalId}`);
  };
  const receive = async (part: string): Promise<Message> => {
    const { QueueUrls } = await sqs<{ QueueUrls: string[] }>(engine, 'ListQueues', {});
    const QueueUrl = QueueUrls.find((url) => url.includes(part)) ?? assert.fail(`no queue like ${part} in ${QueueUrls.join(', ')}`);
    const { Messages } = await sqs<{ Messages?: Message[] }>(engine, 'ReceiveMessage', {
      QueueUrl, WaitTimeSeconds: 10, MessageSystemAttributeNames: ['All'], MessageAttributeNames: ['All'],
    });
    const [message] = Messages ?? [];
    assert.ok(message, `nothing in ${QueueUrl}`);
    await sqs(engine, 'DeleteMessage', { QueueUrl, ReceiptHandle: message.ReceiptHandle });
    return message;
  };

  it('a chain of two functions ends in a queue: one trace, each execution knowing its cause', async () => {
    const place = await functionNamed('Place');
    const id = await invokeEvent(engine, place.name, { id: 'o-1' });
    const message = await receive('Results');
    const record = JSON.parse(message.Body) as Record<string, Record<string, unknown>>;
    assert.deepEqual(record['responsePayload'], { confirmed: 'o-1' });
    assert.deepEqual([record['requestContext']?.['condition'], message.MessageAttributes], ['Success', undefined]);
    const confirm = record['requestContext']?.['requestId'] as string;
    const { execution } = await own<{ execution: Execution }>(engine, `execution?id=${confirm}`);
    assert.deepEqual([execution.causedBy, execution.source], [id, 'destination']);
    assert.equal(message.Attributes?.['AWSTraceHeader'], execution.traceId);
  });

  it('a failure reaches the on-failure queue that SAM made, and the dead-letter queue with AWS\'s attributes', async () => {
    const broken = await functionNamed('Broken');
    const failureArn = broken.eventInvokeConfigs[0]?.onFailure ?? '';
    const id = await invokeEvent(engine, broken.name, { id: 'o-2' });
    const letter = await receive('Dead');
    assert.equal(letter.Body, '{"id":"o-2"}');
    assert.deepEqual(Object.fromEntries(Object.entries(letter.MessageAttributes ?? {}).map(([name, { DataType, StringValue }]) => [name, [DataType, StringValue]])), {
      RequestID: ['String', id], ErrorCode: ['Number', '200'], ErrorMessage: ['String', 'card refused'],
    });
    const record = JSON.parse((await receive(failureArn.split(':').at(-1) as string)).Body) as Record<string, Record<string, unknown>>;
    assert.deepEqual([record['requestContext']?.['requestId'], record['requestContext']?.['condition']], [id, 'RetriesExhausted']);
    const { execution } = await own<{ execution: Execution }>(engine, `execution?id=${id}`);
    assert.deepEqual(execution.asynchronous?.deliveries.map(({ kind, status }) => [kind, status]), [['OnFailure', 'delivered'], ['DeadLetterQueue', 'delivered']]);
  });

  it('a destination that does not exist is a failed delivery that names the service\'s own error', async () => {
    const place = await functionNamed('Broken');
    const target = 'arn:aws:sqs:us-east-1:123456789012:nowhere';
    const answer = await fetch(`${engine.info.endpoint}/2019-09-25/functions/${place.name}/event-invoke-config`, {
      method: 'PUT', body: JSON.stringify({ MaximumRetryAttempts: 0, DestinationConfig: { OnFailure: { Destination: target } } }),
    });
    assert.equal(answer.status, 200);
    const id = await invokeEvent(engine, place.name, {});
    for (let turn = 0; ; turn += 1) {
      const { execution } = await own<{ execution: Execution }>(engine, `execution?id=${id}`);
      const [delivery] = execution.asynchronous?.deliveries ?? [];
      if (delivery) {
        assert.deepEqual([delivery.status, delivery.error?.split(':')[0]], ['failed', 'QueueDoesNotExist']);
        break;
      }
      assert.ok(turn < 200, 'no delivery was recorded');
      await delay(50);
    }
  });
});
