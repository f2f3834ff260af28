'use strict';
// Errors as AWS's runtime reports them (lambda-facts §1.3).

/** An error of the runtime itself, named `Runtime.…` from its construction, so that its stack begins with that name. */
function runtimeError(name, message) {
  class RuntimeFault extends Error {}
  Object.defineProperty(RuntimeFault.prototype, 'name', { value: name, configurable: true, writable: true });
  return new RuntimeFault(message);
}

/** Errors of other realms (`vm`) and error-like objects count too. */
function isErrorLike(value) {
  return require('node:util').types.isNativeError(value)
    || (typeof value === 'object' && value !== null && [value.name, value.message, value.stack].every((text) => text && typeof text === 'string'));
}

/** The payload of a function error: `{errorType, errorMessage, trace}`. Never throws, whatever was thrown. */
function describe(error) {
  try {
    if (!isErrorLike(error)) return { errorType: typeof error, errorMessage: String(error), trace: [] };
    const clean = (text) => text.replaceAll('\x7F', '%7F');
    return { errorType: clean(error.name), errorMessage: clean(error.message), trace: clean(error.stack).split('\n') };
  } catch {
    return {
      errorType: 'handled',
      errorMessage: 'callback called with Error argument, but there was a problem while retrieving one or more of its message, name, and stack',
      trace: [],
    };
  }
}

/** The error as its log line shows it: with `code`, its own fields and the errors inside them. */
function detail(error) {
  try {
    const shown = isErrorLike(error) ? error : { errorType: 'Error', errorMessage: String(error), stack: [`Error: ${String(error)}`] };
    return JSON.stringify(shown, (_key, value) => (value instanceof Error
      ? { errorType: value.name, errorMessage: value.message, code: value.code, ...value, stack: String(value.stack).split('\n') }
      : value));
  } catch {
    return JSON.stringify(describe(error));
  }
}

module.exports = { describe, detail, runtimeError };
