/** Answers the messages about event source mappings that clients send. */
import type { MessageConnection } from 'vscode-jsonrpc/node';
import type { EventSourceMappingHost, RecordSample } from '../contracts/event-source-mappings.ts';
import type { Logger } from '../contracts/logger.ts';
import { explainRecord, listMappings, pauseMapping, pauseMappings, pollMappingOnce, redriveBatch, resetMapping, resetMappingPosition, resumeMapping, resumeMappings, sampleRecords } from '../protocol/engine.ts';
import { answer } from './rpc-server.ts';

export interface MappingHandlerParts {
  mappings: EventSourceMappingHost;
  samples(query: { sourceArn: string; limit: number }): Promise<RecordSample[]>;
  logger: Logger;
}

export function registerMappings(connection: MessageConnection, { mappings, samples, logger }: MappingHandlerParts): void {
  const guarded = <R>(work: () => R | Promise<R>): Promise<R> => answer(logger, work);
  connection.onRequest(listMappings, () => guarded(() => mappings.summaries()));
  connection.onRequest(pollMappingOnce, ({ uuid }) => guarded(() => mappings.pollOnce(uuid)));
  connection.onRequest(pauseMapping, ({ uuid }) => guarded(() => mappings.pause(uuid)));
  connection.onRequest(resumeMapping, ({ uuid }) => guarded(() => mappings.resume(uuid)));
  connection.onRequest(pauseMappings, () => guarded(() => mappings.pauseAll()));
  connection.onRequest(resumeMappings, () => guarded(() => mappings.resumeAll()));
  connection.onRequest(resetMappingPosition, ({ uuid, position }) => guarded(() => mappings.resetPosition(uuid, position)));
  connection.onRequest(resetMapping, ({ uuid }) => guarded(() => mappings.reset(uuid)));
  connection.onRequest(redriveBatch, ({ record }) => guarded(async () => await mappings.redrive(record) ?? null));
  connection.onRequest(sampleRecords, (query) => guarded(() => samples(query)));
  connection.onRequest(explainRecord, ({ id, sourceArn }) => guarded(() => mappings.why(id, sourceArn)));
}
