/** What AWS would refuse of a template's mapping: by the rules of CreateEventSourceMapping, and all of it rather than the first. */
import type { MappingProblem } from '../../contracts/event-source-mappings.ts';
import { AwsFault } from '../../contracts/faults.ts';
import type { Input } from '../input.ts';
import { NotHere } from './mapping-input.ts';

export type Finding = Pick<MappingProblem, 'parameter' | 'message' | 'by'>;

/** Without these there is nothing more to look at. */
const identity = ['EventSourceArn', 'FunctionName', 'SelfManagedEventSource'];

/**
 * Looks at the properties again and again, each time without what was found.
 * @param check Throws the AwsFault of the first thing that is wrong.
 */
export function allFindings(properties: Input, check: (input: Input) => void): Finding[] {
  const found = new Map<string, Finding>();
  const left: Record<string, unknown> = { ...properties };
  for (;;) {
    const fault = faultOf(() => check(left));
    if (!fault) return [...found.values()];
    const { message, detail, parameter } = fault;
    const top = ownerOf(left, parameter);
    if (!found.has(parameter ?? '')) {
      found.set(parameter ?? '', { message: detail === undefined ? message : `${message} ${detail}.`.replace('..', '.'), by: fault instanceof NotHere ? 'here' : 'aws', ...(parameter === undefined ? {} : { parameter }) });
    }
    if (top === '' || identity.includes(top)) return [...found.values()];
    const filters = withoutFilter(left[top], parameter);
    if (filters) left[top] = filters;
    else if (top in left) {
      delete left[top];
      if (top === 'StartingPosition') delete left['StartingPositionTimestamp'];
    }
    // It must be there while the others are looked at.
    else if (top === 'StartingPosition') left[top] = 'TRIM_HORIZON';
    else return [...found.values()];
  }
}

/** The property to take away: members of nested objects are known by their name alone. */
function ownerOf(properties: Input, parameter = ''): string {
  const [first = ''] = parameter.split('.');
  if (first in properties) return first;
  return Object.entries(properties).find(([, value]) => typeof value === 'object' && value !== null && first in value)?.[0] ?? first;
}

function faultOf(work: () => void): AwsFault | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    if (error instanceof AwsFault) return error;
    throw error;
  }
}

/** The other filters are looked at too; the one that was found matches everything meanwhile, so that each keeps its number. */
function withoutFilter(criteria: unknown, parameter: string | undefined): unknown {
  const index = /^FilterCriteria\.Filters\.(\d+)\./.exec(parameter ?? '')?.[1];
  const filters = (criteria as { Filters?: unknown } | null)?.Filters;
  if (index === undefined || !Array.isArray(filters)) return undefined;
  return { Filters: filters.map((filter: unknown, at) => (at === Number(index) ? { Pattern: anyRecord } : filter)) };
}

const anyRecord = '{"any":[{"exists":false}]}';
