/** ARNs as SNS checks them, in its words. */
import { invalidParameter } from './faults.ts';

/** The account and region that topics stand in. */
export interface Place {
  accountId: string;
  region: string;
}

/** Fewer elements than this are no ARN. */
const leastElements = 6;

export function topicArn({ accountId, region }: Place, name: string): string {
  return `arn:aws:sns:${region}:${accountId}:${name}`;
}

/**
 * Checks that the text can name a topic of this region. Whether there is one is another question.
 * @param parameter Name of the parameter, for the error.
 * @throws AwsFault InvalidParameter
 */
export function checkTopicArn(text: string, place: Place, parameter = 'TopicArn'): string {
  elementsOf(text, parameter);
  if (!isTopicArn(text, place)) throw invalidParameter(parameter);
  return text;
}

export function isTopicArn(text: string, { region }: Place): boolean {
  const elements = text.split(':');
  return elements.length === leastElements && elements[0] === 'arn' && elements[2] === 'sns' && elements[3] === region;
}

/** @throws AwsFault InvalidParameter */
export function checkSubscriptionArn(text: string): string {
  if (elementsOf(text, 'SubscriptionArn').length === leastElements) throw invalidParameter('SubscriptionId');
  return text;
}

/** Whether the text is an ARN of that service, with something after the account. */
export function isArnOf(text: string, service: string): boolean {
  const [prefix, , found, , , ...rest] = text.split(':');
  return prefix === 'arn' && found === service && rest.join(':') !== '';
}

function elementsOf(text: string, parameter: string): string[] {
  const elements = text.split(':');
  if (elements.length < leastElements) throw invalidParameter(`${parameter} Reason: An ARN must have at least ${leastElements} elements, not ${elements.length}`);
  return elements;
}
