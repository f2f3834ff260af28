/** Commands about topics: publish, look at what became of messages, delete. */
import { UserError } from '../../contracts/faults.ts';
import type { TopicSummary } from '../../contracts/resource-views.ts';
import { isNode } from './chooser.ts';
import type { DestinationParts } from './parts.ts';
import { chooseSource, confirm, wantsDraft } from './queue-commands.ts';
import { topicDescription } from './words.ts';

export function registerTopicCommands({ commands, calls, chooser, documents, drafts, inform }: DestinationParts): void {
  const publish = async (topic: TopicSummary, message: string) => {
    const output = await calls.sns('Publish', {
      TopicArn: topic.arn, Message: message,
      ...(topic.fifo && { MessageGroupId: 'group-1', MessageDeduplicationId: crypto.randomUUID() }),
    });
    inform(`Published to ${topic.name}.`);
    return output.MessageId;
  };

  commands.register('publishMessage', async (argument, given) => {
    const topic = await chooser.choose('topic', argument, 'Publish to Topic');
    if (!topic) return undefined;
    if (typeof given === 'string') return publish(topic, given);
    const source = wantsDraft(given) ? 'draft' : await chooseSource(`Publish to ${topic.name}`);
    if (source === undefined) return undefined;
    if (source !== 'draft') return publish(topic, source);
    await drafts.open({ kind: 'publish', arn: topic.arn, name: topic.name }, { fifo: topic.fifo });
    return undefined;
  });

  commands.register('openPublished', async (argument) => {
    if (!isNode(argument) || argument.kind !== 'published') throw new UserError('Choose one of a topic\'s last messages in the Destinations view.');
    await documents.openPublished(argument.topic.arn, argument.message.messageId);
  });

  commands.register('deleteTopic', async (argument, confirmed) => {
    const topic = await chooser.choose('topic', argument, 'Delete Topic');
    if (!topic) return;
    if (confirmed !== true && !await confirm(`Delete the topic ${topic.name}?`, `It has ${topicDescription(topic)}. Its subscriptions go with it.`, 'Delete')) return;
    await calls.sns('DeleteTopic', { TopicArn: topic.arn });
    inform(`${topic.name} was deleted.`);
  });
}
