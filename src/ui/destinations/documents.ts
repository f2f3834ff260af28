/** Messages, objects and what became of notifications as read-only documents (`local-lambda-resource:/…`). */
import * as vscode from 'vscode';
import { UserError } from '../../contracts/faults.ts';
import type { PeekedMessage } from '../../contracts/resource-views.ts';
import { explainEvent, peekMessages, readBucketObject } from '../../protocol/engine.ts';
import type { EngineClient } from '../engine-client.ts';
import { columnForText } from '../text-column.ts';
import { busEventText, messageText, objectText, publishedText } from './texts.ts';

const scheme = 'local-lambda-resource';
/** Messages read at once, and pages read at most, to find one again after a window reload. */
const pageSize = 200;
const mostPages = 50;
/** Texts kept of documents that were opened. */
const mostKept = 100;

type Subject =
  | { kind: 'message'; arn: string; id: string }
  | { kind: 'object'; arn: string; id: string }
  | { kind: 'published'; arn: string; id: string }
  | { kind: 'event'; arn: string; id: string };

export class ResourceDocuments implements vscode.TextDocumentContentProvider, vscode.Disposable {
  readonly #engine: EngineClient;
  readonly #registration: vscode.Disposable;
  /** A message may be gone from its queue while its document is still read. */
  readonly #kept = new Map<string, string>();

  constructor(engine: EngineClient) {
    this.#engine = engine;
    this.#registration = vscode.workspace.registerTextDocumentContentProvider(scheme, this);
  }

  dispose(): void {
    this.#registration.dispose();
  }

  /** @throws UserError when it is gone. */
  openMessage(queueArn: string, queueName: string, message: PeekedMessage): Promise<void> {
    return this.#open(`${queueName} ${message.messageId}.json`, { kind: 'message', arn: queueArn, id: message.messageId }, messageText(message));
  }

  /** @throws UserError when it is gone. */
  async openObject(bucketArn: string, key: string): Promise<void> {
    const subject: Subject = { kind: 'object', arn: bucketArn, id: key };
    const name = key.slice(key.lastIndexOf('/') + 1);
    await this.#open(/\.[a-z0-9]+$/i.test(name) ? name : `${name}.json`, subject, await this.#read(subject));
  }

  openPublished(topicArn: string, messageId: string): Promise<void> {
    const subject: Subject = { kind: 'published', arn: topicArn, id: messageId };
    return this.#read(subject).then((text) => this.#open(`${messageId}.json`, subject, text));
  }

  /** Why the rules of its bus matched an event or not, as they stand now. @throws UserError when it is no longer kept. */
  async openBusEvent(busArn: string, eventId: string): Promise<void> {
    const subject: Subject = { kind: 'event', arn: busArn, id: eventId };
    await this.#open(`${eventId}.json`, subject, await this.#read(subject));
  }

  /** Also called after a window reload, for documents that were open. */
  provideTextDocumentContent(uri: vscode.Uri): string | Promise<string> {
    return this.#kept.get(uri.toString()) ?? this.#read(JSON.parse(uri.query) as Subject);
  }

  async #open(name: string, subject: Subject, text: string): Promise<void> {
    const uri = vscode.Uri.from({ scheme, path: `/${name}`, query: JSON.stringify(subject) });
    this.#kept.set(uri.toString(), text);
    for (const key of this.#kept.keys()) {
      if (this.#kept.size <= mostKept) break;
      this.#kept.delete(key);
    }
    await vscode.window.showTextDocument(await vscode.workspace.openTextDocument(uri), { viewColumn: columnForText(), preview: true });
  }

  async #read(subject: Subject): Promise<string> {
    switch (subject.kind) {
      case 'message': return messageText(await this.#findMessage(subject.arn, subject.id));
      case 'object': return objectText(await this.#engine.request(readBucketObject, { bucketArn: subject.arn, key: subject.id }));
      case 'event': {
        const explanation = await this.#engine.request(explainEvent, { busArn: subject.arn, eventId: subject.id });
        const bus = this.#engine.resources.buses.find(({ arn }) => arn === subject.arn);
        return busEventText(explanation, bus?.lastEvents.find(({ id }) => id === subject.id) ?? { deliveries: [] });
      }
      case 'published': {
        await this.#engine.start();
        const topic = this.#engine.resources.topics.find(({ arn }) => arn === subject.arn);
        const message = topic?.lastMessages.find(({ messageId }) => messageId === subject.id);
        if (!message) throw new UserError('Only the newest messages of a topic are kept: this one is not among them any more.');
        return publishedText(message);
      }
    }
  }

  async #findMessage(queueArn: string, messageId: string): Promise<PeekedMessage> {
    let after: string | undefined;
    for (let page = 0; page < mostPages; page += 1) {
      const messages = await this.#engine.request(peekMessages, { queueArn, limit: pageSize, ...(after !== undefined && { after }) });
      const found = messages.find((message) => message.messageId === messageId);
      if (found) return found;
      after = messages.at(-1)?.messageId;
      if (messages.length < pageSize) break;
    }
    throw new UserError('This message is not in its queue any more.');
  }
}
