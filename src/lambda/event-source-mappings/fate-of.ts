/** Why did nothing happen? What one mapping knows of one message or record. */
import type { RecordFate } from '../../contracts/event-source-mappings.ts';
import type { MappingEntry } from './mapping-entry.ts';
import { functionOf } from './mapping.ts';
import type { Fate } from './poller.ts';

/** Fates that say what has happened, whatever the mapping does now. */
const settled: readonly Fate['fate'][] = ['delivered', 'discarded', 'running'];

/** @param asked The caller named the source: say so when nothing is known. Undefined when the record is none of this source's. */
export function fateOf(entry: MappingEntry, id: string, asked: boolean): RecordFate | undefined {
  const { mapping, pause, problem, filtered, place } = entry;
  const whose = { mappingUuid: mapping.uuid, functionName: functionOf(mapping.configuration.functionArn).name, ...(place && { place: place.label }) };
  const known = entry.poller.fate(id);
  // What happened last counts: a record that was kept away may have come again, past other filters.
  if (known && settled.includes(known.fate)) return { ...whose, ...known };
  const kept = filtered.find(id);
  if (kept) {
    const what = mapping.source === 'sqs' ? 'deleted' : 'passed over';
    return { ...whose, fate: 'filtered', sentence: `No filter of the mapping matches it, so it was ${what}.`, filters: kept.reasons, until: kept.at };
  }
  if (!known && !asked) return undefined;
  const { state } = entry.status();
  // Before the position it is whatever the mapping does.
  if (known?.fate === 'position') return { ...whose, ...known };
  const hidden = known?.fate === 'hidden' ? ` ${known.sentence}` : '';
  if (state === 'Disabled' || state === 'Disabling') return { ...whose, ...known, fate: 'disabled', sentence: `The mapping is disabled, so nobody polls.${hidden}` };
  if (pause) return { ...whose, ...known, fate: 'paused', sentence: `${pause.message}${hidden}` };
  // What keeps the mapping from working keeps what waits for its turn, too.
  const fate = known ?? (place ? unseenIn(place.label) : unknown);
  return { ...whose, ...fate, ...(problem !== undefined && ['behind', 'unknown'].includes(fate.fate) && { sentence: `${fate.sentence} ${problem}` }) };
}

const unknown: Fate = {
  fate: 'unknown', sentence: 'The mapping has not seen it since the engine started, and it is not in the source: it was handled before, deleted, or never sent.',
};

/** Nobody can look into a source elsewhere without taking from it. */
function unseenIn(place: string): Fate {
  return {
    fate: 'unknown',
    sentence: `The mapping has not seen it since the engine started. Its source lives elsewhere (${place}): whether it is still there, is invisible, or was taken by somebody else cannot be seen from here.`,
  };
}
