/** What the platform itself answers for a function that gave no answer (lambda-facts §1.4). */
import type { RunOutcome } from '../contracts/runner.ts';
import { AwsFault } from '../contracts/faults.ts';

export interface InvocationAnswer {
  payload: Uint8Array;
  /** `Unhandled`: the only value seen in recordings since 2022 (lambda-facts §1.3). */
  functionError?: 'Unhandled';
  errorType?: string;
  errorMessage?: string;
  /** For the REPORT line. */
  status: 'success' | 'error' | 'timeout';
}

const encoder = new TextEncoder();

/**
 * The answer that AWS gives for an outcome.
 * @throws AwsFault for outcomes that are not the function's: a missing language.
 */
export function answerFor(outcome: RunOutcome, requestId: string, timeoutSeconds: number): InvocationAnswer {
  switch (outcome.kind) {
    case 'response':
      return { payload: outcome.payload, status: 'success' };
    case 'function-error':
    case 'init-error':
      return { payload: outcome.payload, functionError: 'Unhandled', status: 'error', ...described(outcome.payload, outcome.errorType) };
    case 'timeout':
      return platform('Sandbox.Timedout', `RequestId: ${requestId} Error: Task timed out after ${timeoutSeconds.toFixed(2)} seconds`, 'timeout');
    case 'exit':
      return platform('Runtime.ExitError', `RequestId: ${requestId} Error: ${exitReason(outcome)}`);
    case 'out-of-memory':
      return platform('Runtime.ExitError', `RequestId: ${requestId} Error: Runtime exited with error: signal: killed`);
    case 'invalid-entrypoint':
      return platform('Runtime.InvalidEntrypoint', `RequestId: ${requestId} Error: Couldn't find valid bootstrap(s): [${outcome.searched.join(' ')}]`);
    case 'response-too-large': {
      const errorMessage = 'Response payload size exceeded maximum allowed payload size (6291556 bytes).';
      const errorType = 'Function.ResponseSizeTooLarge';
      return { payload: encoder.encode(JSON.stringify({ errorMessage, errorType })), functionError: 'Unhandled', errorType, errorMessage, status: 'error' };
    }
    case 'build-error':
      return {
        payload: encoder.encode(JSON.stringify({ errorType: 'Runtime.UserCodeSyntaxError', errorMessage: outcome.message, trace: outcome.details })),
        functionError: 'Unhandled', errorType: 'Runtime.UserCodeSyntaxError', errorMessage: outcome.message, status: 'error',
      };
    case 'no-runtime':
      throw new AwsFault('InvalidRuntimeException', 502, outcome.message, { messageKey: 'Message' });
    case 'cancelled':
      return platform('LocalLambda.Cancelled', `RequestId: ${requestId} Error: The invocation was cancelled.`);
    default:
      return outcome satisfies never;
  }
}

function platform(errorType: string, errorMessage: string, status: 'error' | 'timeout' = 'error'): InvocationAnswer {
  return { payload: encoder.encode(JSON.stringify({ errorType, errorMessage })), functionError: 'Unhandled', errorType, errorMessage, status };
}

function exitReason({ code, signal }: { code: number | null; signal: string | null }): string {
  if (signal !== null) return `Runtime exited with error: signal: ${signalNames[signal] ?? signal}`;
  return code === null || code === 0 ? 'Runtime exited without providing a reason' : `Runtime exited with error: exit status ${code}`;
}

/** As Go's os package prints them, which AWS's supervisor is written in. */
const signalNames: Readonly<Record<string, string>> = {
  SIGKILL: 'killed', SIGTERM: 'terminated', SIGSEGV: 'segmentation fault', SIGABRT: 'aborted', SIGBUS: 'bus error', SIGINT: 'interrupt',
};

function described(payload: Uint8Array, fallback: string): { errorType: string; errorMessage?: string } {
  try {
    const { errorType, errorMessage } = JSON.parse(new TextDecoder().decode(payload)) as { errorType?: unknown; errorMessage?: unknown };
    return {
      errorType: typeof errorType === 'string' ? errorType : fallback,
      ...(typeof errorMessage === 'string' ? { errorMessage } : {}),
    };
  } catch {
    return { errorType: fallback };
  }
}
