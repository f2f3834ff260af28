/** What becomes of an event after an attempt or a refusal (lambda-facts §2.1). Pure arithmetic. */
import type { InvocationCondition } from '../contracts/executions.ts';

/** Longest wait after throttles and system errors, AWS seconds. */
const longestBackoffSeconds = 300;
const retryDelaySeconds = 60;

export interface RetryRules {
  maximumRetryAttempts: number;
  maximumEventAgeInSeconds: number;
  /** Absent when unreserved. */
  reservedConcurrency?: number;
}

export type Decision = { end: InvocationCondition } | { waitSeconds: number };

/**
 * After a function error. Order of the checks as recorded: ZeroReservedConcurrency, RetriesExhausted, EventAgeExceeded.
 * Lambda looks ahead: it gives up at once when the wait would take the event past its age.
 *
 * @param invokeCount Attempts that reached the function, 1 and up.
 * @param ageMs Age now, milliseconds.
 */
export function afterFunctionError(invokeCount: number, ageMs: number, rules: RetryRules): Decision {
  if (rules.reservedConcurrency === 0) return { end: 'ZeroReservedConcurrency' };
  if (invokeCount > rules.maximumRetryAttempts) return { end: 'RetriesExhausted' };
  return unlessTooOld(invokeCount * retryDelaySeconds, ageMs, rules);
}

/**
 * After a throttle or an error of the system, which use up no attempt: 1 second, doubled each time, at most 5 minutes.
 * @param inARow Refusals since the last attempt, 1 and up.
 */
export function afterRefusal(inARow: number, ageMs: number, rules: RetryRules): Decision {
  if (rules.reservedConcurrency === 0) return { end: 'ZeroReservedConcurrency' };
  return unlessTooOld(Math.min(longestBackoffSeconds, 2 ** (inARow - 1)), ageMs, rules);
}

/** Before an attempt: an event whose turn came too late is not run. */
export function beforeAttempt(ageMs: number, rules: RetryRules): InvocationCondition | undefined {
  if (rules.reservedConcurrency === 0) return 'ZeroReservedConcurrency';
  return ageMs > rules.maximumEventAgeInSeconds * 1000 ? 'EventAgeExceeded' : undefined;
}

/** Whole seconds of age count in full: an event of 60 seconds' age limit is never retried after 60 seconds. */
function unlessTooOld(waitSeconds: number, ageMs: number, { maximumEventAgeInSeconds }: RetryRules): Decision {
  const ageSeconds = Math.max(1, Math.ceil(ageMs / 1000));
  return ageSeconds + waitSeconds > maximumEventAgeInSeconds ? { end: 'EventAgeExceeded' } : { waitSeconds };
}
