'use strict';
// Finds the handler that `_HANDLER` names, as AWS's runtime does (lambda-facts §6.3).
const path = require('node:path');
const { runtimeError } = require('./faults.cjs');

/** Set on handlers by `awslambda.streamifyResponse`. */
const streaming = Symbol.for('aws.lambda.runtime.handler.streaming');

const callbackRemoved = 'ERROR: AWS Lambda has removed support for callback-based function handlers starting with Node.js 24. You need to '
  + 'modify this function to use a supported handler signature to use Node.js 24 or later. For more information see '
  + 'https://docs.aws.amazon.com/lambda/latest/dg/nodejs-handler.html.';

/**
 * The handler function. `file` is the module to load when the engine has built one, `callbacks` whether the declared runtime
 * still passes a callback. Fails with the errors that AWS reports as init errors.
 */
async function loadHandler(text, taskRoot, file, callbacks) {
  const { root, module, name } = splitHandler(text);
  let loaded;
  try {
    loaded = file === undefined ? await loadModule(taskRoot, root, module) : await loadFile(file);
  } catch (error) {
    throw asLoadError(error);
  }
  const handler = find(loaded, name) ?? (callbacks ? undefined : find(loaded?.default, name));
  if (!handler) throw runtimeError('Runtime.HandlerNotFound', `${text} is undefined or not exported`);
  if (typeof handler !== 'function') throw runtimeError('Runtime.HandlerNotFound', `${text} is not a function`);
  if (handler[streaming]) {
    if (handler[streaming] !== 'response') throw runtimeError('Runtime.MalformedStreamingHandler', 'Only response streaming is supported.');
  } else if (!callbacks && handler.length >= 3) {
    throw runtimeError('Runtime.CallbackHandlerDeprecated', callbackRemoved);
  }
  return handler;
}

/** `folder/module.nested.name` is split into folder, module and property path. */
function splitHandler(text) {
  if (text.includes('..')) {
    throw runtimeError('Runtime.MalformedHandlerName', `'${text}' is not a valid handler name. Use absolute paths when specifying root directories in handler names.`);
  }
  const base = path.basename(text);
  const match = /^([^.]*)\.(.*)$/.exec(base);
  if (!match) throw runtimeError('Runtime.MalformedHandlerName', 'Bad handler');
  return { root: text.slice(0, text.lastIndexOf(base)), module: match[1], name: match[2] };
}

function find(root, name) {
  return name.split('.').reduce((value, key) => value?.[key], root);
}

async function loadModule(taskRoot, root, module) {
  const fs = require('node:fs');
  const base = path.resolve(taskRoot, root, module);
  for (const extension of ['', '.js', '.mjs', '.cjs']) {
    const file = base + extension;
    if (fs.statSync(file, { throwIfNoEntry: false })?.isFile()) return loadFile(file);
  }
  if (fs.existsSync(base)) return require(base);
  // A package, perhaps of a layer.
  return require(require.resolve(module, { paths: [taskRoot, path.resolve(taskRoot, root)] }));
}

async function loadFile(file) {
  if (file.endsWith('.mjs') || (!file.endsWith('.cjs') && isModulePackage(file))) return importFile(file);
  try {
    return require(file);
  } catch (error) {
    // ES module syntax without a package type: Node recognises it, but only `import` can load one with top-level await.
    if (error?.code === 'ERR_REQUIRE_ASYNC_MODULE') return importFile(file);
    throw error;
  }
}

function importFile(file) {
  return import(require('node:url').pathToFileURL(file).href);
}

function isModulePackage(file) {
  const fs = require('node:fs');
  for (let folder = path.dirname(file); ; folder = path.dirname(folder)) {
    if (path.basename(folder) === 'node_modules') return false;
    let text;
    try {
      text = fs.readFileSync(path.join(folder, 'package.json'), 'utf8');
    } catch {
      if (folder === path.dirname(folder)) return false;
      continue;
    }
    try {
      return JSON.parse(text)?.type === 'module';
    } catch (error) {
      console.warn(`${path.join(folder, 'package.json')} cannot be read, it will be ignored for ES module detection purposes.`, error);
      return false;
    }
  }
}

function asLoadError(error) {
  if (error instanceof SyntaxError) {
    const fault = runtimeError('Runtime.UserCodeSyntaxError', String(error));
    fault.stack = error.stack;
    return fault;
  }
  // Only what `require` cannot find is an import error to AWS; an ES module's missing import keeps its own type.
  return error?.code === 'MODULE_NOT_FOUND' ? runtimeError('Runtime.ImportModuleError', String(error)) : error;
}

module.exports = { loadHandler, streaming };
