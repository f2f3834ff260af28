/**
 * Records of sources as a person reads and writes them: data that is JSON stands as JSON, not as text or base64. And back to
 * what the function gets. No VS Code, so that Node tests it.
 */
import { findNodeAtLocation, getNodeValue, parseTree, type Node as JsonNode } from 'jsonc-parser';
import type { MappingSource } from '../../contracts/event-source-mappings.ts';
import { indentJson } from '../../protocol/panel-json.ts';

interface DataPlace {
  path: readonly string[];
  base64: boolean;
}

/** Where the data of a record stands that senders choose; images of DynamoDB items are JSON already. */
const dataPlaces: Readonly<Partial<Record<MappingSource, DataPlace>>> = {
  sqs: { path: ['body'], base64: false },
  kinesis: { path: ['kinesis', 'data'], base64: true },
};

/** @param json A record as a function gets it. */
export function editableRecord(source: MappingSource, json: string): string {
  const place = dataPlaces[source];
  const node = place && dataOf(json, place);
  if (!place || node?.type !== 'string') return `${indentJson(json)}\n`;
  const written = getNodeValue(node) as string;
  const data = place.base64 ? textOfBase64(written) : written;
  return `${indentJson(data !== undefined && isObject(data) ? replaced(json, node, data) : json)}\n`;
}

/** Data that stands as an object or a list becomes the text, or the base64, of exactly that. */
export function wireRecord(source: MappingSource, text: string): string {
  const place = dataPlaces[source];
  const node = place && dataOf(text, place);
  if (!place || !node || (node.type !== 'object' && node.type !== 'array')) return text;
  const data = text.slice(node.offset, node.offset + node.length);
  return replaced(text, node, JSON.stringify(place.base64 ? Buffer.from(data).toString('base64') : data));
}

/** What the filters look at, in a few words. */
export function dataNote(source: MappingSource, text: string): string | undefined {
  const place = dataPlaces[source];
  if (!place) return undefined;
  const node = dataOf(text, place);
  const name = place.path.join('.');
  if (!node) return `no ${name}: only filters on other fields can match`;
  const shown = node.type === 'string' ? (place.base64 ? textOfBase64(getNodeValue(node) as string) : getNodeValue(node) as string) : undefined;
  if (node.type === 'object' || node.type === 'array') return `${name} stands as JSON here; the function gets its ${place.base64 ? 'base64' : 'text'}`;
  if (node.type !== 'string') return `${name} is no text: write it as a string, an object or a list`;
  if (shown === undefined) return `${name} is not text in base64: a filter that asks for JSON drops it`;
  return isJson(shown) ? `${name} is JSON` : `${name} is plain text: a filter that asks for JSON drops it`;
}

/** A sample's record, as one of this source. @param event JSON of an event with `Records`. */
export function sampleOf(event: string, sourceArn: string): string {
  const { Records: [record = {}] = [] } = JSON.parse(event) as { Records?: Record<string, unknown>[] };
  return JSON.stringify({ ...record, awsRegion: sourceArn.split(':')[3], eventSourceARN: sourceArn });
}

function dataOf(text: string, { path }: DataPlace): JsonNode | undefined {
  const root = parseTree(text);
  return root && findNodeAtLocation(root, [...path]);
}

function replaced(text: string, { offset, length }: JsonNode, by: string): string {
  return text.slice(0, offset) + by + text.slice(offset + length);
}

/** Undefined for what is no base64 of UTF-8 text. */
function textOfBase64(base64: string): string | undefined {
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(base64) || base64.length % 4 !== 0) return undefined;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(base64, 'base64'));
  } catch {
    return undefined;
  }
}

function isObject(text: string): boolean {
  return /^\s*[[{]/.test(text) && isJson(text);
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
