/** The invocation record as a destination receives it: members and their order as recorded (lambda-facts §2.3). */
import type { Execution, ExecutionContent } from '../contracts/executions.ts';

/** JSON text; undefined while the execution runs or when it never got an answer. */
export function invocationRecord(execution: Execution, content: ExecutionContent): string | undefined {
  if (execution.status === 'running' || execution.status === 'interrupted' || execution.statusCode !== 200) return undefined;
  const failed = execution.functionError !== undefined;
  const arn = execution.invokedFunctionArn;
  // The ARN in a record is always qualified, also for a call without qualifier.
  const qualified = arn.split(':').length > 7 ? arn : `${arn}:$LATEST`;
  const members = [
    '"version":"1.0"',
    `"timestamp":"${new Date(execution.finishedAt ?? execution.receivedAt).toISOString()}"`,
    `"requestContext":${JSON.stringify({
      requestId: execution.id,
      functionArn: qualified,
      condition: failed ? 'RetriesExhausted' : 'Success',
      approximateInvokeCount: execution.attempts.length,
    })}`,
    `"requestPayload":${json(content.request)}`,
    `"responseContext":${JSON.stringify({
      statusCode: 200,
      executedVersion: execution.executedVersion,
      ...(failed ? { functionError: execution.functionError } : {}),
    })}`,
    `"responsePayload":${json(content.response ?? 'null')}`,
  ];
  return `{${members.join(',')}}`;
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
