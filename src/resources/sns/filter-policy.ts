/** Filter policies of subscriptions: compiled once, matched against attributes or body. */
import { explain } from '../../patterns/explain.ts';
import { InvalidPatternError } from '../../patterns/invalid-pattern-error.ts';
import { JsonTokens } from '../../patterns/json-tokens.ts';
import { compilePattern, matchesText, matchesValue, type CompiledPattern } from '../../patterns/patterns.ts';
import { invalidParameter } from './faults.ts';
import { wireAttributes, type MessageAttributes } from './message-attributes.ts';

export type FilterPolicyScope = 'MessageAttributes' | 'MessageBody';

export const defaultScope: FilterPolicyScope = 'MessageAttributes';
const longestPolicy = 262_144;
/** Of a policy or message in an explanation. */
const longestQuote = 100;
/** Policies kept compiled; beyond it all are compiled anew, as nobody has so many. */
const mostCompiled = 2_000;

/**
 * @param prefix `Attributes Reason: ` in Subscribe.
 * @throws AwsFault with SNS's words.
 */
export function checkFilterPolicy(policy: string, scope: FilterPolicyScope, prefix: string): void {
  if (Buffer.byteLength(policy) > longestPolicy) throw invalidParameter(`${prefix}FilterPolicy: Filter policy is too large`);
  try {
    compilePattern(policy, dialectOf(scope));
  } catch (error) {
    if (!(error instanceof InvalidPatternError)) throw error;
    const problem = jsonProblem(policy) ?? error.message;
    throw invalidParameter(error.filterPolicy ? `${prefix}FilterPolicy: ${problem}` : `${prefix}${problem}`);
  }
}

/** What AWS's parser says of a text that is not JSON; undefined when it is. */
export function jsonProblem(text: string): string | undefined {
  const tokens = new JsonTokens(text);
  try {
    while (tokens.next() !== 'end');
    return undefined;
  } catch (error) {
    if (error instanceof InvalidPatternError) return `failed to parse JSON. ${error.message}`;
    throw error;
  }
}

/** @throws AwsFault InvalidParameter */
export function checkScope(text: string, prefix: string): FilterPolicyScope {
  if (text !== 'MessageAttributes' && text !== 'MessageBody') {
    throw invalidParameter(`${prefix}FilterPolicyScope: Invalid value [${text}]. Please use either MessageBody or MessageAttributes`);
  }
  return text;
}

export class FilterPolicies {
  readonly #compiled = new Map<string, CompiledPattern>();

  matches(policy: string, scope: FilterPolicyScope, message: string, attributes: MessageAttributes): boolean {
    const compiled = this.#compile(policy, scope);
    return scope === 'MessageBody' ? matchesText(compiled, message) : matchesValue(compiled, wireAttributes(attributes));
  }

  /** Why a message does not match, in one sentence. Dearer than to match. */
  explain(policy: string, scope: FilterPolicyScope, message: string, attributes: MessageAttributes): string {
    const body = scope === 'MessageBody';
    const { problem, alternatives } = explain(this.#compile(policy, scope), body ? message : JSON.stringify(wireAttributes(attributes)));
    if (problem !== undefined) return 'Its filter policy is for the body, and the message is not a JSON object.';
    // Of several ways to match, the one that came nearest.
    const failed = alternatives.map(({ fields }) => fields.filter(({ matched }) => !matched)).sort((one, other) => one.length - other.length)[0] ?? [];
    const parts = failed.map(({ path, expected, found }) => `${path} should be ${shortened(expected)} and is ${found.length === 0 ? 'absent' : shortened(found.join(', '))}`);
    return `Its filter policy does not match the message's ${body ? 'body' : 'attributes'}: ${parts.join('; ')}.`;
  }

  #compile(policy: string, scope: FilterPolicyScope): CompiledPattern {
    const key = `${scope} ${policy}`;
    const known = this.#compiled.get(key);
    if (known) return known;
    if (this.#compiled.size >= mostCompiled) this.#compiled.clear();
    const compiled = compilePattern(policy, dialectOf(scope));
    this.#compiled.set(key, compiled);
    return compiled;
  }
}

function shortened(text: string): string {
  return text.length <= longestQuote ? text : `${text.slice(0, longestQuote)}…`;
}

function dialectOf(scope: FilterPolicyScope): 'sns-attributes' | 'sns-body' {
  return scope === 'MessageBody' ? 'sns-body' : 'sns-attributes';
}
