/** Commands about records: send one, and ask why one reached no function. */
import * as vscode from 'vscode';
import { UserError } from '../../contracts/faults.ts';
import { callService, peekMessages, peekRecords, putStreamRecord, putTableChange } from '../../protocol/engine.ts';
import { isSourceNode, sourceArnOf, type ChosenSource } from './chooser.ts';
import { sourceName } from './mapping-words.ts';
import type { EventSourceParts } from './parts.ts';

/** Records that are offered to ask about. */
const mostOffered = 20;

export function registerRecordCommands({ commands, engine, chooser, documents, inform }: EventSourceParts): void {
  /** Arguments: source or mapping, and the text to send. Answers with the message id or sequence number. */
  commands.register('sendRecord', async (argument, given) => {
    const title = 'Send a Record';
    const source = await chooser.source(argument, title);
    if (!source) return undefined;
    const name = sourceName(source.arn);
    const place = engine.mappings.find(({ eventSourceArn }) => eventSourceArn === source.arn)?.place;
    if (place) throw new UserError(`${name} lives elsewhere (${place.label}): send to it there. From here only embedded queues and streams take records.`);
    const offered = source.source === 'sqs' && typeof given !== 'string' && (await vscode.commands.getCommands(true)).includes('localLambda.sendMessage');
    // The Destinations view's command has drafts with attributes.
    if (offered) return vscode.commands.executeCommand('localLambda.sendMessage', source.arn);
    const text = typeof given === 'string' ? given : await vscode.window.showInputBox({
      title: `${title} to ${name}`, prompt: source.source === 'dynamodb' ? 'The new item as DynamoDB JSON, such as {"id":{"S":"1"}}.' : 'JSON or any text.', ignoreFocusOut: true,
      validateInput: (value) => (source.source === 'dynamodb' ? itemProblem(value) : value === '' ? 'It must not be empty.' : undefined),
    });
    if (text === undefined) return undefined;
    const id = await send(source, text);
    inform(`Sent to ${name}.`);
    return id;
  });

  async function send({ source, arn }: ChosenSource, text: string): Promise<string | undefined> {
    if (source === 'kinesis') return (await engine.request(putStreamRecord, { streamArn: arn, partitionKey: crypto.randomUUID(), text })).sequenceNumber;
    if (source === 'dynamodb') {
      const problem = itemProblem(text);
      if (problem !== undefined) throw new UserError(problem);
      return (await engine.request(putTableChange, { streamArn: arn, newImage: JSON.parse(text) as Record<string, unknown> }))?.sequenceNumber;
    }
    const queue = engine.resources.queues.find((each) => each.arn === arn);
    if (!queue) throw new UserError(`The queue ${sourceName(arn)} is not here.`);
    const output = await engine.request(callService, {
      service: 'sqs', operation: 'SendMessage',
      input: { QueueUrl: queue.url, MessageBody: text, ...(queue.fifo && { MessageGroupId: 'group-1', MessageDeduplicationId: crypto.randomUUID() }) },
    });
    return String(output['MessageId']);
  }

  /** Arguments: a node of this view, a message that was peeked at, a source's ARN, or nothing; and the id. */
  commands.register('explainRecord', async (argument, given) => {
    await engine.start();
    const peeked = peekedMessage(argument);
    if (peeked) return documents.openWhy(peeked.id, peeked.queueArn);
    const node = isSourceNode(argument) ? argument : undefined;
    const sourceArn = typeof argument === 'string' && argument.startsWith('arn:') ? argument : sourceArnOf(node);
    const id = typeof given === 'string' ? given : node?.kind === 'filtered' ? node.record.id : await askId(sourceArn);
    if (id !== undefined) await documents.openWhy(id, sourceArn);
    return undefined;
  });

  /** Undefined when the user gave up. */
  async function askId(sourceArn: string | undefined): Promise<string | undefined> {
    const title = 'Why Did Nothing Happen?';
    const type = { label: '$(edit) Type an ID…', description: 'message ID or sequence number', id: undefined };
    const known = sourceArn === undefined ? [] : await recordsOf(sourceArn);
    const picked = known.length === 0 ? type : await vscode.window.showQuickPick<vscode.QuickPickItem & { id: string | undefined }>([type, ...known], { title, placeHolder: 'Choose a message or record', matchOnDescription: true });
    if (!picked || picked.id !== undefined) return picked?.id;
    const text = await vscode.window.showInputBox({ title, prompt: 'Message ID of a queue, or sequence number of a stream.', validateInput: (value) => (value.trim() === '' ? 'It must not be empty.' : undefined) });
    return text?.trim();
  }

  /** What is in the source now, and what filters kept away. */
  async function recordsOf(sourceArn: string): Promise<(vscode.QuickPickItem & { id: string })[]> {
    const filtered = engine.mappings.filter(({ eventSourceArn }) => eventSourceArn === sourceArn)
      .flatMap(({ lastFiltered }) => lastFiltered.map(({ id }) => ({ label: id, description: 'filtered out', id })));
    const elsewhere = engine.mappings.some(({ eventSourceArn, place }) => eventSourceArn === sourceArn && place !== undefined);
    const isQueue = !elsewhere && engine.resources.queues.some(({ arn }) => arn === sourceArn);
    const isStream = !elsewhere && [...engine.resources.streams, ...engine.resources.tableStreams].some(({ arn }) => arn === sourceArn);
    const here = isQueue
      ? (await engine.request(peekMessages, { queueArn: sourceArn, limit: mostOffered })).map(({ messageId, body, state }) => ({ label: messageId, description: `${state} · ${body.slice(0, 80)}`, id: messageId }))
      : isStream
        ? (await engine.request(peekRecords, { streamArn: sourceArn, order: 'newest', limit: mostOffered })).map(({ sequenceNumber, partitionKey, text = '' }) => ({ label: sequenceNumber, description: `${partitionKey} · ${text.slice(0, 80)}`, id: sequenceNumber }))
        : [];
    const seen = new Set(here.map(({ id }) => id));
    return [...here, ...filtered.filter(({ id }) => !seen.has(id))].slice(0, mostOffered * 2);
  }
}

/** A row of a queue in the Destinations view. */
function peekedMessage(value: unknown): { id: string; queueArn: string } | undefined {
  const { kind, queueArn, message } = (value ?? {}) as { kind?: unknown; queueArn?: unknown; message?: { messageId?: unknown } };
  return kind === 'message' && typeof queueArn === 'string' && typeof message?.messageId === 'string' ? { id: message.messageId, queueArn } : undefined;
}

function itemProblem(text: string): string | undefined {
  try {
    const item = JSON.parse(text) as unknown;
    return typeof item === 'object' && item !== null && !Array.isArray(item) ? undefined : 'An item is a JSON object.';
  } catch (error) {
    return `Not JSON yet: ${(error as Error).message}.`;
  }
}
