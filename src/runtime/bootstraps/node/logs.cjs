'use strict';
// Output of the handler: console.* in AWS's formats (lambda-facts §6.4), and process.stdout and stderr as they are. All of it
// travels over the channel, so that what a run has written arrives before its answer.
const { sendLog } = require('./channel.cjs');
const { describe, detail } = require('./faults.cjs');

const levels = { TRACE: 1, DEBUG: 2, INFO: 3, WARN: 4, ERROR: 5, FATAL: 6 };
const methods = { trace: 'TRACE', debug: 'DEBUG', info: 'INFO', log: 'INFO', warn: 'WARN', error: 'ERROR', fatal: 'FATAL' };

/** The invocation that log lines belong to; undefined during init, and AWS prints it so. */
let requestId;
let json = false;
let format;
/** Whether output took the real streams since `rawOutput` was last asked. */
let overflowed = false;
let modulesLoaded = 0;
let mayHaveChildren = false;

/** Whether output may be on its way past the channel: what did not fit into it, and what child processes print. */
function rawOutput() {
  const loaded = process.moduleLoadList;
  if (!mayHaveChildren && loaded?.length !== modulesLoaded) {
    modulesLoaded = loaded?.length;
    mayHaveChildren = loaded?.includes('NativeModule child_process') ?? true;
  }
  const raw = overflowed || mayHaveChildren;
  overflowed = false;
  return raw;
}

function setRequestId(id) {
  requestId = id;
}

/** Takes over `console`, `process.stdout` and `process.stderr`. */
function patchOutput(env) {
  json = env.AWS_LAMBDA_LOG_FORMAT?.toUpperCase() === 'JSON';
  // Text logs are unfiltered unless a level is set; JSON logs start at INFO (lambda-facts §6.4).
  const least = levels[env.AWS_LAMBDA_LOG_LEVEL?.toUpperCase()] ?? (json ? levels.INFO : levels.TRACE);
  for (const [method, level] of Object.entries(methods)) {
    console[method] = levels[level] < least ? () => {} : (...values) => log(level, values);
  }
  patchStream('stdout', 1);
  patchStream('stderr', 2);
}

/** In place of the real stream, which is slow to make, and whose queue would grow without end under a flood of output. */
function patchStream(name, number) {
  let stream;
  Object.defineProperty(process, name, {
    configurable: true,
    enumerable: true,
    set(value) { stream = value; },
    get() { return stream ??= makeStream(number); },
  });
}

function makeStream(number) {
  const { Writable } = require('node:stream');
  const stream = new Writable({
    decodeStrings: false,
    write(chunk, encoding, done) {
      write(number, typeof chunk === 'string' && encoding !== 'utf8' && encoding !== 'utf-8' ? Buffer.from(chunk, encoding) : chunk);
      done();
    },
    // As with the real ones, whoever destroys it does not close it.
    destroy: (_error, done) => done(),
  });
  stream.fd = number;
  return stream;
}

/** Sends output, or, when the engine is slow to read, waits for the real stream to take it. */
function write(number, chunk) {
  if (sendLog(number, chunk)) return;
  overflowed = true;
  const { writeSync } = require('node:fs');
  let rest = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(number, rest));
    } catch (error) {
      // The handler's own doing may have made the stream non-blocking.
      if (error.code !== 'EAGAIN') throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
    }
  }
}

function log(level, values) {
  const time = new Date().toISOString();
  format ??= require('node:util').format;
  const line = json ? jsonLine(time, level, values) : `${time}\t${requestId}\t${level}\t${format(...values)}`;
  print(line);
}

/** One event is one line: newlines inside it become carriage returns, as AWS's runtime writes them. */
function print(line) {
  write(1, `${line.replaceAll('\n', '\r')}\n`);
}

function jsonLine(timestamp, level, values) {
  const record = { timestamp, level, requestId };
  if (values.length === 1) {
    try {
      return JSON.stringify({ ...record, message: values[0] }, (_key, value) => (value instanceof Error ? { ...errorFields(value), ...value } : value));
    } catch {
      return JSON.stringify({ ...record, message: format(values[0]) });
    }
  }
  const error = values.find((value) => value instanceof Error);
  return JSON.stringify({ ...record, message: format(...values), ...(error && errorFields(error)) });
}

function errorFields(error) {
  return {
    errorType: error.constructor?.name ?? 'UnknownError',
    errorMessage: error.message,
    stackTrace: typeof error.stack === 'string' ? error.stack.split('\n') : [],
  };
}

/** What AWS's runtime logs when an invocation or init fails. */
function logError(label, error) {
  const time = new Date().toISOString();
  if (!json) {
    print(`${time}\t${requestId}\tERROR\t${label} \t${detail(error)}`);
    return;
  }
  format ??= require('node:util').format;
  let line;
  try {
    line = jsonLine(time, 'ERROR', [error instanceof Error ? error : new Error(String(error))]);
  } catch {
    line = JSON.stringify({ timestamp: time, level: 'ERROR', requestId, message: describe(error) });
  }
  print(line);
}

module.exports = { logError, patchOutput, rawOutput, setRequestId };
