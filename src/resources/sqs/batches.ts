/** Batches: ten entries at most, each with an id of its own, each done or failed by itself. */
import { AwsFault } from '../../contracts/faults.ts';
import type { ServiceInput, ServiceOutput } from '../../contracts/resources.ts';
import { batchFault } from './faults.ts';
import { optionalMaps, optionalText } from './input.ts';

const mostEntries = 10;

/**
 * @param kind What AWS calls an entry, for example `SendMessageBatchRequestEntry`.
 * @throws AwsFault when the batch as a whole is refused.
 */
export function batchEntries(input: ServiceInput, kind: string): ServiceInput[] {
  const entries = optionalMaps(input, 'Entries');
  if (entries.length === 0) throw batchFault('EmptyBatchRequest', `There should be at least one ${kind} in the request.`);
  if (entries.length > mostEntries) throw batchFault('TooManyEntriesInBatchRequest', `Maximum number of entries per request are ${mostEntries}. You have sent ${entries.length}.`);
  const seen = new Set<string>();
  for (const entry of entries) {
    const id = optionalText(entry, 'Id') ?? '';
    if (!/^[A-Za-z0-9_-]{1,80}$/.test(id)) {
      throw batchFault('InvalidBatchEntryId', 'A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long.');
    }
    if (seen.has(id)) throw batchFault('BatchEntryIdsNotDistinct', `Id ${id} repeated.`);
    seen.add(id);
  }
  return entries;
}

/** Does the entries one after the other. What one of them throws becomes its own failure. */
export function eachEntry(entries: readonly ServiceInput[], work: (entry: ServiceInput) => ServiceOutput): ServiceOutput {
  const successful: ServiceOutput[] = [];
  const failed: ServiceOutput[] = [];
  for (const entry of entries) {
    const Id = String(entry.Id);
    try {
      successful.push({ Id, ...work(entry) });
    } catch (error) {
      if (!(error instanceof AwsFault)) throw error;
      failed.push({ Id, SenderFault: error.status < 500, Code: error.queryCode ?? error.name, Message: error.message });
    }
  }
  return { Successful: successful, Failed: failed };
}
