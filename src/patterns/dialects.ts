/** The services that embed the language, and how they differ. */
import { compileFields, type CompiledFields, type SubRule } from './compile-fields.ts';
import { InvalidPatternError } from './invalid-pattern-error.ts';
import { checkJson, JsonFault } from './json-tokens.ts';
import type { OperatorDialect } from './value-patterns.ts';
import { checkWildcardComplexity } from './wildcard-complexity.ts';

export const dialects = ['eventbridge', 'sns-attributes', 'sns-body', 'esm-sqs', 'esm-dynamodb', 'esm-kinesis'] as const;

/**
 * - `eventbridge`: a rule's pattern; the event is the whole envelope.
 * - `sns-attributes`: a filter policy of scope MessageAttributes; the event is `{name: {Type, Value}}`.
 * - `sns-body`: a filter policy of scope MessageBody; the event is the message.
 * - `esm-…`: a filter of an event source mapping; the event is one record as the function would get it.
 */
export type Dialect = typeof dialects[number];

/** What Lambda says of any pattern that it refuses. */
const invalidFilter = 'Invalid filter pattern definition.';

/**
 * Lambda documents fewer operators than event-ruler has (DOUBT: no `wildcard`, no `cidr`, no operators inside `anything-but`),
 * and was not seen to refuse one: all are taken.
 */
const current: OperatorDialect = {
  negated: new Set(['prefix', 'suffix', 'equals-ignore-case', 'wildcard']),
  negatedAffixMessage: () => 'prefix/suffix match pattern must be a string',
  judgesNegatedType: false,
};

/** SNS was recorded (2024) with an older event-ruler: no suffix inside `anything-but`, and another text for a wrong prefix there. */
const sns: OperatorDialect = {
  negated: new Set(['prefix', 'equals-ignore-case', 'wildcard']),
  negatedAffixMessage: (operator) => `${operator} match pattern must be a string`,
  judgesNegatedType: true,
};

/**
 * The sub-rules of a pattern.
 * @throws InvalidPatternError with the service's text.
 */
export function compileSubRules(text: string, dialect: Dialect): readonly SubRule[] {
  switch (dialect) {
    case 'eventbridge': {
      const { subRules } = compileFields(text, current);
      checkWildcardComplexity(subRules);
      return subRules;
    }
    case 'sns-attributes':
    case 'sns-body': {
      // An empty policy is none: all messages pass.
      if (/^\s*(\{\s*\}\s*)?$/.test(text)) return [new Map()];
      checkPolicyJson(text);
      const fields = compileFields(text, sns);
      checkFilterPolicy(fields, dialect);
      return fields.subRules;
    }
    default: {
      const subRules = compileFilter(text);
      // Kinesis refuses a pattern for data that is no JSON.
      if (dialect === 'esm-kinesis' && subRules.some((subRule) => subRule.has('data'))) throw new InvalidPatternError(invalidFilter, { reason: '"data" must be an object: Kinesis takes no pattern for data that is no JSON' });
      return subRules;
    }
  }
}

/** SNS looks for faults of JSON first, and says so. */
function checkPolicyJson(text: string): void {
  try {
    checkJson(text);
  } catch (error) {
    if (error instanceof JsonFault) throw new InvalidPatternError(`failed to parse JSON. ${error.message}`);
    throw error;
  }
}

/** event-ruler quotes the whole text before it names the place. */
const sourcePlace = /\[Source: \(String\)"[\s\S]*; line: (\d+), column: (\d+)\]/;

function compileFilter(text: string): readonly SubRule[] {
  try {
    return compileFields(text, current).subRules;
  } catch (error) {
    if (error instanceof InvalidPatternError) throw new InvalidPatternError(invalidFilter, { reason: error.message.replace(sourcePlace, 'line $1, column $2') });
    throw error;
  }
}

/** What SNS asks beyond the language: few names, few combinations, and no nesting where attributes are matched, which do not nest. */
const maximumNames = 5;
const maximumCombinations = 150;

/** SNS documents that numbers lie within ±10⁹ with five decimals, but accepts others (DOUBT), so their range is not checked. */
function checkFilterPolicy({ names, nested, combinations }: CompiledFields, dialect: 'sns-attributes' | 'sns-body'): void {
  if (dialect === 'sns-attributes' && nested) {
    throw new InvalidPatternError('Filter policy scope MessageAttributes does not support nested filter policy', { filterPolicy: false });
  }
  if (names.size > maximumNames) throw new InvalidPatternError(`Filter policy can not have more than ${maximumNames} keys`);
  if (combinations > maximumCombinations) throw new InvalidPatternError('Filter policy is too complex');
}
