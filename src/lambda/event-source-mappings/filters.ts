/** FilterCriteria of a mapping: which records the function gets, and why it does not get the others (lambda-facts §3.7). */
import type { FilteredRecord, MappingSource } from '../../contracts/event-source-mappings.ts';
import type { Dialect } from '../../patterns/dialects.ts';
import { explain } from '../../patterns/explain.ts';
import { compilePattern, PatternSet, type CompiledPattern } from '../../patterns/patterns.ts';

const dialects: Readonly<Record<MappingSource, Dialect>> = { sqs: 'esm-sqs', kinesis: 'esm-kinesis', dynamodb: 'esm-dynamodb' };

export class RecordFilters {
  readonly #patterns: readonly CompiledPattern[];
  readonly #set: PatternSet;

  /** @throws InvalidPatternError */
  constructor(source: MappingSource, patterns: readonly string[]) {
    this.#patterns = patterns.map((pattern) => compilePattern(pattern, dialects[source]));
    this.#set = new PatternSet(dialects[source], this.#patterns);
  }

  /** @param record JSON text as the function gets it. */
  matches(record: string): boolean {
    return this.#patterns.length === 0 || this.#set.matchingText(record).length > 0;
  }

  /** `Filter 1: …`, one sentence or a few for each filter. */
  explain(record: string): string[] {
    return this.#patterns.map((pattern, index) => {
      const { problem, alternatives } = explain(pattern, record);
      const fields = alternatives.flatMap((alternative) => alternative.fields.filter(({ matched }) => !matched));
      const reasons = [...new Set(fields.map(({ reason, expected, found }) => `${reason ?? ''} It asks for ${expected}${found.length === 0 ? '' : `, and there is ${found.slice(0, 3).join(', ')}`}.`))];
      return `Filter ${index + 1}: ${problem ?? (reasons.slice(0, 3).join(' ') || 'it does not match.')}`;
    });
  }
}

/** Records that are remembered, and characters of each. */
const mostRemembered = 500;
const mostCharacters = 16_384;

interface KeptAway {
  at: number;
  /** Absent for a large record. */
  json?: string;
  filters: RecordFilters;
  reasons?: string[];
}

/** The newest records that no filter matched, also those of filters before the present ones. Why is worked out when somebody asks. */
export class FilteredRecords {
  #filters: RecordFilters | undefined;
  readonly #records = new Map<string, KeptAway>();

  /** From now on records are kept away by these. */
  use(filters: RecordFilters): void {
    this.#filters = filters;
  }

  /** @param at Epoch milliseconds. */
  add(id: string, json: string, at: number): void {
    const filters = this.#filters;
    if (!filters) return;
    this.#records.delete(id);
    this.#records.set(id, json.length > mostCharacters ? { at, filters, reasons: filters.explain(json) } : { at, filters, json });
    if (this.#records.size > mostRemembered) this.#records.delete(this.#records.keys().next().value as string);
  }

  find(id: string): FilteredRecord | undefined {
    const record = this.#records.get(id);
    return record && { id, at: record.at, reasons: record.reasons ??= record.filters.explain(record.json ?? '') };
  }

  /** Records as the function would have got them, newest first. */
  samples(limit: number): { id: string; at: number; json: string }[] {
    return [...this.#records].reverse().flatMap(([id, { at, json }]) => (json === undefined ? [] : [{ id, at, json }])).slice(0, limit);
  }

  /** Newest first. */
  newest(limit: number): FilteredRecord[] {
    return [...this.#records.keys()].slice(-limit).reverse().map((id) => this.find(id) as FilteredRecord);
  }
}
