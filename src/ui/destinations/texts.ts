/** Messages, objects and events as JSON documents to read, and drafts to write and send. No VS Code, so that Node tests it. */
import type { BusEvent, EventExplanation, PeekedMessage, PublishedMessage } from '../../contracts/resource-views.ts';
import type { ServiceInput } from '../../contracts/resources.ts';
import { indentJson } from '../../protocol/panel-json.ts';

/** A message as a person reads it: its body first, as JSON when it is JSON, every number as it was written. */
export function messageText(message: PeekedMessage): string {
  const { body, messageId, state, sentAt, visibleAt, receiveCount, attributes, messageAttributes, causedBy } = message;
  const parts: [string, string][] = [
    ['Body', isJsonContainer(body) ? body : JSON.stringify(body)],
    ['MessageId', JSON.stringify(messageId)],
    ['State', JSON.stringify(state)],
    ['Sent', JSON.stringify(new Date(sentAt).toISOString())],
    ...(visibleAt === undefined ? [] : [['Visible', JSON.stringify(new Date(visibleAt).toISOString())] as [string, string]]),
    ['Received', String(receiveCount)],
    ['Attributes', JSON.stringify(attributes)],
    ['MessageAttributes', JSON.stringify(messageAttributes)],
    ...(causedBy === undefined ? [] : [['CausedBy', JSON.stringify(causedBy)] as [string, string]]),
  ];
  return `${indentJson(`{${parts.map(([name, value]) => `${JSON.stringify(name)}:${value}`).join(',')}}`)}\n`;
}

/** What became of a message of a topic. */
export function publishedText({ messageId, publishedAt, subject, preview, delivered, missed }: PublishedMessage): string {
  return `${JSON.stringify({
    MessageId: messageId, Published: new Date(publishedAt).toISOString(), ...(subject !== undefined && { Subject: subject }), Message: preview,
    Delivered: delivered, Missed: missed.map(({ endpoint, protocol, reason }) => ({ Endpoint: endpoint, Protocol: protocol, Reason: reason })),
  }, undefined, 2)}\n`;
}

/** An event of a bus, what became of it, and rule by rule why. */
export function busEventText({ event, rules }: EventExplanation, { deliveries }: Pick<BusEvent, 'deliveries'>): string {
  const parts: [string, string][] = [
    ['Event', event ?? JSON.stringify('It was too large to be kept.')],
    ['Rules', JSON.stringify(rules.map(({ name, matched, reasons }) => ({ Rule: name, Matched: matched, ...(reasons.length > 0 && { Why: reasons }) })))],
    ['Deliveries', JSON.stringify(deliveries.map(({ rule, targetArn, status, deliveredId, error }) => ({ Rule: rule, Target: targetArn, Status: status, ...(deliveredId !== undefined && { Id: deliveredId }), ...(error !== undefined && { Error: error }) })))],
  ];
  return `${indentJson(`{${parts.map(([name, value]) => `${JSON.stringify(name)}:${value}`).join(',')}}`)}\n`;
}

/** Laid out when it is a JSON object or array, else as it is. */
export function objectText(text: string): string {
  return isJsonContainer(text) ? `${indentJson(text)}\n` : text;
}

function isJsonContainer(text: string): boolean {
  if (!/^\s*[[{]/.test(text)) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

export type DraftKind = 'message' | 'publish' | 'event';

/** What a draft becomes when it is sent: an operation of the service and its input. */
export interface Outgoing {
  service: 'sqs' | 'sns' | 'events';
  operation: 'SendMessage' | 'Publish' | 'PutEvents';
  input: ServiceInput;
}

/** The text of a new draft. `sample`: JSON text for the body, the message or the detail. */
export function draftText(kind: DraftKind, target: { fifo?: boolean; busName?: string }, sample = '{ "hello": "world" }'): string {
  switch (kind) {
    case 'message':
      return pretty([
        ['MessageBody', sample],
        ['MessageAttributes', '{}'],
        ...(target.fifo ? [['MessageGroupId', '"group-1"'] as [string, string]] : [['DelaySeconds', '0'] as [string, string]]),
      ]);
    case 'publish':
      return pretty([
        ['Message', sample],
        ['Subject', '""'],
        ['MessageAttributes', '{}'],
        ...(target.fifo ? [['MessageGroupId', '"group-1"'] as [string, string]] : []),
      ]);
    case 'event':
      return pretty([
        ['Source', '"my.application"'],
        ['DetailType', '"Something Happened"'],
        ['Detail', sample],
        ['Resources', '[]'],
      ]);
  }
}

function pretty(members: readonly (readonly [string, string])[]): string {
  return `${indentJson(`{${members.map(([name, value]) => `${JSON.stringify(name)}:${value}`).join(',')}}`)}\n`;
}

/**
 * Reads a draft. Body, message and detail may be written as JSON, which travels as text, or as a string, which travels as
 * it is; attributes may be plain strings and numbers.
 * @throws Error with one sentence when it cannot be sent.
 */
export function readDraft(kind: DraftKind, text: string, target: { url?: string; arn?: string; busName?: string; contentBasedDeduplication?: boolean; fifo?: boolean; unique: string }): Outgoing {
  const value = parseObject(text);
  const { MessageAttributes: attributes, ...rest } = value;
  const withAttributes = attributes === undefined || Object.keys(object(attributes, 'MessageAttributes')).length === 0
    ? {} : { MessageAttributes: readAttributes(object(attributes, 'MessageAttributes')) };
  // A message that is sent twice by hand is meant twice.
  const once = target.fifo && rest.MessageDeduplicationId === undefined ? { MessageDeduplicationId: target.unique } : {};
  switch (kind) {
    case 'message': {
      if (rest.MessageBody === undefined) throw new Error('A message needs a "MessageBody".');
      return { service: 'sqs', operation: 'SendMessage', input: { ...rest, QueueUrl: target.url, MessageBody: asText(rest.MessageBody, text, 'MessageBody'), ...withAttributes, ...once } };
    }
    case 'publish': {
      if (rest.Message === undefined) throw new Error('A notification needs a "Message".');
      const { Subject: subject, ...others } = rest;
      return { service: 'sns', operation: 'Publish', input: { ...others, TopicArn: target.arn, Message: asText(rest.Message, text, 'Message'), ...(subject !== '' && subject !== undefined && { Subject: subject }), ...withAttributes, ...once } };
    }
    case 'event': {
      if (rest.Detail === undefined) throw new Error('An event needs a "Detail".');
      return { service: 'events', operation: 'PutEvents', input: { Entries: [{ ...value, EventBusName: target.busName, Detail: asText(rest.Detail, text, 'Detail') }] } };
    }
  }
}

/** JSON as it was written; a string is its own text. */
function asText(value: unknown, draft: string, member: string): string {
  return typeof value === 'string' ? value : rawMember(draft, member) ?? JSON.stringify(value);
}

/** The text of a member of the outermost object of a JSON text, exactly as it stands there: numbers beyond 2^53 stay whole. */
export function rawMember(text: string, member: string): string | undefined {
  let depth = 0;
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at];
    if (character === '"') {
      const end = endOfString(text, at);
      const isKey = depth === 1 && /^\s*:/.test(text.slice(end));
      if (isKey && text.slice(at, end) === JSON.stringify(member)) return valueAfter(text, text.indexOf(':', end) + 1);
      at = end - 1;
    } else if (character === '{' || character === '[') {
      depth += 1;
    } else if (character === '}' || character === ']') {
      depth -= 1;
    }
  }
  return undefined;
}

function valueAfter(text: string, start: number): string {
  let depth = 0;
  for (let at = start; at < text.length; at += 1) {
    const character = text[at] as string;
    if (character === '"') at = endOfString(text, at) - 1;
    else if (character === '{' || character === '[') depth += 1;
    else if ((character === ',' && depth === 0) || ((character === '}' || character === ']') && depth-- === 0)) return text.slice(start, at).trim();
  }
  return text.slice(start).trim();
}

/** Position after the closing quote. */
function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at += 1) {
    if (text[at] === '\\') at += 1;
    else if (text[at] === '"') return at + 1;
  }
  return text.length;
}

/** Attributes as SQS and SNS want them; plain strings and numbers are given their type. */
export function readAttributes(attributes: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(attributes).map(([name, value]) => {
    if (typeof value === 'string') return [name, { DataType: 'String', StringValue: value }];
    if (typeof value === 'number') return [name, { DataType: 'Number', StringValue: String(value) }];
    if (Array.isArray(value)) return [name, { DataType: 'String.Array', StringValue: JSON.stringify(value) }];
    if (typeof value === 'object' && value !== null) return [name, value];
    throw new Error(`The attribute "${name}" is a string, a number, an array, or {"DataType", "StringValue"}.`);
  }));
}

function parseObject(text: string): Record<string, unknown> {
  try {
    return object(JSON.parse(text), 'The draft');
  } catch (error) {
    if (error instanceof SyntaxError) throw new Error(`The draft is not JSON yet: ${error.message}`);
    throw error;
  }
}

function object(value: unknown, what: string): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new Error(`${what} is not a JSON object.`);
}
