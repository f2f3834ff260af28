/** PutEvents: which entries are taken, what is said of the others. */
import type { CallContext, ServiceInput, ServiceOutput } from '../../contracts/resources.ts';
import { busNameOf } from './arns.ts';
import type { BusRegistry } from './bus-registry.ts';
import { bounds, Constraints } from './constraints.ts';
import { isObjectText, type EventParts } from './events.ts';
import { serialization, validation } from './faults.ts';
import { optionalMaps, optionalText, optionalTexts } from './input.ts';
import type { Router } from './router.ts';

const mostEntries = 10;
/** Bytes of all entries together. 256 KB until January 2026; 1 MB is announced since. */
export const totalLimit = 1_048_576;
/** A given time counts as that many bytes (documented). */
const timeBytes = 14;

export interface PutEventsParts {
  buses: BusRegistry;
  router: Router;
  now: () => number;
  uuid: () => string;
  transaction: <R>(work: () => R) => R;
}

interface Entry {
  source: string | undefined;
  detailType: string | undefined;
  detail: string | undefined;
  resources: readonly string[] | undefined;
  /** Epoch milliseconds. */
  time: number | undefined;
  bus: string | undefined;
  traceHeader: string | undefined;
}

interface Refusal {
  ErrorCode: string;
  ErrorMessage: string;
}

/** All entries and their deliveries commit together. */
export function putEvents({ buses, router, now, uuid, transaction }: PutEventsParts, input: ServiceInput, context: CallContext): ServiceOutput {
  const entries = (optionalMaps(input, 'Entries') ?? []).map(readEntry);
  const constraints = new Constraints().list('entries', 'Entries' in input ? entries.length : undefined, 1, mostEntries, () => `[${entries.map(shown).join(', ')}]`);
  entries.forEach(({ bus, traceHeader }, index) => constraints.text(`entries.${index + 1}.member.eventBusName`, bus, bounds.busNameOrArn)
    .text(`entries.${index + 1}.member.traceHeader`, traceHeader, bounds.traceHeader));
  constraints.check();
  if (entries.reduce((sum, entry) => sum + bytesOf(entry), 0) > totalLimit) throw validation('Total size of the entries in the request is over the limit.');
  const results = transaction(() => entries.map((entry) => {
    const event = accepted(entry, uuid, now);
    if ('ErrorCode' in event) return event;
    // An event for a bus that does not exist is taken, and goes nowhere (as recorded).
    const bus = buses.get(busNameOf(entry.bus));
    const traceHeader = entry.traceHeader ?? context.traceHeader;
    if (bus) router.put(bus, event, traceHeader === undefined ? {} : { traceHeader });
    return { EventId: event.id };
  }));
  return { FailedEntryCount: results.filter((result) => 'ErrorCode' in result).length, Entries: results };
}

function accepted({ source, detailType, detail, resources = [], time }: Entry, uuid: () => string, now: () => number): EventParts | Refusal {
  const missing = [['Source', source], ['DetailType', detailType], ['Detail', detail]].find(([, value]) => !value)?.[0];
  if (missing !== undefined) return { ErrorCode: 'InvalidArgument', ErrorMessage: `Parameter ${missing} is not valid. Reason: ${missing} is a required argument.` };
  if (!isObjectText(detail ?? '')) return { ErrorCode: 'MalformedDetail', ErrorMessage: 'Detail is malformed.' };
  if (source?.startsWith('aws.')) return { ErrorCode: 'NotAuthorizedForSourceException', ErrorMessage: 'Not authorized for the source.' };
  return { id: uuid(), source: source ?? '', detailType: detailType ?? '', detail: detail ?? '', resources, time: time ?? now() };
}

function readEntry(entry: ServiceInput): Entry {
  return {
    source: optionalText(entry, 'Source'), detailType: optionalText(entry, 'DetailType'), detail: optionalText(entry, 'Detail'),
    resources: optionalTexts(entry, 'Resources'), time: readTime(entry['Time']), bus: optionalText(entry, 'EventBusName'),
    traceHeader: optionalText(entry, 'TraceHeader'),
  };
}

/** Epoch seconds, as the JSON protocol sends them; some clients send ISO 8601. */
function readTime(value: unknown): number | undefined {
  if (value === undefined || value === null) return undefined;
  const time = typeof value === 'number' ? value * 1000 : typeof value === 'string' ? Date.parse(value) : Number.NaN;
  if (Number.isNaN(new Date(time).getTime())) throw serialization('Time must be a timestamp.');
  return time;
}

function bytesOf({ source = '', detailType = '', detail = '', resources = [], time }: Entry): number {
  return [source, detailType, detail, ...resources].reduce((sum, text) => sum + Buffer.byteLength(text), time === undefined ? 0 : timeBytes);
}

/** An entry as AWS writes it in its error. */
function shown({ time, source, resources, detailType, detail, bus, traceHeader }: Entry): string {
  const members = {
    time: time === undefined ? undefined : new Date(time).toISOString(), source, resources: resources && `[${resources.join(', ')}]`, detailType, detail,
    eventBusName: bus, traceHeader, kmsKeyIdentifier: undefined, internalMetadata: undefined,
  };
  return `PutEventsRequestEntry(${Object.entries(members).map(([name, value]) => `${name}=${value ?? 'null'}`).join(', ')})`;
}
