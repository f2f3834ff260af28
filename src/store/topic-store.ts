/** What SNS writes with every message, in SQLite: counts, the last outcomes, FIFO deduplication, HTTP deliveries. */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { PublishedMessage } from '../contracts/resource-views.ts';
import type { HttpDelivery, QueuedDelivery, TopicStore } from '../contracts/topics.ts';
import { inTransaction, statementsOf } from './database.ts';

export const topicStoreSchema = `
  CREATE TABLE topic_counts (topic TEXT PRIMARY KEY, published INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE topic_messages (
    topic TEXT NOT NULL, number INTEGER NOT NULL, message_id TEXT NOT NULL, document TEXT NOT NULL,
    PRIMARY KEY (topic, number)) WITHOUT ROWID;
  CREATE TABLE topic_duplicates (
    topic TEXT NOT NULL, key TEXT NOT NULL, message_id TEXT NOT NULL, sequence_number TEXT NOT NULL, published_at INTEGER NOT NULL,
    PRIMARY KEY (topic, key)) WITHOUT ROWID;
  CREATE INDEX topic_duplicates_published_at ON topic_duplicates (published_at);
  CREATE TABLE topic_deliveries (
    id INTEGER PRIMARY KEY, topic TEXT NOT NULL, subscription TEXT NOT NULL, due REAL NOT NULL, held INTEGER NOT NULL,
    attempts INTEGER NOT NULL, document TEXT NOT NULL);
  CREATE INDEX topic_deliveries_due ON topic_deliveries (due);
  CREATE INDEX topic_deliveries_subscription ON topic_deliveries (subscription)`;

interface DeliveryRow {
  id: number;
  topic: string;
  subscription: string;
  attempts: number;
  document: string;
}

type DeliveryDocument = Omit<HttpDelivery, 'topicArn' | 'subscriptionArn' | 'attempts'>;

export class SqliteTopicStore implements TopicStore {
  readonly #database: DatabaseSync;
  readonly #sql: (text: string) => StatementSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
    this.#sql = statementsOf(database);
  }

  transaction<R>(work: () => R): R {
    return inTransaction(this.#database, work);
  }

  countMessage(topicArn: string): number {
    const row = this.#sql('INSERT INTO topic_counts VALUES (?, 1) ON CONFLICT DO UPDATE SET published = published + 1 RETURNING published')
      .get(topicArn) as { published: number };
    return row.published;
  }

  publishedCounts(): ReadonlyMap<string, number> {
    const rows = this.#sql('SELECT topic, published FROM topic_counts').all() as { topic: string; published: number }[];
    return new Map(rows.map(({ topic, published }) => [topic, published]));
  }

  noteMessage(topicArn: string, number: number, message: PublishedMessage, keep: number): void {
    this.#sql('INSERT INTO topic_messages VALUES (?, ?, ?, ?)').run(topicArn, number, message.messageId, JSON.stringify(message));
    this.#sql('DELETE FROM topic_messages WHERE topic = ? AND number <= ?').run(topicArn, number - keep);
  }

  lastMessages(topicArn: string): PublishedMessage[] {
    const rows = this.#sql('SELECT document FROM topic_messages WHERE topic = ? ORDER BY number DESC').all(topicArn) as { document: string }[];
    return rows.map(({ document }) => JSON.parse(document) as PublishedMessage);
  }

  noteMissed(topicArn: string, messageId: string, missed: PublishedMessage['missed'][number]): void {
    const row = this.#sql('SELECT number, document FROM topic_messages WHERE topic = ? AND message_id = ?')
      .get(topicArn, messageId) as { number: number; document: string } | undefined;
    if (!row) return;
    const message = JSON.parse(row.document) as PublishedMessage;
    const changed: PublishedMessage = { ...message, delivered: Math.max(0, message.delivered - 1), missed: [...message.missed, missed] };
    this.#sql('UPDATE topic_messages SET document = ? WHERE topic = ? AND number = ?').run(JSON.stringify(changed), topicArn, row.number);
  }

  duplicateOf(topicArn: string, key: string, after: number): { messageId: string; sequenceNumber: string } | undefined {
    return this.#sql('SELECT message_id AS messageId, sequence_number AS sequenceNumber FROM topic_duplicates WHERE topic = ? AND key = ? AND published_at > ?')
      .get(topicArn, key, after) as { messageId: string; sequenceNumber: string } | undefined;
  }

  rememberMessage(topicArn: string, key: string, { messageId, sequenceNumber }: { messageId: string; sequenceNumber: string }, now: number): void {
    this.#sql('INSERT OR REPLACE INTO topic_duplicates VALUES (?, ?, ?, ?, ?)').run(topicArn, key, messageId, sequenceNumber, now);
  }

  forgetMessages(before: number): void {
    this.#sql('DELETE FROM topic_duplicates WHERE published_at <= ?').run(before);
  }

  removeTopic(topicArn: string): void {
    for (const table of ['topic_counts', 'topic_messages', 'topic_duplicates', 'topic_deliveries']) {
      this.#sql(`DELETE FROM ${table} WHERE topic = ?`).run(topicArn);
    }
  }

  addDelivery({ topicArn, subscriptionArn, attempts, ...document }: HttpDelivery, due: number, held: boolean): void {
    this.#sql('INSERT INTO topic_deliveries (topic, subscription, due, held, attempts, document) VALUES (?, ?, ?, ?, ?, ?)')
      .run(topicArn, subscriptionArn, due, held ? 1 : 0, attempts, JSON.stringify(document satisfies DeliveryDocument));
  }

  dueDeliveries(waitNow: number, limit: number, except: ReadonlySet<number>, withHeld: boolean): QueuedDelivery[] {
    const rows = this.#sql('SELECT id, topic, subscription, attempts, document FROM topic_deliveries WHERE due <= ? AND held <= ? ORDER BY due, id LIMIT ?')
      .all(waitNow, withHeld ? 1 : 0, limit + except.size) as unknown as DeliveryRow[];
    return rows.filter(({ id }) => !except.has(id)).slice(0, limit).map(({ id, topic, subscription, attempts, document }) => ({
      ...JSON.parse(document) as DeliveryDocument, id, topicArn: topic, subscriptionArn: subscription, attempts,
    }));
  }

  nextDelivery(except: ReadonlySet<number>, withHeld: boolean): number | undefined {
    const rows = this.#sql('SELECT id, due FROM topic_deliveries WHERE held <= ? ORDER BY due LIMIT ?')
      .all(withHeld ? 1 : 0, except.size + 1) as { id: number; due: number }[];
    return rows.find(({ id }) => !except.has(id))?.due;
  }

  postponeDelivery(id: number, attempts: number, due: number): void {
    this.#sql('UPDATE topic_deliveries SET attempts = ?, due = ? WHERE id = ?').run(attempts, due, id);
  }

  removeDelivery(id: number): boolean {
    return this.#sql('DELETE FROM topic_deliveries WHERE id = ?').run(id).changes > 0;
  }

  removeDeliveries(subscriptionArn: string): void {
    this.#sql('DELETE FROM topic_deliveries WHERE subscription = ?').run(subscriptionArn);
  }

  holdDeliveries(): void {
    this.#sql('UPDATE topic_deliveries SET held = 1 WHERE held = 0').run();
  }

  waitingDeliveries(): ReadonlyMap<string, number> {
    const rows = this.#sql('SELECT subscription, count(*) AS count FROM topic_deliveries GROUP BY subscription').all() as { subscription: string; count: number }[];
    return new Map(rows.map(({ subscription, count }) => [subscription, count]));
  }
}
