'use strict';
// The global `awslambda` that AWS's runtime provides (lambda-facts §6.3).
const { streaming } = require('./loader.cjs');

const keys = {
  REQUEST_ID: Symbol.for('_AWS_LAMBDA_REQUEST_ID'),
  X_RAY_TRACE_ID: Symbol.for('_AWS_LAMBDA_X_RAY_TRACE_ID'),
  TENANT_ID: Symbol.for('_AWS_LAMBDA_TENANT_ID'),
};

/** Values that belong to the running invocation, as `@aws/lambda-invoke-store` keeps them. */
class InvokeStore {
  static PROTECTED_KEYS = keys;
  PROTECTED_KEYS = keys;
  #context;

  /** Starts an invocation; called by the bootstrap. */
  begin(requestId, traceId) {
    this.#context = { [keys.REQUEST_ID]: requestId, [keys.X_RAY_TRACE_ID]: traceId, [keys.TENANT_ID]: undefined };
  }

  run(context, callback) {
    this.#context = context;
    return callback();
  }

  getContext() { return this.#context; }
  hasContext() { return this.#context !== undefined; }
  isProtectedKey(key) { return Object.values(keys).includes(key); }
  get(key) { return this.#context?.[key]; }

  set(key, value) {
    if (this.isProtectedKey(key)) throw new Error(`Cannot modify protected Lambda context field: ${String(key)}`);
    this.#context ??= {};
    this.#context[key] = value;
  }

  getRequestId() { return this.get(keys.REQUEST_ID) ?? '-'; }
  getXRayTraceId() { return this.get(keys.X_RAY_TRACE_ID); }
  getTenantId() { return this.get(keys.TENANT_ID); }
}

/** @param withStore whether the declared runtime (nodejs24 and later) has `InvokeStore` */
function provideGlobals(withStore) {
  globalThis.awslambda = {
    streamifyResponse(handler) {
      handler[streaming] = 'response';
      return handler;
    },
    HttpResponseStream: {
      from(stream, prelude) {
        stream.setPrelude(prelude);
        return stream;
      },
    },
    ...(withStore ? { InvokeStore: new InvokeStore() } : {}),
  };
}

module.exports = { provideGlobals };
