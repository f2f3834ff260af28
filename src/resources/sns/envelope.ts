/** Messages as subscribers get them: AWS's fields, in AWS's order, with AWS's white space. */
import { wireAttributes, type MessageAttributes } from './message-attributes.ts';

/** One message on its way to one kind of subscriber. */
export interface Notification {
  messageId: string;
  topicArn: string;
  /** FIFO topics only. */
  sequenceNumber?: string;
  subject?: string;
  message: string;
  /** ISO 8601 with milliseconds and Z. */
  timestamp: string;
  attributes: MessageAttributes;
  /** Absent for FIFO topics, whose messages AWS does not sign. */
  signature?: Signature;
}

export interface Signature {
  version: string;
  /** Base64. */
  value: string;
  certificateUrl: string;
}

export interface Confirmation {
  type: 'SubscriptionConfirmation' | 'UnsubscribeConfirmation';
  messageId: string;
  token: string;
  topicArn: string;
  message: string;
  subscribeUrl: string;
  timestamp: string;
}

/** Body of an SQS message or an HTTP POST without raw delivery. */
export function notificationText(notification: Notification, unsubscribeUrl: string): string {
  const { messageId, topicArn, sequenceNumber, subject, message, timestamp, attributes, signature } = notification;
  return pretty([
    ['Type', 'Notification'],
    ['MessageId', messageId],
    ['SequenceNumber', sequenceNumber],
    ['TopicArn', topicArn],
    ['Subject', subject],
    ['Message', message],
    ['Timestamp', timestamp],
    ['SignatureVersion', signature?.version],
    ['Signature', signature?.value],
    ['SigningCertURL', signature?.certificateUrl],
    ['UnsubscribeURL', unsubscribeUrl],
  ], wireAttributes(attributes));
}

/** The event of a subscribed function. It spells the two URLs otherwise and always has a subject, if need be null. */
export function lambdaEvent(notification: Notification, subscriptionArn: string, unsubscribeUrl: string): string {
  const { messageId, topicArn, subject, message, timestamp, attributes, signature } = notification;
  return JSON.stringify({ Records: [{
    EventSource: 'aws:sns',
    EventVersion: '1.0',
    EventSubscriptionArn: subscriptionArn,
    Sns: {
      Type: 'Notification',
      MessageId: messageId,
      TopicArn: topicArn,
      Subject: subject ?? null,
      Message: message,
      Timestamp: timestamp,
      SignatureVersion: signature?.version,
      Signature: signature?.value,
      SigningCertUrl: signature?.certificateUrl,
      UnsubscribeUrl: unsubscribeUrl,
      MessageAttributes: wireAttributes(attributes),
    },
  }] });
}

/** What an HTTP endpoint gets to confirm a subscription, or to take its end back. */
export function confirmationText(confirmation: Confirmation, signature: Signature): string {
  const { type, messageId, token, topicArn, message, subscribeUrl, timestamp } = confirmation;
  return pretty([
    ['Type', type],
    ['MessageId', messageId],
    ['Token', token],
    ['TopicArn', topicArn],
    ['Message', message],
    ['SubscribeURL', subscribeUrl],
    ['Timestamp', timestamp],
    ['SignatureVersion', signature.version],
    ['Signature', signature.value],
    ['SigningCertURL', signature.certificateUrl],
  ]);
}

/** What is signed of a message: its fields by name, each name and value on a line. */
export function notificationToSign({ messageId, topicArn, subject, message, timestamp }: Notification): string {
  return lines([
    ['Message', message], ['MessageId', messageId], ['Subject', subject], ['Timestamp', timestamp], ['TopicArn', topicArn], ['Type', 'Notification'],
  ]);
}

export function confirmationToSign({ type, messageId, token, topicArn, message, subscribeUrl, timestamp }: Confirmation): string {
  return lines([
    ['Message', message], ['MessageId', messageId], ['SubscribeURL', subscribeUrl], ['Timestamp', timestamp], ['Token', token], ['TopicArn', topicArn], ['Type', type],
  ]);
}

type Fields = readonly (readonly [name: string, value: string | undefined])[];

function lines(fields: Fields): string {
  return fields.filter(([, value]) => value !== undefined).map(([name, value]) => `${name}\n${value}\n`).join('');
}

/** As AWS's writer does: two spaces, a space on both sides of the colon, each attribute on one line. */
function pretty(fields: Fields, attributes: Readonly<Record<string, unknown>> = {}): string {
  const members = fields.filter(([, value]) => value !== undefined).map(([name, value]) => `  "${name}" : ${JSON.stringify(value)}`);
  const named = Object.entries(attributes).map(([name, value]) => `    ${JSON.stringify(name)} : ${JSON.stringify(value)}`);
  if (named.length > 0) members.push(`  "MessageAttributes" : {\n${named.join(',\n')}\n  }`);
  return `{\n${members.join(',\n')}\n}`;
}
