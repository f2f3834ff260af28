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

/** The real streams are slow to make, so they are made when something asks for them. */
function patchStream(name, number) {
  const { get } = Object.getOwnPropertyDescriptor(process, name);
  let stream;
  Object.defineProperty(process, name, {
    configurable: true,
    enumerable: true,
    set(value) { stream = value; },
    get() {
      if (stream !== undefined) return stream;
      stream = get.call(process);
      const direct = stream.write;
      stream.write = function write(chunk, encoding, callback) {
        const done = typeof encoding === 'function' ? encoding : callback;
        let bytes = chunk;
        if (typeof chunk === 'string' && typeof encoding === 'string' && !/^utf-?8$/i.test(encoding)) bytes = Buffer.from(chunk, encoding);
        const usable = typeof bytes === 'string' || bytes instanceof Uint8Array;
        if (!usable || !sendLog(number, typeof bytes === 'string' ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength))) {
          return direct.call(stream, chunk, encoding, callback);
        }
        if (done) process.nextTick(done);
        return true;
      };
      return stream;
    },
  });
}

function log(level, values) {
  const time = new Date().toISOString();
  format ??= require('node:util').format;
  const line = json ? jsonLine(time, level, values) : `${time}\t${requestId}\t${level}\t${format(...values)}`;
  print(line);
}

/** One event is one line: newlines inside it become carriage returns, as AWS's runtime writes them. */
function print(line) {
  const text = `${line.replaceAll('\n', '\r')}\n`;
  if (!sendLog(1, text)) process.stdout.write(text);
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

module.exports = { logError, patchOutput, setRequestId };
