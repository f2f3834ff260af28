/** Puts messages into a queue of a stopped engine as quickly as the disk allows. */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { messageIdAt } from '../../src/resources/sqs/message-ids.ts';
import { SqliteQueueMessages } from '../../src/store/queue-messages.ts';

/** @param data The engine's data folder. @param groups Message groups of a FIFO queue; 0 for a standard one. */
export function fillQueue(data: string, queue: string, count: number, body: string, groups = 0): void {
  const database = new DatabaseSync(join(data, 'state.sqlite'));
  database.exec('PRAGMA cache_size = -200000');
  const messages = new SqliteQueueMessages(database);
  const key = messages.open(queue, groups > 0);
  const sentAt = Date.now();
  messages.transaction(() => {
    for (let index = 0; index < count; index += 1) {
      messages.add(key, { messageId: messageIdAt(sentAt + index, randomUUID()), body, bodyMd5: '0'.repeat(32), sentAt, ...(groups > 0 ? { groupId: `g${index % groups}` } : {}) });
    }
  });
  database.close();
}
