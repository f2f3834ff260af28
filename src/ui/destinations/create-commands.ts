/** Commands that create queues, topics and buses, and those that every resource has. */
import * as vscode from 'vscode';
import { UserError } from '../../contracts/faults.ts';
import type { FunctionOrigin } from '../../contracts/functions.ts';
import { columnForText } from '../text-column.ts';
import { isNode } from './chooser.ts';
import { resourceNameProblem, type NewResource } from './names.ts';
import { arnOf, unqualified, type Node } from './nodes.ts';
import type { DestinationParts } from './parts.ts';
import { readDraft } from './texts.ts';
import { targetName } from './words.ts';

const titles: Readonly<Record<NewResource, string>> = { queue: 'Create SQS Queue', topic: 'Create SNS Topic', bus: 'Create EventBridge Bus' };

/** Asks for a name that is not given; the ARN of what was made, or undefined when the user gave up. */
export async function createResource({ engine, calls, inform }: DestinationParts, kind: NewResource, given?: string): Promise<string | undefined> {
  await engine.start();
  const { queues, topics, buses } = engine.resources;
  const taken = { queue: queues, topic: topics, bus: buses }[kind].map(({ name }) => name);
  const name = given ?? await vscode.window.showInputBox({
    title: titles[kind], prompt: kind === 'bus' ? 'Name of the bus.' : `Name of the ${kind}; ending in .fifo makes it FIFO.`,
    validateInput: (value) => resourceNameProblem(kind, value, taken),
  });
  if (name === undefined) return undefined;
  const problem = resourceNameProblem(kind, name, taken);
  if (problem !== undefined) throw new UserError(problem);
  const fifo = name.endsWith('.fifo');
  let arn: unknown;
  switch (kind) {
    case 'queue': {
      const { QueueUrl } = await calls.sqs('CreateQueue', { QueueName: name, ...(fifo && { Attributes: { FifoQueue: 'true' } }) });
      const { Attributes } = await calls.sqs('GetQueueAttributes', { QueueUrl, AttributeNames: ['QueueArn'] });
      arn = (Attributes as Record<string, string>).QueueArn;
      break;
    }
    case 'topic':
      arn = (await calls.sns('CreateTopic', { Name: name, ...(fifo && { Attributes: { FifoTopic: 'true' } }) })).TopicArn;
      break;
    case 'bus':
      arn = (await calls.events('CreateEventBus', { Name: name })).EventBusArn;
      break;
  }
  inform(`${name} was created.`);
  return String(arn);
}

export function registerResourceCommands(parts: DestinationParts): void {
  const { commands, engine, calls, chooser, drafts, tree, inform } = parts;
  for (const [name, kind] of [['createQueue', 'queue'], ['createTopic', 'topic'], ['createBus', 'bus']] as const) {
    commands.register(name, async (given) => {
      const arn = await createResource(parts, kind, typeof given === 'string' ? given : undefined);
      return arn;
    });
  }

  commands.register('sendDraft', async (uri) => {
    const { draft, document } = drafts.find(uri);
    await engine.start();
    const { resources } = engine;
    const queue = resources.queues.find(({ arn }) => arn === draft.arn);
    const topic = resources.topics.find(({ arn }) => arn === draft.arn);
    const bus = resources.buses.find(({ arn }) => arn === draft.arn);
    if (!queue && !topic && !bus) throw new UserError(`${draft.name} is not here any more, so nothing was sent.`);
    let outgoing;
    try {
      outgoing = readDraft(draft.kind, document.getText(), {
        arn: draft.arn, fifo: queue?.fifo ?? topic?.fifo ?? false, unique: crypto.randomUUID(),
        ...(queue && { url: queue.url }), ...(bus && { busName: bus.name }),
      });
    } catch (error) {
      throw new UserError((error as Error).message, { cause: error });
    }
    const output = await calls[outgoing.service](outgoing.operation, outgoing.input);
    // PutEvents answers 200 also for an entry that it refused.
    const refused = (output.Entries as { ErrorCode?: string; ErrorMessage?: string }[] | undefined)?.find(({ ErrorCode }) => ErrorCode !== undefined);
    if (refused) throw new UserError(`${refused.ErrorCode}: ${refused.ErrorMessage}`);
    inform(`Sent to ${draft.name}.`);
    return output;
  });

  commands.register('showMore', async (argument) => {
    if (isNode(argument) && argument.kind === 'more') tree.showMore(argument);
  });
  commands.register('revealTarget', async (argument) => {
    const arn = typeof argument === 'string' ? argument : isNode(argument) ? arnOf(argument) : undefined;
    if (arn === undefined) throw new UserError('Choose a destination in the Destinations view.');
    // Streams and what polls stand in the other view.
    if (/^arn:[^:]*:(?:kinesis|dynamodb):|:event-source-mapping:/.test(arn)) {
      await vscode.commands.executeCommand('localLambda.revealEventSource', arn);
      return;
    }
    if (await tree.reveal(unqualified(arn))) return;
    // A function without destinations of its own stands in the other view only.
    const fn = engine.functions.find((candidate) => candidate.arn === unqualified(arn));
    if (!fn) throw new UserError(`${targetName(arn)} is not here: deliveries to it fail.`);
    await vscode.commands.executeCommand('localLambda.openHandler', fn.name);
  });
  commands.register('copyResourceArn', async (argument) => {
    const arn = isNode(argument) ? arnOf(argument) : undefined;
    if (arn === undefined) throw new UserError('Choose a resource in the Destinations view.');
    await vscode.env.clipboard.writeText(arn);
    inform('Copied.');
  });
  commands.register('copyQueueUrl', async (argument) => {
    const queue = await chooser.choose('queue', argument, 'Copy Queue URL');
    if (!queue) return;
    await vscode.env.clipboard.writeText(queue.url);
    inform('Copied.');
  });
  commands.register('openResourceTemplate', async (argument) => {
    const location = isNode(argument) ? originOf(argument)?.location : undefined;
    if (!location) throw new UserError('No template declares it: it was created by an API call.');
    const position = new vscode.Position(location.line, location.column);
    await vscode.window.showTextDocument(await vscode.workspace.openTextDocument(vscode.Uri.file(location.file)), { viewColumn: columnForText(), selection: new vscode.Range(position, position) });
  });
}

function originOf(node: Node): FunctionOrigin | undefined {
  switch (node.kind) {
    case 'owner': return node.fn.origin;
    case 'queue': return node.queue.origin;
    case 'topic': return node.topic.origin;
    case 'bus': return node.bus.origin;
    case 'rule': return node.rule.origin;
    case 'bucket': return node.bucket.origin;
    case 'section': case 'qualifier': case 'destination': case 'retries': case 'message': case 'more': case 'subscription': case 'publishedGroup':
    case 'published': case 'ruleTarget': case 'eventGroup': case 'busEvent': case 'object':
      return undefined;
  }
}
