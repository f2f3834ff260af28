/**
 * What the engine and the supervisor say to each other, in frames over one duplex pipe. Every body starts with the u32
 * number that the engine gave to the process.
 *
 * | frame   | from       | rest of the body                                        |
 * |---------|------------|---------------------------------------------------------|
 * | spawn   | engine     | JSON of `ProcessSpecification`                           |
 * | kill    | engine     |                                                         |
 * | sync    | engine     | u32 token                                               |
 * | sample  | engine     | (one frame for each process that is busy)               |
 * | started | supervisor | u32 pid                                                 |
 * | failed  | supervisor | JSON `{code, message}`                                   |
 * | output  | supervisor | u8 1 stdout, 2 stderr; bytes                             |
 * | synced  | supervisor | u32 token: all that was written before has been sent     |
 * | memory  | supervisor | u32 largest resident memory seen, kilobytes              |
 * | exited  | supervisor | JSON `{code, signal}`: nothing follows                   |
 */
import { allocateFrame, frameHeaderBytes } from './channel-frames.ts';

export const supervisorFrame = {
  spawn: 1,
  kill: 2,
  sync: 3,
  sample: 4,
  started: 5,
  failed: 6,
  output: 7,
  synced: 8,
  memory: 9,
  exited: 10,
} as const;

/** File descriptor of the pipe in the supervisor. */
export const supervisorPipe = 3;
/** Largest frame in either direction; a specification holds an environment of some kilobytes. */
export const largestSupervisorFrame = 4 * 1024 * 1024;
export const outputBodyOffset = 5;

export interface ProcessSpecification {
  file: string;
  arguments: readonly string[];
  workingDirectory: string;
  environment: Readonly<Record<string, string>>;
}

export interface ProcessExit {
  code: number | null;
  signal: string | null;
}

export interface SpawnFailure {
  /** For example `ENOENT`. */
  code: string;
  message: string;
}

/** A frame about process `id` with `values` (u32) after it. */
export function numbersFrame(type: number, id: number, ...values: number[]): Buffer {
  const frame = allocateFrame(type, 4 + 4 * values.length);
  let at = frame.writeUInt32BE(id, frameHeaderBytes);
  for (const value of values) at = frame.writeUInt32BE(value, at);
  return frame;
}

/** A frame about process `id` with a JSON document after it. */
export function jsonFrame(type: number, id: number, value: ProcessSpecification | ProcessExit | SpawnFailure): Buffer {
  const text = JSON.stringify(value);
  const frame = allocateFrame(type, 4 + Buffer.byteLength(text));
  frame.writeUInt32BE(id, frameHeaderBytes);
  frame.write(text, frameHeaderBytes + 4);
  return frame;
}

/** What stands before `length` bytes of output. */
export function outputHeader(id: number, stream: 1 | 2, length: number): Buffer {
  const header = Buffer.allocUnsafe(frameHeaderBytes + outputBodyOffset);
  header.writeUInt32BE(1 + outputBodyOffset + length, 0);
  header[4] = supervisorFrame.output;
  header.writeUInt32BE(id, frameHeaderBytes);
  header[frameHeaderBytes + 4] = stream;
  return header;
}
