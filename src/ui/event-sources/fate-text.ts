/** "Why did nothing happen?" as a text to read. No VS Code, so that Node tests it. */
import type { EventSourceMappingSummary, RecordFate } from '../../contracts/event-source-mappings.ts';
import { sourceName } from './mapping-words.ts';

const titles: Readonly<Record<RecordFate['fate'], string>> = {
  filtered: 'Filtered out',
  disabled: 'The mapping is disabled',
  paused: 'The mapping does not poll',
  position: 'The mapping began to read after it',
  hidden: 'Not visible yet',
  collecting: 'Waits for its batch',
  running: 'The function has it now',
  throttled: 'The function is throttled',
  retrying: 'Its batch failed and is tried again',
  behind: 'Other records come first',
  delivered: 'The function had it',
  discarded: 'Given up',
  unknown: 'Not seen',
};

/** @param id What was asked for. */
export function fateText(id: string, fates: readonly RecordFate[], mappings: readonly EventSourceMappingSummary[], now: number): string {
  const head = `# Why did nothing happen?\n\nMessage or record \`${id}\`\n`;
  if (fates.length > 0) return [head, ...fates.map((fate) => fateSection(fate, mappings, now))].join('\n');
  const none = mappings.length === 0
    ? 'There is no event source mapping here: nothing polls a queue or a stream. Create one with "Local Lambda: Create Event Source Mapping…".'
    : 'No event source mapping knows it: it is in no source that is polled here, and none has seen it since the engine started. Is the ID right, and was it sent to this endpoint?';
  return `${head}\n${none}\n`;
}

/** A place in the text that leads somewhere: a command without its prefix, and its argument. Offsets in characters. */
export interface FateLink {
  from: number;
  to: number;
  command: 'showRecord' | 'revealEventSource';
  argument: string;
  title: string;
}

/** Executions lead to their records, mappings to the view. @param text As `fateText` makes it. */
export function fateLinks(text: string): FateLink[] {
  return [...text.matchAll(/^(Execution|Mapping) `([^`]+)`/gm)].map(({ index, 1: kind, 2: argument = '' }) => {
    const from = index + (kind ?? '').length + 2;
    return { from, to: from + argument.length, argument, ...(kind === 'Execution' ? { command: 'showRecord', title: 'Show its record' } as const : { command: 'revealEventSource', title: 'Show it in the Event Sources view' } as const) };
  });
}

function fateSection({ mappingUuid, functionName, place, fate, sentence, filters, until, executionId }: RecordFate, mappings: readonly EventSourceMappingSummary[], now: number): string {
  const mapping = mappings.find(({ uuid }) => uuid === mappingUuid);
  const lines = [
    `## ${mapping ? `${sourceName(mapping.eventSourceArn)} → ` : ''}${functionName}: ${titles[fate]}`,
    '',
    sentence,
    ...(place === undefined ? [] : ['', `Its source: ${place}`]),
    ...(filters && filters.length > 0 ? ['', ...filters.map((reason) => `- ${reason}`)] : []),
    ...(until === undefined ? [] : ['', untilLine(until, now)]),
    ...(executionId === undefined ? [] : ['', `Execution \`${executionId}\`: its record has the whole batch, the result and the logs.`]),
    '',
    `Mapping \`${mappingUuid}\``,
    '',
  ];
  return lines.join('\n');
}

function untilLine(until: number, now: number): string {
  const time = new Date(until).toISOString();
  return until > now ? `Until ${time}, ${Math.ceil((until - now) / 1000)} s from now.` : `At ${time}.`;
}
