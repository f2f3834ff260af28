/**
 * The rules of the language, read plainly and without regard to speed: an event becomes a list of leaves with the array
 * elements around them, and a sub-rule tries all leaves in the order of its paths.
 */

export interface ReferencePattern {
  [name: string]: unknown;
}

interface Leaf {
  path: string;
  value: unknown;
  /** Element by array. */
  elements: ReadonlyMap<object, number>;
}

type Field = [path: string, values: readonly unknown[]];

export function referenceMatches(pattern: ReferencePattern, event: unknown): boolean {
  const leaves = leavesOf(event, [], new Map());
  return subRulesOf(pattern, [], [new Map()]).some((subRule) => {
    const fields: Field[] = [...subRule].sort(([a], [b]) => a < b ? -1 : 1);
    return matchFields(fields, leaves, new Map());
  });
}

function subRulesOf(pattern: ReferencePattern, path: string[], from: Map<string, unknown[]>[]): Map<string, unknown[]>[] {
  let subRules = from;
  for (const [name, value] of Object.entries(pattern)) {
    if (name === '$or') subRules = (value as ReferencePattern[]).flatMap((alternative) => subRulesOf(alternative, path, subRules.map((subRule) => new Map(subRule))));
    else if (Array.isArray(value)) subRules = subRules.map((subRule) => new Map(subRule).set([...path, name].join('.'), value));
    else subRules = subRulesOf(value as ReferencePattern, [...path, name], subRules);
  }
  return subRules;
}

function leavesOf(value: unknown, path: string[], elements: ReadonlyMap<object, number>): Leaf[] {
  if (Array.isArray(value)) return value.flatMap((element: unknown, index) => leavesOf(element, path, typeof element === 'object' && element !== null ? new Map(elements).set(value, index) : elements));
  if (typeof value === 'object' && value !== null) return Object.entries(value).flatMap(([name, inner]) => leavesOf(inner, [...path, name], elements));
  return [{ path: path.join('.'), value, elements }];
}

function matchFields([first, ...rest]: Field[], leaves: readonly Leaf[], chosen: ReadonlyMap<object, number>): boolean {
  if (!first) return true;
  const [path, values] = first;
  const inReach = leaves.filter((leaf) => leaf.path === path && [...leaf.elements].every(([array, index]) => (chosen.get(array) ?? index) === index));
  const mayBeAbsent = values.some((value) => operatorOf(value)?.[0] === 'exists' && operatorOf(value)?.[1] === false);
  if (mayBeAbsent && inReach.length === 0 && matchFields(rest, leaves, chosen)) return true;
  return inReach.some((leaf) => values.some((value) => matchValue(value, leaf.value)) && matchFields(rest, leaves, new Map([...chosen, ...leaf.elements])));
}

function operatorOf(value: unknown): [string, unknown] | undefined {
  return typeof value === 'object' && value !== null ? Object.entries(value)[0] : undefined;
}

function matchValue(pattern: unknown, value: unknown): boolean {
  const [operator, argument] = operatorOf(pattern) ?? ['exactly', pattern];
  const text = typeof value === 'string' ? value : undefined;
  switch (operator) {
    case 'exactly': return pattern === value;
    case 'prefix': return text?.startsWith(String(argument)) ?? false;
    case 'suffix': return text?.endsWith(String(argument)) ?? false;
    case 'equals-ignore-case': return text?.toLowerCase() === String(argument).toLowerCase();
    case 'wildcard': return text !== undefined && wildcard(String(argument)).test(text);
    case 'exists': return argument === true;
    case 'numeric': return typeof value === 'number' && compare(value, argument as (string | number)[]);
    case 'cidr': return addresses[String(argument)]?.includes(value as never) ?? false;
    case 'anything-but': {
      const nested = operatorOf(argument);
      if (nested && !Array.isArray(argument)) return !matchValue(argument, value);
      return ![argument].flat().includes(value);
    }
    default: throw new Error(operator);
  }
}

function wildcard(text: string): RegExp {
  return new RegExp(`^${text.replace(/\\(.)|\*|[^\w]/g, (found, escaped: string | undefined) => escaped !== undefined ? `\\${escaped}` : found === '*' ? '.*' : `\\${found}`)}$`, 's');
}

function compare(value: number, [operator, bound, ...rest]: (string | number)[]): boolean {
  const holds = { '=': value === bound, '>': value > Number(bound), '>=': value >= Number(bound), '<': value < Number(bound), '<=': value <= Number(bound) }[String(operator)];
  return holds === true && (rest.length === 0 || compare(value, rest));
}

/** Which of the values that the properties use lie in which range. */
const addresses: Record<string, readonly unknown[]> = {
  '10.0.0.0/29': ['10.0.0.1', '10.0.0.7'],
  '2001:db8::/32': ['2001:db8::1'],
};

/** An event with dotted names that matches a pattern of operators for values. */
export function witnessOf(pattern: ReferencePattern): Record<string, unknown> {
  const [subRule] = subRulesOf(pattern, [], [new Map()]);
  return Object.fromEntries([...subRule ?? []].map(([path, values]) => [path, witnessValue(values[0])]));
}

function witnessValue(pattern: unknown): unknown {
  const [operator, argument] = operatorOf(pattern) ?? ['exactly', pattern];
  switch (operator) {
    case 'wildcard': return String(argument).replace(/\\(.)|\*/g, '$1');
    case 'numeric': return [0.5, 301.8].find((number) => compare(number, argument as (string | number)[]));
    case 'cidr': return addresses[String(argument)]?.[0];
    default: return argument;
  }
}
