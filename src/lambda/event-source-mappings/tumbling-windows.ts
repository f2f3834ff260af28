/** Tumbling windows: what their events carry and what the function has to answer (lambda-facts §3.6). Real time. */
import type { OpenWindow } from './checkpoints.ts';

/** Bytes of the state of one shard. */
export const largestState = 1_048_576;

/** Start of the window that a moment falls into, epoch milliseconds. */
export function windowStart(at: number, seconds: number): number {
  return Math.floor(at / (seconds * 1000)) * seconds * 1000;
}

export interface WindowFacts {
  window: OpenWindow;
  seconds: number;
  shardId: string;
  streamArn: string;
  final: boolean;
  terminatedEarly: boolean;
}

/** The members that follow `Records`, JSON text that begins with a comma. */
export function windowMembers({ window, seconds, shardId, streamArn, final, terminatedEarly }: WindowFacts): string {
  return `,"window":${JSON.stringify(windowTimes(window, seconds))},"state":${window.state},"shardId":${JSON.stringify(shardId)},`
    + `"eventSourceARN":${JSON.stringify(streamArn)},"isFinalInvokeForWindow":${final},"isWindowTerminatedEarly":${terminatedEarly}`;
}

/** Without milliseconds. */
export function windowTimes({ start }: OpenWindow, seconds: number): { start: string; end: string } {
  const text = (at: number) => `${new Date(at).toISOString().slice(0, 19)}Z`;
  return { start: text(start), end: text(start + seconds * 1000) };
}

/** The state of an answer, JSON text; undefined when there is none, which fails the invocation. */
export function stateOf(payload: Uint8Array): string | undefined {
  try {
    const answer: unknown = JSON.parse(Buffer.from(payload).toString('utf8'));
    if (typeof answer !== 'object' || answer === null) return undefined;
    const { state } = answer as { state?: unknown };
    return typeof state === 'object' && state !== null && !Array.isArray(state) ? JSON.stringify(state) : undefined;
  } catch {
    return undefined;
  }
}
