/**
 * What our bootstraps and the engine say to each other over the channel. `bootstraps/node/bootstrap.cjs` and
 * `bootstraps/python/bootstrap.py` hold the same numbers. Payloads are raw bytes at the end of a frame: the engine never
 * parses or re-serialises them.
 *
 * | frame        | from      | body                                                                              |
 * |--------------|-----------|-----------------------------------------------------------------------------------|
 * | hello        | bootstrap | the secret from `LOCAL_LAMBDA_CHANNEL`                                              |
 * | ready        | bootstrap | nothing: init is over                                                              |
 * | initError    | bootstrap | u16 length, error type, JSON                                                       |
 * | response     | bootstrap | u32 sequence, u32 resident KB, u8 flags, payload                                    |
 * | error        | bootstrap | u32 sequence, u32 resident KB, u8 flags, u16 length, error type, JSON               |
 * | tooLarge     | bootstrap | u32 sequence, u32 resident KB, u8 flags, u48 bytes of the response                  |
 * | output       | bootstrap | u8 source (0 log, 1 stdout, 2 stderr), bytes of a text stream                       |
 * | loadedFiles  | bootstrap | absolute paths separated by NUL                                                     |
 * | exiting      | bootstrap | u32 sequence of the last invocation that it read                                    |
 * | invoke       | engine    | u32 sequence, u48 deadline, 3 × (u16 length, text): request id, ARN, trace id; u32 length, client context; payload |
 *
 * Flag bit 0 of an answer: the process is about to end, do not use it again.
 */
import { allocateFrame, frameHeaderBytes } from './channel-frames.ts';
import type { Answer, Invocation } from './environment-link.ts';

export const channelFrame = {
  hello: 1,
  ready: 2,
  initError: 3,
  response: 4,
  error: 5,
  tooLarge: 6,
  output: 7,
  loadedFiles: 8,
  exiting: 9,
  invoke: 10,
} as const;

const endingFlag = 1;
const answerHeaderBytes = 9;

export function encodeInvocation(invocation: Invocation): Buffer {
  const { requestId, invokedFunctionArn, traceId, clientContext = '', payload } = invocation;
  const texts = [requestId, invokedFunctionArn, traceId];
  let size = 4 + 6 + 4 + Buffer.byteLength(clientContext) + payload.length;
  for (const text of texts) size += 2 + Buffer.byteLength(text);
  const frame = allocateFrame(channelFrame.invoke, size);
  let at = frame.writeUInt32BE(invocation.sequence, frameHeaderBytes);
  at = frame.writeUIntBE(invocation.deadline, at, 6);
  for (const text of texts) {
    const length = frame.write(text, at + 2);
    frame.writeUInt16BE(length, at);
    at += 2 + length;
  }
  const contextLength = frame.write(clientContext, at + 4);
  frame.writeUInt32BE(contextLength, at);
  frame.set(payload, at + 4 + contextLength);
  return frame;
}

/** Decodes `response`, `error` and `tooLarge`. @throws RangeError when the body is cut short. */
export function decodeAnswer(type: number, body: Buffer): { sequence: number; answer: Answer } {
  const sequence = body.readUInt32BE(0);
  const residentKilobytes = body.readUInt32BE(4);
  const ending = (body.readUInt8(8) & endingFlag) !== 0;
  if (type === channelFrame.response) {
    return { sequence, answer: { kind: 'response', payload: body.subarray(answerHeaderBytes), residentKilobytes, ending } };
  }
  if (type === channelFrame.tooLarge) {
    return { sequence, answer: { kind: 'response-too-large', bytes: body.readUIntBE(answerHeaderBytes, 6), residentKilobytes, ending } };
  }
  const { errorType, payload } = decodeError(body.subarray(answerHeaderBytes));
  return { sequence, answer: { kind: 'function-error', errorType, payload, residentKilobytes, ending } };
}

/** Decodes `u16 length, error type, JSON`. */
export function decodeError(body: Buffer): { errorType: string; payload: Uint8Array } {
  const length = body.readUInt16BE(0);
  return { errorType: body.toString('utf8', 2, 2 + length), payload: body.subarray(2 + length) };
}
