/** Commands about queues: look, send, purge, redrive, delete, create. */
import * as vscode from 'vscode';
import { UserError } from '../../contracts/faults.ts';
import type { PeekedMessage, QueueSummary } from '../../contracts/resource-views.ts';
import { deleteMessage, invoke, peekMessages, redriveBatch } from '../../protocol/engine.ts';
import { sentence } from '../sentences.ts';
import { isNode } from './chooser.ts';
import { batchFailureArns, eventOf, failedBatch } from './dead-letters.ts';
import { redriveText, type Redriven } from './redrive-words.ts';
import { deadLetterArns, type MessageNode } from './nodes.ts';
import type { DestinationParts } from './parts.ts';
import { count, preview, queueDescription, targetName } from './words.ts';

/** A move task is asked after so often, milliseconds. */
const taskPoll = 100;

export function registerQueueCommands(parts: DestinationParts): void {
  const { commands, engine, calls, chooser, documents, drafts, inform } = parts;

  commands.register('openMessage', async (argument) => {
    const { queueArn, queueName, message } = messageOf(argument);
    await documents.openMessage(queueArn, queueName, message);
  });
  commands.register('showSender', async (argument) => {
    const { message } = messageOf(argument);
    const batch = failedBatch(message.body);
    if (batch) return parts.showRecord(batch.executionId);
    if (message.causedBy === undefined) throw new UserError('Its trace header names no execution: something outside sent this message.');
    await parts.showRecord(message.causedBy);
  });
  commands.register('deleteMessage', async (argument) => {
    const { queueArn, queueName, message } = messageOf(argument);
    const remove = 'Delete';
    const answer = await vscode.window.showWarningMessage(`Delete this message from ${queueName}?`, { modal: true, detail: preview(message.body, 200) }, remove);
    if (answer !== remove) return;
    if (!await engine.request(deleteMessage, { queueArn, messageId: message.messageId })) inform('The message was gone already.');
  });

  commands.register('sendMessage', async (argument, given) => {
    const queue = await chooser.choose('queue', argument, 'Send Message');
    if (!queue) return undefined;
    if (typeof given === 'string') return send(queue, given);
    const source = wantsDraft(given) ? 'draft' : await chooseSource(`Send Message to ${queue.name}`);
    if (source === undefined) return undefined;
    if (source !== 'draft') return send(queue, source);
    await drafts.open({ kind: 'message', arn: queue.arn, name: queue.name }, { fifo: queue.fifo });
    return undefined;
  });

  const send = async (queue: QueueSummary, body: string) => {
    const output = await calls.sqs('SendMessage', {
      QueueUrl: queue.url, MessageBody: body,
      ...(queue.fifo && { MessageGroupId: 'group-1', MessageDeduplicationId: crypto.randomUUID() }),
    });
    inform(`Sent to ${queue.name}.`);
    return output.MessageId;
  };

  commands.register('purgeQueue', async (argument, confirmed) => {
    const queue = await chooser.choose('queue', argument, 'Purge Queue');
    if (!queue) return;
    if (confirmed !== true && !await confirm(`Delete all messages of ${queue.name}?`, `It holds ${queueDescription(queue)}.`, 'Purge')) return;
    await calls.sqs('PurgeQueue', { QueueUrl: queue.url });
    inform(`${queue.name} was purged.`);
  });

  commands.register('redriveQueue', async (argument) => {
    const dead = deadLetterArns(engine.functions, engine.resources, batchFailureArns(engine.mappings));
    const queue = await chooser.choose('queue', argument, 'Redrive Dead Letters', ({ arn }) => dead.has(arn));
    if (!queue) return undefined;
    if (queue.sourceArns.length === 0) return redriveToFunctions(queue);
    // Of several sources SQS itself knows where each message came from; into the only one also goes what was sent by hand.
    const [only] = queue.sourceArns;
    await calls.sqs('StartMessageMoveTask', { SourceArn: queue.arn, ...(queue.sourceArns.length === 1 && { DestinationArn: only }) });
    const { moved, failure } = await moveTaskEnd(queue);
    const back = `${count(moved, 'message')} of ${queue.name} went back to ${queue.sourceArns.map(targetName).join(', ')}`;
    if (failure !== undefined) throw new UserError(`${back}, then the move failed: ${failure}.`);
    inform(`${back}.`);
    return moved;
  });

  /** Resolves when the newest move task of a queue has ended. */
  async function moveTaskEnd(queue: QueueSummary): Promise<{ moved: number; failure?: string }> {
    for (;;) {
      const { Results } = await calls.sqs('ListMessageMoveTasks', { SourceArn: queue.arn });
      const [task] = Results as { Status: string; ApproximateNumberOfMessagesMoved: number; FailureReason?: string }[];
      if (!task) return { moved: 0 };
      if (task.Status !== 'RUNNING') return { moved: task.ApproximateNumberOfMessagesMoved, ...(task.Status === 'FAILED' && { failure: task.FailureReason ?? 'no reason is known' }) };
      await new Promise((resolve) => setTimeout(resolve, taskPoll));
    }
  }

  /** SQS moves messages of queues only: events of functions are invoked again, oldest first, and batches of streams with them. */
  async function redriveToFunctions(queue: QueueSummary): Promise<number> {
    const owners = engine.functions.filter(({ deadLetterTargetArn }) => deadLetterTargetArn === queue.arn).map(({ name }) => name);
    const redriven: Redriven = { queueName: queue.name, owners, events: 0, batches: [], strangers: 0, failures: [] };
    let after: string | undefined;
    for (;;) {
      const page = await engine.request(peekMessages, { queueArn: queue.arn, limit: 100, ...(after !== undefined && { after }) });
      for (const message of page) {
        if (!await redriveOne(message, redriven)) {
          after = message.messageId;
          continue;
        }
        // Accepted first, removed then: an event may come twice, but is never lost.
        await engine.request(deleteMessage, { queueArn: queue.arn, messageId: message.messageId });
      }
      if (page.length < 100) break;
    }
    const moved = redriven.events + redriven.batches.filter(({ failed }) => failed === 0).length;
    const text = redriveText(redriven);
    if (moved === 0) throw new UserError(text);
    if (redriven.failures.length > 0) void vscode.window.showWarningMessage(text);
    else inform(text);
    return moved;
  }

  /** Whether the message has done its service. */
  async function redriveOne(message: PeekedMessage, redriven: Redriven): Promise<boolean> {
    if (message.state !== 'in-flight' && failedBatch(message.body)) {
      try {
        const batch = await engine.request(redriveBatch, { record: message.body });
        if (batch) {
          redriven.batches.push(batch);
          if (batch.failed > 0) redriven.failures.push(`${batch.functionName} failed again with ${batch.failed === batch.records ? 'it' : `${batch.failed} of ${batch.records} records`}. ${batch.why ?? ''}`.trim());
          return batch.failed === 0;
        }
      } catch (error) {
        redriven.failures.push(sentence(error));
        return false;
      }
    }
    const event = eventOf(message, redriven.owners);
    if (!event || message.state === 'in-flight') {
      redriven.strangers += 1;
      return false;
    }
    await engine.request(invoke, { ...event, invocationType: 'Event', logType: 'None' });
    redriven.events += 1;
    return true;
  }

  commands.register('deleteQueue', async (argument, confirmed) => {
    const queue = await chooser.choose('queue', argument, 'Delete Queue');
    if (!queue) return;
    const back = queue.origin?.location ? ' A template declares it: it comes back when that template is read anew after a change.' : '';
    if (confirmed !== true && !await confirm(`Delete the queue ${queue.name}?`, `It holds ${queueDescription(queue)}. Deliveries to it fail from now on.${back}`, 'Delete')) return;
    await calls.sqs('DeleteQueue', { QueueUrl: queue.url });
    inform(`${queue.name} was deleted.`);
  });
}

function messageOf(argument: unknown): MessageNode {
  if (isNode(argument) && argument.kind === 'message') return argument;
  throw new UserError('Choose a message in the Destinations view.');
}

/** A question that wants its button pressed. */
export async function confirm(message: string, detail: string, button: string): Promise<boolean> {
  return await vscode.window.showWarningMessage(message, { modal: true, detail }, button) === button;
}

/** What a caller passes instead of a text, to write it in an editor. Menus pass the selected nodes, as an array. */
export function wantsDraft(given: unknown): boolean {
  return typeof given === 'object' && given !== null && (given as { draft?: unknown }).draft === true;
}

interface SourceItem extends vscode.QuickPickItem {
  /** The text itself; undefined asks for it. */
  text?: string;
  draft?: true;
}

/** Where a text to send comes from: `draft` when it is to be written in an editor; undefined when the user gave up. */
export async function chooseSource(title: string): Promise<string | undefined> {
  const editor = vscode.window.activeTextEditor;
  const selected = editor && !editor.selection.isEmpty ? editor.document.getText(editor.selection) : undefined;
  const items: SourceItem[] = [
    { label: '$(edit) Write it in an editor', description: 'with attributes', draft: true },
    { label: '$(symbol-string) Type it…' },
    ...(editor && selected !== undefined ? [{ label: '$(selection) Selection', description: preview(selected), text: selected }] : []),
    ...(editor && editor.document.uri.scheme !== 'output' && editor.document.getText().trim() !== '' ? [{ label: `$(file) ${vscode.workspace.asRelativePath(editor.document.uri)}`, description: 'the whole document', text: editor.document.getText() }] : []),
  ];
  const picked = await vscode.window.showQuickPick(items, { title, placeHolder: 'What is sent' });
  if (!picked) return undefined;
  if (picked.draft) return 'draft';
  return picked.text ?? vscode.window.showInputBox({ title, prompt: 'JSON or any text.', validateInput: (value) => (value === '' ? 'It must not be empty.' : undefined) });
}
