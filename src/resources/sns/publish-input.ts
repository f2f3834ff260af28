/** What Publish and PublishBatch accept: one message, checked, in AWS's words when it is refused. */
import { createHash } from 'node:crypto';
import type { ServiceInput } from '../../contracts/resources.ts';
import { invalidParameter } from './faults.ts';
import { attributeMap, optionalText } from './input.ts';
import { attributeBytes, checkMessageAttributes, type MessageAttributes } from './message-attributes.ts';
import { defaultMessageBytes } from './topic-attributes.ts';
import type { Topic } from './topic-registry.ts';

export interface AcceptedMessage {
  /** By protocol, when the message has a structure; else the same for all. */
  messageFor(protocol: string): string;
  /** As it was sent. */
  message: string;
  subject?: string;
  attributes: MessageAttributes;
  groupId?: string;
  /** FIFO topics always have one: given, or the hash of the message. */
  deduplicationId?: string;
  bytes: number;
}

const longestSubject = 100;
/** Letters, digits and ASCII punctuation. */
const idPattern = /^[!-~]{1,128}$/;

/** Bytes of a message with its attributes that the topic takes. */
export function messageLimit(topic: Topic): number {
  return Number(topic.attributes['MaximumMessageSize'] ?? defaultMessageBytes);
}

/**
 * Everything but the size, which a batch counts together.
 * @param path Where the entry stands in the request, for API model errors.
 * @throws AwsFault
 */
export function acceptMessage(topic: Topic, input: ServiceInput, path = ''): AcceptedMessage {
  const message = optionalText(input, 'Message') ?? '';
  if (message === '') throw invalidParameter('Empty message');
  const subject = optionalText(input, 'Subject');
  if (subject !== undefined && !isSubject(subject)) throw invalidParameter('Subject');
  const ids = fifoIds(topic, message, optionalText(input, 'MessageGroupId'), optionalText(input, 'MessageDeduplicationId'));
  const attributes = checkMessageAttributes(attributeMap(input), path);
  const byProtocol = structured(message, optionalText(input, 'MessageStructure'));
  return {
    message, attributes, ...ids,
    ...(subject === undefined ? {} : { subject }),
    messageFor: (protocol) => (byProtocol ? byProtocol.get(protocol) ?? byProtocol.get('default') as string : message),
    bytes: Buffer.byteLength(message) + attributeBytes(attributes),
  };
}

function fifoIds(topic: Topic, message: string, groupId: string | undefined, deduplicationId: string | undefined): Pick<AcceptedMessage, 'groupId' | 'deduplicationId'> {
  if (groupId !== undefined && !idPattern.test(groupId)) throw invalidParameter('MessageGroupId');
  if (deduplicationId !== undefined && topic.fifo && !idPattern.test(deduplicationId)) throw invalidParameter('MessageDeduplicationId');
  if (!topic.fifo) {
    if (deduplicationId !== undefined) {
      throw invalidParameter('MessageDeduplicationId Reason: The request includes MessageDeduplicationId parameter that is not valid for this topic type');
    }
    return groupId === undefined ? {} : { groupId };
  }
  if (groupId === undefined) throw invalidParameter('The MessageGroupId parameter is required for FIFO topics');
  if (deduplicationId === undefined && topic.attributes['ContentBasedDeduplication'] !== 'true') {
    throw invalidParameter('The topic should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly');
  }
  return { groupId, deduplicationId: deduplicationId ?? createHash('sha256').update(message).digest('hex') };
}

function isSubject(subject: string): boolean {
  return subject !== '' && subject.length <= longestSubject && !/[\u0000-\u001f\u007f]/.test(subject);
}

/** Messages by protocol; undefined when one is for all. Values that are no text are as if they were not there. */
function structured(message: string, structure: string | undefined): Map<string, string> | undefined {
  if (structure === undefined || structure === '') return undefined;
  if (structure !== 'json') throw invalidParameter('MessageStructure');
  let value: unknown;
  try {
    value = JSON.parse(message);
  } catch {
    value = undefined;
  }
  if (value === null || typeof value !== 'object' || Array.isArray(value)) throw invalidParameter('Message Structure - JSON message body failed to parse');
  const byProtocol = new Map(Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
  if (!byProtocol.has('default')) throw invalidParameter('Message Structure - No default entry in JSON message body');
  return byProtocol;
}
