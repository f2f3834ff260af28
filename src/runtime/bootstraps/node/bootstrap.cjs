'use strict';
// Runs a Node handler: connects to the engine, loads the handler, answers invocations as AWS's runtime does. What AWS changed
// with nodejs24 follows the declared runtime (AWS_EXECUTION_ENV), not the binary.
const { connect, frame, keepAlive, leave, sendPayload, sendText } = require('./channel.cjs');
const { describe, runtimeError } = require('./faults.cjs');
const { abort, drained, invoke, onAnswer } = require('./invocation.cjs');
const { loadHandler } = require('./loader.cjs');
const { logError, patchOutput } = require('./logs.cjs');

/**
 * Exit code when the event loop is empty though the answer, or the handler, is still awaited: Node's own for that case.
 * DOUBT: no recording shows what the managed nodejs24 runtime does then.
 */
const unsettledExitCode = 13;
/** Exit codes of AWS's runtime up to nodejs22 (lambda-facts §6.3). */
const rejectionExitCode = 128;
const exceptionExitCode = 129;

const { env } = process;
const { stringify } = JSON;
const [environmentId, secret, ...address] = env.LOCAL_LAMBDA_CHANNEL.split(':');
delete env.LOCAL_LAMBDA_CHANNEL;
/** A module that the engine has built from the handler's source, to be loaded in its place. */
const handlerFile = env.LOCAL_LAMBDA_HANDLER_FILE;
delete env.LOCAL_LAMBDA_HANDLER_FILE;
const taskRoot = env.LAMBDA_TASK_ROOT || process.cwd();
/** Modules are known by their real paths, as the working directory is; the engine knows the folder as it named it. */
const realTaskRoot = process.cwd();
/** Up to nodejs22 there are callbacks, and the runtime catches what the handler does not. */
const callbacks = Number(/nodejs(\d+)/.exec(env.AWS_EXECUTION_ENV)?.[1] ?? 24) < 24;

let handler;
let leaving = false;

patchOutput(env);
if (!['1', 'true'].includes(env.AWS_LAMBDA_NODEJS_NO_GLOBAL_AWSLAMBDA)) require('./globals.cjs').provideGlobals(!callbacks);
if (env.AWS_ENDPOINT_URL) require('./aws-sdk-v2.cjs').pointSdkV2(env);
onAnswer(reportFiles);

process.on('beforeExit', () => {
  if (leaving) return;
  if (!handler || !drained()) quit(unsettledExitCode);
});
if (callbacks) {
  process.on('unhandledRejection', (reason) => {
    const error = runtimeError('Runtime.UnhandledPromiseRejection', String(reason));
    crash(Object.assign(error, { reason, promise: {} }), 'Unhandled Promise Rejection', rejectionExitCode);
  });
  process.on('uncaughtException', (error) => crash(error, 'Uncaught Exception', exceptionExitCode));
}

connect(address.join(':'), `${environmentId}:${secret}`, start, (invocation, text) => invoke(handler, callbacks, invocation, text));

async function start() {
  // A handler that waits for what never comes must not be kept alive by the connection.
  keepAlive(false);
  try {
    handler = await loadHandler(env._HANDLER ?? '', taskRoot, handlerFile, callbacks);
  } catch (error) {
    crash(error, 'Uncaught Exception', callbacks ? exceptionExitCode : 1);
    return;
  }
  keepAlive(true);
  warnOfCallback();
  reportFiles();
  sendText(frame.ready, '');
}

function warnOfCallback() {
  if (!callbacks || handler.length !== 3 || handler.constructor?.name === 'AsyncFunction') return;
  if (env.AWS_LAMBDA_NODEJS_DISABLE_CALLBACK_WARNING !== undefined) return;
  console.warn(
    'AWS Lambda plans to remove support for callback-based function handlers starting with Node.js 24. You will need to update this '
    + 'function to use an async handler to use Node.js 24 or later. For more information and to provide feedback on this change, see '
    + 'https://github.com/aws/aws-lambda-nodejs-runtime-interface-client/issues/137. To disable this warning, set the '
    + 'AWS_LAMBDA_NODEJS_DISABLE_CALLBACK_WARNING environment variable.',
  );
}

/** Reports an error that ends the process: as the running invocation's, as init's, or in the log only. */
function crash(error, label, code) {
  if (leaving) return;
  if (!abort(error, label)) {
    logError(label, error);
    if (!handler) {
      const fault = describe(error);
      sendPayload(frame.initError, { id: '', errorType: fault.errorType }, stringify(fault));
    }
  }
  quit(code);
}

function quit(code) {
  leaving = true;
  leave(code);
}

let known = 0;
let reported = 0;
/** Tells which files of the function are loaded, when there are new ones. Node lists CommonJS modules only. */
function reportFiles() {
  const loaded = Object.keys(require.cache);
  if (loaded.length === known) return;
  known = loaded.length;
  const { sep } = require('node:path');
  const below = realTaskRoot + sep;
  const files = loaded.filter((file) => file.startsWith(below)).map((file) => taskRoot + sep + file.slice(below.length));
  if (files.length === reported) return;
  reported = files.length;
  sendText(frame.files, stringify(files));
}
