/** Message move tasks, as recorded from AWS. */
import assert from 'node:assert/strict';
import { arnOf, Harness, type ReceivedMessage } from './harness.ts';

interface Task {
  TaskHandle?: string;
  Status: string;
  DestinationArn?: string;
  FailureReason?: string;
  ApproximateNumberOfMessagesMoved: number;
  ApproximateNumberOfMessagesToMove: number;
}

describe('SQS: a message move task', () => {
  let t: Harness;
  let url: string;
  let dead: string;
  beforeEach(() => { t = new Harness(); [url, dead] = t.createWithDeadLetters(1); });
  afterEach(() => { t.close(); });

  function die(count: number): void {
    for (let at = 0; at < count; at += 1) t.send(url, `m${at}`);
    while (t.receive(url, { MaxNumberOfMessages: 10, VisibilityTimeout: 0 }).length > 0);
    assert.equal(t.counts(dead)[0], count);
  }
  const start = (more = {}) => t.now<{ TaskHandle: string }>('StartMessageMoveTask', { SourceArn: arnOf('dead'), ...more }).TaskHandle;
  const tasks = (MaxResults = 10) => t.now<{ Results: Task[] }>('ListMessageMoveTasks', { SourceArn: arnOf('dead'), MaxResults }).Results;

  it('brings dead letters back to where they came from, as new messages', async () => {
    die(12);
    const before = t.receive(dead, { VisibilityTimeout: 0 })[0] as ReceivedMessage;
    start();
    const [running] = tasks() as [Task];
    assert.equal(running.Status, 'RUNNING');
    assert.ok(running.TaskHandle);
    await t.clock.pass(1000);
    const [done] = tasks() as [Task];
    assert.deepEqual([done.Status, done.ApproximateNumberOfMessagesMoved, done.ApproximateNumberOfMessagesToMove, done.TaskHandle, done.DestinationArn], ['COMPLETED', 12, 12, undefined, undefined]);
    assert.deepEqual([t.counts(url), t.counts(dead)], [[12, 0, 0], [0, 0, 0]]);
    const back = t.receive(url, { MaxNumberOfMessages: 10 });
    assert.equal(back[0]?.Attributes.ApproximateReceiveCount, '1');
    assert.equal(back[0]?.Attributes.DeadLetterQueueSourceArn, undefined);
    assert.ok(back.every(({ MessageId }) => MessageId !== before.MessageId));
  });

  it('brings them to another queue when one is named', async () => {
    die(2);
    const other = t.create('other');
    start({ DestinationArn: arnOf('other') });
    await t.clock.pass(1000);
    assert.equal(t.counts(other)[0], 2);
    assert.equal(tasks()[0]?.DestinationArn, arnOf('other'));
  });

  it('keeps to its rate, and can be cancelled', async () => {
    die(10);
    const TaskHandle = start({ MaxNumberOfMessagesPerSecond: 1 });
    await t.clock.pass(2500);
    assert.deepEqual(t.now('CancelMessageMoveTask', { TaskHandle }), { ApproximateNumberOfMessagesMoved: 2 });
    await t.clock.pass(5000);
    assert.equal(tasks()[0]?.Status, 'CANCELLED');
    assert.deepEqual([t.counts(url)[0], t.counts(dead)[0]], [2, 8]);
    assert.equal(t.fails('CancelMessageMoveTask', { TaskHandle }).message, 'Task does not exist.');
  });

  it('goes on after a restart', async () => {
    die(10);
    start({ MaxNumberOfMessagesPerSecond: 1 });
    await t.clock.pass(2500);
    t.restart();
    await t.clock.pass(20_000);
    assert.deepEqual([tasks()[0]?.Status, t.counts(url)[0]], ['COMPLETED', 10]);
  });

  it('fails when its destination goes, or when nobody knows where a message came from', async () => {
    die(5);
    const other = t.create('other');
    start({ DestinationArn: arnOf('other'), MaxNumberOfMessagesPerSecond: 1 });
    await t.clock.pass(1500);
    t.now('DeleteQueue', { QueueUrl: other });
    await t.clock.pass(1000);
    assert.deepEqual([tasks()[0]?.Status, tasks()[0]?.FailureReason], ['FAILED', 'AWS.SimpleQueueService.NonExistentQueue']);
    t.clock.time += 1;
    t.send(dead, 'sent here');
    start();
    await t.clock.pass(1000);
    assert.deepEqual([tasks()[0]?.Status, tasks()[0]?.FailureReason], ['FAILED', 'CouldNotDetermineMessageSource']);
    assert.deepEqual([t.counts(url)[0], t.bodies(dead)], [4, ['sent here']], 'those that have a source went there');
  });

  it('ends after as many as there were, though they come back at once', async () => {
    die(3);
    start();
    await t.clock.pass(25);
    while (t.receive(url, { MaxNumberOfMessages: 10, VisibilityTimeout: 0 }).length > 0);
    await t.clock.pass(5000);
    assert.equal(tasks()[0]?.Status, 'COMPLETED');
    assert.equal(t.counts(dead)[0], 3);
  });

  it('is refused as AWS refuses it', () => {
    const plain = t.create('plain');
    assert.ok(plain);
    assert.equal(t.fails('StartMessageMoveTask', { SourceArn: arnOf('plain') }).message, 'Source queue must be configured as a Dead Letter Queue.');
    const none = t.fails('StartMessageMoveTask', { SourceArn: arnOf('none') });
    assert.deepEqual([none.name, none.status, none.message], ['ResourceNotFoundException', 404, "The resource that you specified for the SourceArn parameter doesn't exist."]);
    assert.equal(t.fails('StartMessageMoveTask', { SourceArn: arnOf('dead'), DestinationArn: arnOf('none') }).message, "The resource that you specified for the DestinationArn parameter doesn't exist.");
    assert.equal(t.fails('ListMessageMoveTasks', { SourceArn: 'nonsense' }).message, 'You must use this format to specify the SourceArn: arn:<partition>:<service>:<region>:<account-id>:<resource-id>');
    die(1);
    start({ MaxNumberOfMessagesPerSecond: 1 });
    assert.equal(t.fails('StartMessageMoveTask', { SourceArn: arnOf('dead') }).message, 'There is already a task running. Only one active task is allowed for a source queue arn at a given time.');
    const handle = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64');
    assert.equal(t.fails('CancelMessageMoveTask', { TaskHandle: 'foobared' }).message, 'Value for parameter TaskHandle is invalid.');
    assert.match(t.fails('CancelMessageMoveTask', { TaskHandle: handle({ taskId: 'x', sourceArn: arnOf('none') }) }).message, /SourceArn parameter doesn't exist/);
    assert.equal(t.fails('CancelMessageMoveTask', { TaskHandle: handle({ taskId: 'x', sourceArn: arnOf('dead') }) }).message, 'Task does not exist.');
  });
});
