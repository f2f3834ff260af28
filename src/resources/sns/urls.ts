/** URLs in messages. They lead to the engine's endpoint, and work without a signature as AWS's do. */
import type { MessageSigner } from './message-signer.ts';

export function signingCertificateUrl(endpoint: string, signer: MessageSigner): string {
  return `${endpoint}/${signer.certificate().name}`;
}

export function unsubscribeUrl(endpoint: string, subscriptionArn: string): string {
  return `${endpoint}/?Action=Unsubscribe&SubscriptionArn=${subscriptionArn}`;
}

export function subscribeUrl(endpoint: string, topicArn: string, token: string): string {
  return `${endpoint}/?Action=ConfirmSubscription&TopicArn=${topicArn}&Token=${token}`;
}
