'use strict';
// Runs a Node handler: connects to the engine, loads the handler, answers invocations as AWS's runtime does.
// What AWS changed with nodejs24 follows the declared runtime (AWS_EXECUTION_ENV), not the binary.
const net = require('node:net');
const path = require('node:path');

const frame = { invoke: 1, hello: 16, ready: 17, initError: 18, response: 19, error: 20, log: 21, files: 22 };
const { env } = process;
const [port, environmentId, secret] = env.LOCAL_LAMBDA_CHANNEL.split(':');
delete env.LOCAL_LAMBDA_CHANNEL;
const handlerFile = env.LOCAL_LAMBDA_HANDLER_FILE;
delete env.LOCAL_LAMBDA_HANDLER_FILE;
const major = Number(/nodejs(\d+)/.exec(env.AWS_EXECUTION_ENV || '')?.[1] ?? 24);
const legacy = major < 24;
/** Exit code of a nodejs24 runtime whose handler's promise can never settle: Node's own (DOUBT, not recorded). */
const unsettledExitCode = 13;
/** Output beyond this many unsent bytes goes to the real stream, where the supervisor's backpressure holds it. */
const unsentLimit = 1024 * 1024;
const rssInterval = 50;

const socket = net.connect(Number(port), '127.0.0.1');
socket.setNoDelay(true);
socket.on('error', () => process.reallyExit(1));
socket.on('close', () => process.reallyExit(0));

function send(type, body) {
  const head = Buffer.allocUnsafe(5);
  head.writeUInt32BE(body.length + 1, 0);
  head[4] = type;
  socket.cork();
  socket.write(head);
  socket.write(body);
  socket.uncork();
}

function sendPayload(type, header, payload) {
  const text = JSON.stringify(header);
  const headerBytes = Buffer.byteLength(text);
  const payloadBytes = typeof payload === 'string' ? Buffer.byteLength(payload) : payload.length;
  const bytes = Buffer.allocUnsafe(9 + headerBytes + payloadBytes);
  bytes.writeUInt32BE(5 + headerBytes + payloadBytes, 0);
  bytes[4] = type;
  bytes.writeUInt32BE(headerBytes, 5);
  bytes.write(text, 9);
  if (typeof payload === 'string') bytes.write(payload, 9 + headerBytes);
  else bytes.set(payload, 9 + headerBytes);
  socket.write(bytes);
}

send(frame.hello, Buffer.from(`${environmentId}:${secret}`));

// ---- output -------------------------------------------------------------------------------------------------------

let requestId = '';
let context;
const jsonLogs = env.AWS_LAMBDA_LOG_FORMAT === 'JSON';
const levels = ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'];
const minimumLevel = jsonLogs ? Math.max(0, levels.indexOf((env.AWS_LAMBDA_LOG_LEVEL || 'INFO').toUpperCase())) : 0;

for (const [name, number] of [['stdout', 1], ['stderr', 2]]) {
  const stream = process[name];
  const original = stream.write;
  stream.write = function write(chunk, encoding, callback) {
    if (socket.writableLength > unsentLimit || socket.destroyed) return original.call(stream, chunk, encoding, callback);
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk, typeof encoding === 'string' ? encoding : 'utf8') : Buffer.from(chunk);
    const body = Buffer.allocUnsafe(bytes.length + 1);
    body[0] = number;
    body.set(bytes, 1);
    send(frame.log, body);
    const done = typeof encoding === 'function' ? encoding : callback;
    if (done) process.nextTick(done);
    return true;
  };
}

let format;
function log(level, args) {
  if (levels.indexOf(level) < minimumLevel) return;
  const time = new Date().toISOString();
  let line;
  if (jsonLogs) {
    line = jsonLine(time, level, args);
  } else {
    format ??= require('node:util').format;
    const message = args.length === 1 && typeof args[0] === 'string' ? args[0] : format(...args);
    line = `${time}\t${requestId || 'undefined'}\t${level}\t${message.replaceAll('\n', '\r')}`;
  }
  process.stdout.write(`${line}\n`);
}

function jsonLine(time, level, args) {
  format ??= require('node:util').format;
  const record = { timestamp: time, level, requestId: requestId || undefined };
  if (args.length === 1) {
    const [only] = args;
    record.message = only instanceof Error ? only.message : only;
    if (only instanceof Error) Object.assign(record, { errorType: only.name, errorMessage: only.message, stackTrace: String(only.stack).split('\n') });
  } else {
    record.message = format(...args);
    const error = args.find((value) => value instanceof Error);
    if (error) Object.assign(record, { errorType: error.name, errorMessage: error.message, stackTrace: String(error.stack).split('\n') });
  }
  try {
    return JSON.stringify(record);
  } catch {
    return JSON.stringify({ ...record, message: format(...args) });
  }
}

Object.assign(console, {
  log: (...args) => log('INFO', args),
  info: (...args) => log('INFO', args),
  debug: (...args) => log('DEBUG', args),
  trace: (...args) => log('TRACE', args),
  warn: (...args) => log('WARN', args),
  error: (...args) => log('ERROR', args),
});

// ---- errors -------------------------------------------------------------------------------------------------------

function describe(error) {
  try {
    if (error instanceof Error || (typeof error === 'object' && error !== null && typeof error.stack === 'string')) {
      const clean = (text) => String(text).replaceAll('\x7F', '%7F');
      return { errorType: clean(error.name), errorMessage: clean(error.message), trace: clean(error.stack).split('\n') };
    }
    return { errorType: typeof error, errorMessage: String(error), trace: [] };
  } catch {
    return {
      errorType: 'handled',
      errorMessage: 'callback called with Error argument, but there was a problem while retrieving one or more of its message, name, and stack',
      trace: [],
    };
  }
}

function runtimeError(name, message, cause) {
  const error = new Error(message);
  error.name = name;
  if (cause?.stack) error.stack = String(cause.stack);
  return error;
}

function logError(label, error) {
  const { errorType, errorMessage, trace } = describe(error);
  if (jsonLogs) {
    process.stdout.write(`${JSON.stringify({ timestamp: new Date().toISOString(), level: 'ERROR', requestId: requestId || undefined, message: { errorType, errorMessage, stackTrace: trace } })}\n`);
    return;
  }
  const extra = error instanceof Error ? Object.fromEntries(Object.entries(error).filter(([key]) => key !== 'name')) : {};
  let text;
  try {
    text = JSON.stringify({ errorType, errorMessage, ...extra, stack: trace });
  } catch {
    text = JSON.stringify({ errorType, errorMessage, stack: trace });
  }
  log('ERROR', [`${label} \t${text}`]);
}

// ---- loading ------------------------------------------------------------------------------------------------------

function splitHandler(text) {
  if (text.includes('..')) {
    if (path.isAbsolute(text) || /(^|[\\/])\.\.([\\/]|$)/.test(text)) {
      throw runtimeError('Runtime.MalformedHandlerName', `'${text}' is not a valid handler name. Use absolute paths when specifying root directories in handler names.`);
    }
  }
  const base = path.basename(text);
  const match = /^([^.]*)\.(.*)$/.exec(base);
  if (!match) throw runtimeError('Runtime.MalformedHandlerName', 'Bad handler');
  return { module: path.join(text.slice(0, text.length - base.length), match[1]), name: match[2] };
}

function isModulePackage(file) {
  const fs = require('node:fs');
  for (let folder = path.dirname(file); ; folder = path.dirname(folder)) {
    try {
      return JSON.parse(fs.readFileSync(path.join(folder, 'package.json'), 'utf8')).type === 'module';
    } catch (error) {
      if (error.code !== 'ENOENT') return false;
    }
    if (path.basename(folder) === 'node_modules' || folder === path.dirname(folder)) return false;
  }
}

async function loadModule(base) {
  const fs = require('node:fs');
  for (const extension of ['', '.js', '.mjs', '.cjs']) {
    const file = base + extension;
    if (!fs.statSync(file, { throwIfNoEntry: false })?.isFile()) continue;
    const esm = file.endsWith('.mjs') || (!file.endsWith('.cjs') && isModulePackage(file));
    return esm ? import(require('node:url').pathToFileURL(file).href) : require(file);
  }
  return require(require.resolve(base));
}

async function loadHandler() {
  const { module, name } = splitHandler(env._HANDLER || '');
  let loaded;
  try {
    loaded = handlerFile ? await loadModule(handlerFile) : await loadModule(path.resolve(env.LAMBDA_TASK_ROOT || '.', module));
  } catch (error) {
    if (error instanceof SyntaxError) throw runtimeError('Runtime.UserCodeSyntaxError', String(error), error);
    if (error?.code === 'MODULE_NOT_FOUND' || (legacy && error?.code === 'ERR_MODULE_NOT_FOUND')) {
      throw runtimeError('Runtime.ImportModuleError', String(error), error);
    }
    throw error;
  }
  const find = (root) => name.split('.').reduce((value, key) => value?.[key], root);
  const handler = find(loaded) ?? find(loaded?.default);
  if (handler === undefined || handler === null) throw runtimeError('Runtime.HandlerNotFound', `${env._HANDLER} is undefined or not exported`);
  if (typeof handler !== 'function') throw runtimeError('Runtime.HandlerNotFound', `${env._HANDLER} is not a function`);
  if (!legacy && handler.length >= 3 && !handler[streaming]) {
    throw runtimeError(
      'Runtime.CallbackHandlerDeprecated',
      'ERROR: AWS Lambda has removed support for callback-based function handlers starting with Node.js 24. You need to modify this '
      + 'function to use a supported handler signature to use Node.js 24 or later. For more information see '
      + 'https://docs.aws.amazon.com/lambda/latest/dg/nodejs-handler.html.',
    );
  }
  return handler;
}

/** Marks a handler made by `awslambda.streamifyResponse`; its stream is gathered and answered whole. */
const streaming = Symbol.for('aws.lambda.runtime.handler.streaming');
if (!env.AWS_LAMBDA_NODEJS_NO_GLOBAL_AWSLAMBDA) {
  globalThis.awslambda = {
    streamifyResponse(handler) {
      handler[streaming] = 'response';
      return handler;
    },
    HttpResponseStream: { from: (stream, metadata) => Object.assign(stream, { metadata }) },
  };
}

async function runStreaming(handler, event) {
  const { Writable } = require('node:stream');
  const chunks = [];
  const stream = new Writable({ write(chunk, _encoding, done) { chunks.push(chunk); done(); } });
  stream.setContentType = () => {};
  const promise = handler(event, stream, context);
  if (typeof promise?.then !== 'function') throw runtimeError('Runtime.MalformedStreamingHandler', 'Streaming does not support non-async handlers.');
  if ((await promise) !== undefined) console.warn('Streaming handlers ignore return values.');
  if (!stream.writableEnded) throw runtimeError('Runtime.InvalidStreamingOperation', 'Response stream is not finished.');
  return Buffer.concat(chunks);
}

// ---- invocations --------------------------------------------------------------------------------------------------

let handler;
let lastRss = 0;
let reportedFiles = 0;
/** Finishes the running invocation; undefined while there is none. */
let finish;

function header(id, more) {
  const now = Date.now();
  if (now - lastRss < rssInterval) return { id, ...more };
  lastRss = now;
  return { id, ...more, rss: process.memoryUsage.rss() };
}

function reportFiles() {
  const files = Object.keys(require.cache);
  if (files.length === reportedFiles) return;
  reportedFiles = files.length;
  send(frame.files, Buffer.from(JSON.stringify(files.filter((file) => file !== __filename))));
}

function makeContext(invocation) {
  const functionName = env.AWS_LAMBDA_FUNCTION_NAME;
  let waits = true;
  const made = {
    functionVersion: env.AWS_LAMBDA_FUNCTION_VERSION,
    functionName,
    memoryLimitInMB: env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: env.AWS_LAMBDA_LOG_STREAM_NAME,
    clientContext: invocation.client ? JSON.parse(invocation.client) : undefined,
    identity: undefined,
    invokedFunctionArn: invocation.arn,
    awsRequestId: invocation.id,
    getRemainingTimeInMillis: () => invocation.deadline - Date.now(),
  };
  if (legacy) Object.defineProperty(made, 'callbackWaitsForEmptyEventLoop', { get: () => waits, set: (value) => { waits = value; }, enumerable: true });
  else made.xRayTraceId = invocation.trace;
  return made;
}

function answerValue(id, value) {
  let text;
  try {
    text = JSON.stringify(value === undefined ? null : value) ?? 'null';
  } catch (error) {
    if (legacy) return answerError(id, error);
    return answerError(id, runtimeError('Runtime.JSONStringifyError', 'Unable to stringify response body'));
  }
  end();
  sendPayload(frame.response, header(id), text);
}

function answerError(id, error) {
  logError('Invoke Error', error);
  end();
  const described = describe(error);
  sendPayload(frame.error, header(id, { errorType: described.errorType }), JSON.stringify(described));
}

function end() {
  finish = undefined;
  socket.ref();
  reportFiles();
}

function invoke(invocation, payload) {
  requestId = invocation.id;
  if (invocation.trace) env._X_AMZN_TRACE_ID = invocation.trace;
  else delete env._X_AMZN_TRACE_ID;
  context = makeContext(invocation);
  // Whatever keeps the process alive from here on is the handler's: an empty loop then means that it can never answer.
  socket.unref();
  let event;
  try {
    event = JSON.parse(payload);
  } catch (error) {
    answerError(invocation.id, runtimeError('Runtime.UnmarshalError', String(error), error));
    return;
  }
  if (handler[streaming]) {
    finish = onceFor(invocation.id);
    runStreaming(handler, event).then((bytes) => finish?.(undefined, bytes, true), (error) => finish?.(error));
  } else if (legacy) {
    runLegacy(invocation, event);
  } else {
    finish = onceFor(invocation.id);
    const mine = finish;
    (async () => handler(event, context))().then((value) => mine(undefined, value), (error) => mine(error, undefined, false, true));
  }
}

/** Node-style completion of one invocation; later calls do nothing. */
function onceFor(id) {
  let done = false;
  return (error, value, raw, failed = error !== undefined && error !== null) => {
    if (done) return;
    done = true;
    if (failed) answerError(id, error);
    else if (raw) {
      end();
      sendPayload(frame.response, header(id), value);
    } else answerValue(id, value);
  };
}

function runLegacy(invocation, event) {
  const complete = onceFor(invocation.id);
  let pending;
  finish = complete;
  complete.isPromise = false;
  complete.drained = () => (pending ? complete(...pending) : complete(undefined, null));
  const callback = (error, value) => {
    if (pending) return;
    pending = [error, value];
    if (error || context.callbackWaitsForEmptyEventLoop === false) setImmediate(() => complete(...pending));
  };
  const now = (error, value, failed) => complete(error, value, false, failed);
  context.succeed = (value) => now(undefined, value, false);
  context.fail = (error) => now(error ?? 'handled', undefined, true);
  context.done = (error, value) => now(error, value);
  try {
    const result = handler(event, context, callback);
    if (typeof result?.then === 'function') {
      complete.isPromise = true;
      result.then((value) => now(undefined, value, false), (error) => now(error, undefined, true));
    }
  } catch (error) {
    now(error, undefined, true);
  }
}

process.on('beforeExit', () => {
  if (!finish) return;
  if (finish.drained && !finish.isPromise) {
    finish.drained();
    return;
  }
  if (legacy) {
    const error = runtimeError(
      'Runtime.NodeJsExit',
      'The Lambda runtime client detected an unexpected Node.js exit code. This is most commonly caused by a Promise that was never '
      + 'settled. For more information, see https://nodejs.org/docs/latest/api/process.html#exit-codes',
    );
    finish(error);
    return;
  }
  leave(unsettledExitCode);
});

/** Ends the process once what was written has left. */
function leave(code) {
  if (socket.writableLength === 0 || socket.destroyed) process.exit(code);
  socket.ref();
  socket.end(() => process.exit(code));
}

if (legacy) {
  process.on('unhandledRejection', (reason) => crash(runtimeError('Runtime.UnhandledPromiseRejection', String(reason), reason), 'Unhandled Promise Rejection', 128));
  process.on('uncaughtException', (error) => crash(error, 'Uncaught Exception', 129));
}

function crash(error, label, code) {
  logError(label, error);
  const described = describe(error);
  if (finish) sendPayload(frame.error, { id: requestId, errorType: described.errorType }, JSON.stringify(described));
  else if (!handler) sendPayload(frame.initError, { id: '', errorType: described.errorType }, JSON.stringify(described));
  finish = undefined;
  leave(code);
}

let received = Buffer.alloc(0);
let waiting = [];
let missing = 0;
socket.on('data', (chunk) => {
  waiting.push(chunk);
  missing -= chunk.length;
  if (missing > 0) return;
  received = waiting.length === 1 && received.length === 0 ? chunk : Buffer.concat([received, ...waiting]);
  waiting = [];
  while (received.length >= 5) {
    const length = received.readUInt32BE(0) + 4;
    if (received.length < length) {
      missing = length - received.length;
      return;
    }
    const type = received[4];
    const body = received.subarray(5, length);
    received = received.subarray(length);
    if (type === frame.invoke) {
      const headerLength = body.readUInt32BE(0);
      invoke(JSON.parse(body.toString('utf8', 4, 4 + headerLength)), body.toString('utf8', 4 + headerLength));
    }
  }
  missing = 0;
});

loadHandler().then(
  (loaded) => {
    handler = loaded;
    reportFiles();
    send(frame.ready, Buffer.alloc(0));
  },
  (error) => {
    logError('Uncaught Exception', error);
    const described = describe(error);
    sendPayload(frame.initError, { id: '', errorType: described.errorType }, JSON.stringify(described));
    leave(1);
  },
);
