/** The invocation record as a destination receives it: members and their order as recorded (lambda-facts §2.3). */
import type { Execution, ExecutionContent, InvocationCondition } from '../contracts/executions.ts';

export interface RecordParts {
  /** Epoch milliseconds. */
  timestamp: number;
  requestId: string;
  invokedFunctionArn: string;
  condition: InvocationCondition;
  invokeCount: number;
  /** JSON text as sent; absent when it was dropped for its size. */
  request?: string;
  /** Of the last attempt; absent for an event that never reached the function. */
  response?: { executedVersion: string; functionError?: string };
  /** JSON text; absent when it was dropped for its size. */
  responsePayload?: string;
}

/** JSON text, compact, in wire order. */
export function writeRecord(parts: RecordParts): string {
  const { response } = parts;
  const members = [
    '"version":"1.0"',
    `"timestamp":"${new Date(parts.timestamp).toISOString()}"`,
    `"requestContext":${JSON.stringify({
      requestId: parts.requestId,
      functionArn: qualifiedArn(parts.invokedFunctionArn),
      condition: parts.condition,
      approximateInvokeCount: parts.invokeCount,
    })}`,
    ...(parts.request === undefined ? [] : [`"requestPayload":${json(parts.request)}`]),
    ...(response === undefined ? [] : [`"responseContext":${JSON.stringify({
      statusCode: 200,
      executedVersion: response.executedVersion,
      ...(response.functionError === undefined ? {} : { functionError: response.functionError }),
    })}`]),
    ...(response === undefined || parts.responsePayload === undefined ? [] : [`"responsePayload":${json(parts.responsePayload)}`]),
  ];
  return `{${members.join(',')}}`;
}

/**
 * The record of a finished execution, JSON text; undefined while it is not finished or when it never got an answer. AWS
 * delivers it for asynchronous invocations only; for a synchronous one it is what a destination would receive.
 */
export function invocationRecord(execution: Execution, content: ExecutionContent): string | undefined {
  const { asynchronous } = execution;
  if (asynchronous ? asynchronous.condition === undefined : execution.statusCode !== 200) return undefined;
  const answered = execution.statusCode === 200;
  return writeRecord({
    timestamp: execution.finishedAt ?? execution.receivedAt,
    requestId: execution.requestId ?? execution.id,
    invokedFunctionArn: execution.invokedFunctionArn,
    condition: asynchronous?.condition ?? (execution.functionError === undefined ? 'Success' : 'RetriesExhausted'),
    invokeCount: asynchronous?.invokeCount ?? execution.attempts.length,
    request: content.request,
    ...(answered ? {
      response: {
        executedVersion: execution.executedVersion,
        ...(execution.functionError === undefined ? {} : { functionError: execution.functionError }),
      },
      responsePayload: content.response ?? 'null',
    } : {}),
  });
}

/**
 * The ARN in a record is always qualified, also for a call without qualifier. DOUBT: for an alias the alias's own ARN is
 * used, as the configuration belongs to it; the version's is possible too (lambda-facts §C1).
 */
export function qualifiedArn(invokedFunctionArn: string): string {
  return invokedFunctionArn.split(':').length > 7 ? invokedFunctionArn : `${invokedFunctionArn}:$LATEST`;
}

/** Payloads keep their spelling; what is not JSON (a custom runtime may answer anything) becomes a string. */
function json(text: string): string {
  try {
    JSON.parse(text);
    return text;
  } catch {
    return JSON.stringify(text);
  }
}
