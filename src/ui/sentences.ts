/** Errors as one sentence for a person. */
import { ResponseError } from 'vscode-jsonrpc';
import { UserError } from '../contracts/faults.ts';
import type { ErrorData } from '../protocol/engine.ts';

/** True for errors whose message was written for the user; all others deserve a stack in the log. */
export function isForTheUser(error: unknown): boolean {
  return error instanceof UserError || (error instanceof ResponseError && errorData(error)?.name !== 'InternalError');
}

/** `ResourceNotFoundException: Function not found: …` for AWS faults, the bare sentence for everything else. */
export function sentence(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const data = errorData(error);
  return data?.status === undefined ? error.message : `${data.name}: ${error.message}`;
}

function errorData(error: Error): ErrorData | undefined {
  return error instanceof ResponseError ? (error as ResponseError<ErrorData | undefined>).data : undefined;
}

/** `12 ms`, `1.25 s`; rounded for reading, never for billing. */
export function duration(milliseconds: number): string {
  if (milliseconds < 10) return `${milliseconds.toFixed(1)} ms`;
  if (milliseconds < 1000) return `${Math.round(milliseconds)} ms`;
  return `${(milliseconds / 1000).toFixed(2)} s`;
}
