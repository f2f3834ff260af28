/** Tags of streams, by the older operations on streams and the newer ones on resources. */
import type { ServiceInput, ServiceOutput } from '../../contracts/resources.ts';
import { InputCheck } from '../input-check.ts';
import { invalidArgument } from './faults.ts';
import { findStream, streamReference, type StreamReference } from './stream-names.ts';
import type { StreamRegistry } from './stream-registry.ts';

const mostTags = 50;
const tagKey = { least: 1, most: 128 } as const;

export class StreamTags {
  readonly #registry: StreamRegistry;
  readonly #changed: (stream: string) => void;

  constructor(registry: StreamRegistry, changed: (stream: string) => void) {
    this.#registry = registry;
    this.#changed = changed;
  }

  add(input: ServiceInput): ServiceOutput {
    const check = new InputCheck(input);
    const reference = referenceOf(check);
    const tags = check.textMap('Tags', true);
    check.done();
    const stream = findStream(this.#registry, reference);
    const all = { ...stream.stored.tags, ...tags };
    checkTags(all);
    this.#registry.setTags(stream, all);
    this.#changed(stream.name);
    return {};
  }

  remove(input: ServiceInput): ServiceOutput {
    const check = new InputCheck(input);
    const reference = referenceOf(check);
    const keys = check.texts('TagKeys', { required: true, least: 1, most: mostTags });
    check.done();
    const stream = findStream(this.#registry, reference);
    this.#registry.setTags(stream, Object.fromEntries(Object.entries(stream.stored.tags).filter(([key]) => !keys.includes(key))));
    this.#changed(stream.name);
    return {};
  }

  list(input: ServiceInput): ServiceOutput {
    const check = new InputCheck(input);
    const reference = referenceOf(check);
    const after = check.text('ExclusiveStartTagKey', tagKey) ?? '';
    const limit = check.integer('Limit', { least: 1, most: mostTags }) ?? mostTags;
    check.done();
    const tags = Object.entries(findStream(this.#registry, reference).stored.tags).sort(([a], [b]) => (a < b ? -1 : 1)).filter(([key]) => key > after);
    return { Tags: tags.slice(0, limit).map(([Key, Value]) => ({ Key, Value })), HasMoreTags: tags.length > limit };
  }

  listOfResource(input: ServiceInput): ServiceOutput {
    const { Tags } = this.list({ ...input, Limit: mostTags });
    return { Tags };
  }
}

function referenceOf(check: InputCheck): StreamReference {
  const arn = check.text('ResourceARN', { least: 1, most: 2048, pattern: 'arn:aws.*:kinesis:.*:\\d{12}:.*stream/\\S+' });
  return arn === undefined ? streamReference(check) : { arn };
}

/** @throws AwsFault InvalidArgumentException */
export function checkTags(tags: Readonly<Record<string, string>>): void {
  const names = Object.keys(tags);
  if (names.length > mostTags) throw invalidArgument(`Failed to add tags to stream: a stream can have at most ${mostTags} tags.`);
  for (const name of names) {
    const value = tags[name] as string;
    const valid = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]{1,128}$/u.test(name) && /^[\p{L}\p{Z}\p{N}_.:/=+\-@]{0,256}$/u.test(value) && !/^aws:/i.test(name);
    if (!valid) throw invalidArgument('Some tags contain invalid characters. Valid characters: Unicode letters, digits, white space, _ . / = + - % @.');
  }
}
