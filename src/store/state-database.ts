/**
 * The state that must survive, in one SQLite file: so that an outcome, its deliveries and the end of its event commit
 * together or not at all. Each kind of state is a file beside this one, which brings its own tables.
 */
import { busStoreSchema } from './bus-store.ts';
import { openDatabase, type OpenedDatabase } from './database.ts';
import { documentsSchema } from './document-store.ts';
import { eventQueueSchema } from './event-queue.ts';
import { objectFilesSchema } from './object-files.ts';
import { queueMessagesSchema } from './queue-messages-schema.ts';
import { streamRecordsSchema } from './stream-records.ts';
import { topicStoreSchema } from './topic-store.ts';

/** Opens or makes the file. @throws UserError when a newer version wrote it. */
export function openState(file: string): OpenedDatabase {
  const state = [eventQueueSchema, queueMessagesSchema, topicStoreSchema, busStoreSchema, streamRecordsSchema, objectFilesSchema];
  return openDatabase(file, [documentsSchema, state.join(';')]);
}
