'use strict';
// One invocation at a time: calls the handler in the style of its declared runtime and sends what comes of it, once.
const { frame, keepAlive, sendPayload } = require('./channel.cjs');
const { describe, runtimeError } = require('./faults.cjs');
const { streaming } = require('./loader.cjs');
const { logError, rawOutput, setRequestId } = require('./logs.cjs');

const neverSettled = 'The Lambda runtime client detected an unexpected Node.js exit code. This is most commonly caused by a Promise that was '
  + 'never settled. For more information, see https://nodejs.org/docs/latest/api/process.html#exit-codes';
/** Reading resident memory costs more than a small handler does: at most once in so many milliseconds. */
const memoryInterval = 50;
let memoryReadAt = -Infinity;

/** The invocation without an answer. Answers of any other come too late and are dropped: the first completion wins. */
let current;
let afterAnswer = () => {};

/** `listener` is called after every answer. */
function onAnswer(listener) {
  afterAnswer = listener;
}

/** @param callbacks whether the declared runtime (up to nodejs22) has callbacks and ignores plain return values */
function invoke(handler, callbacks, invocation, text) {
  const { env } = process;
  setRequestId(invocation.id);
  if (invocation.trace) env._X_AMZN_TRACE_ID = invocation.trace;
  else delete env._X_AMZN_TRACE_ID;
  const run = { id: invocation.id, drained: undefined };
  current = run;
  // From here on only the handler keeps the process alive: when nothing does, no answer can come any more.
  keepAlive(false);
  if (handler[streaming]) invokeStreaming(run, handler, callbacks, invocation, text);
  else if (callbacks) invokeWithCallback(run, handler, invocation, text);
  else invokeAsync(run, handler, invocation, text);
}

/** nodejs24 and later: whatever is returned or resolved is the answer. */
async function invokeAsync(run, handler, invocation, text) {
  try {
    const context = baseContext(invocation);
    context.xRayTraceId = invocation.trace || undefined;
    globalThis.awslambda?.InvokeStore?.begin?.(invocation.id, invocation.trace);
    succeed(run, await handler(JSON.parse(text), context), false);
  } catch (error) {
    fail(run, error);
  }
}

/** Up to nodejs22: a callback, `context.done` and its kin, or a promise; a plain return value counts for nothing. */
function invokeWithCallback(run, handler, invocation, text) {
  let waits = true;
  let called = false;
  const once = (complete) => (...values) => {
    if (called) return;
    called = true;
    complete(...values);
  };
  const done = (error, value) => (error === undefined || error === null ? succeed(run, value, true) : fail(run, error));
  const callback = once((error, value) => {
    if ((error === undefined || error === null) && waits) run.drained = () => succeed(run, value, true);
    else done(error, value);
  });
  const context = {
    get callbackWaitsForEmptyEventLoop() { return waits; },
    set callbackWaitsForEmptyEventLoop(value) { waits = value; },
    succeed: once((value) => done(undefined, value)),
    fail: once((error) => done(error ?? 'handled')),
    done: once(done),
  };
  // A handler that is declared async and never settles is an error; any other that never answers has answered null.
  if (handler.constructor?.name === 'AsyncFunction') run.drained = () => fail(run, runtimeError('Runtime.NodeJsExit', neverSettled));
  else run.drained = () => succeed(run, null, true);
  try {
    Object.assign(context, baseContext(invocation));
    const result = handler(JSON.parse(text), context, callback);
    if (typeof result?.then === 'function') result.then(context.succeed, context.fail);
  } catch (error) {
    callback(error);
  }
}

/** `awslambda.streamifyResponse`: the stream is gathered and answered whole. */
async function invokeStreaming(run, handler, callbacks, invocation, text) {
  if (callbacks) run.drained = () => fail(run, runtimeError('Runtime.NodeJsExit', neverSettled));
  try {
    const { ResponseStream } = require('./response-stream.cjs');
    const stream = new ResponseStream();
    const returned = handler(JSON.parse(text), stream, baseContext(invocation));
    if (typeof returned?.then !== 'function') throw new Error('Streaming does not support non-async handlers.');
    if ((await returned) !== undefined) console.warn('Streaming handlers ignore return values.');
    if (!stream.writableEnded) throw new Error('Response stream is not finished.');
    respond(run, await stream.gathered());
  } catch (error) {
    fail(run, error);
  }
}

/** Of the environment, which is slow to read and says the same every time. */
let constants;

function baseContext({ id, arn, deadline, client }) {
  const { env } = process;
  constants ??= {
    functionVersion: env.AWS_LAMBDA_FUNCTION_VERSION,
    functionName: env.AWS_LAMBDA_FUNCTION_NAME,
    memoryLimitInMB: env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: env.AWS_LAMBDA_LOG_STREAM_NAME,
  };
  return {
    ...constants,
    clientContext: parseClientContext(client),
    identity: undefined,
    invokedFunctionArn: arn,
    awsRequestId: id,
    tenantId: undefined,
    getRemainingTimeInMillis: () => deadline - Date.now(),
  };
}

function parseClientContext(text) {
  if (!text) return undefined;
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`Cannot parse ClientContext as json: ${error}`);
  }
}

function succeed(run, value, callbacks) {
  let text;
  try {
    text = JSON.stringify(value === undefined ? null : value) ?? 'null';
  } catch {
    const message = 'Unable to stringify response body';
    fail(run, callbacks ? new Error(message) : runtimeError('Runtime.JSONStringifyError', message));
    return;
  }
  respond(run, text);
}

function respond(run, payload) {
  if (current !== run) return;
  current = undefined;
  keepAlive(true);
  sendPayload(frame.response, answerHeader({ id: run.id }), payload);
  afterAnswer();
}

function fail(run, error, label = 'Invoke Error') {
  if (current !== run) return;
  current = undefined;
  keepAlive(true);
  logError(label, error);
  const fault = describe(error);
  sendPayload(frame.error, answerHeader({ id: run.id, errorType: fault.errorType }), JSON.stringify(fault));
  afterAnswer();
}

function answerHeader(header) {
  if (rawOutput()) header.raw = true;
  const now = performance.now();
  if (now - memoryReadAt > memoryInterval) {
    memoryReadAt = now;
    header.rss = process.memoryUsage.rss();
  }
  return header;
}

/**
 * The event loop is empty. Answers the running invocation as its runtime does then; false when there is one that the runtime
 * leaves without an answer.
 */
function drained() {
  if (!current) return true;
  if (!current.drained) return false;
  current.drained();
  return true;
}

/** Fails the running invocation with an error from outside it; false when there is none. */
function abort(error, label) {
  if (!current) return false;
  fail(current, error, label);
  return true;
}

module.exports = { abort, drained, invoke, onAnswer };
