'use strict';
// The AWS SDK for JavaScript v2 knows nothing of AWS_ENDPOINT_URL: it is told when the handler's code loads it.
const Module = require('node:module');

/** `aws-sdk` and what is below it, as a package name or inside a path; not the packages of version 3 (`@aws-sdk/…`). */
const packageName = /^(.*[\\/])?aws-sdk(?=[\\/]|$)/;

/** Watches for the SDK being loaded. Costs one look at the name of each required module. */
function pointSdkV2(env) {
  const load = Module._load;
  const pointed = new WeakSet();
  Module._load = function watched(request, parent, isMain) {
    const loaded = load.call(Module, request, parent, isMain);
    if (!request.includes('aws-sdk')) return loaded;
    const root = packageName.exec(request)?.[0];
    // A folder of the user's own may have that name too.
    if (root === undefined || (root !== 'aws-sdk' && !/[\\/]node_modules[\\/]aws-sdk$/.test(root))) return loaded;
    let core;
    try {
      core = load.call(Module, `${root}/lib/core`, parent, false);
    } catch (error) {
      if (error?.code === 'MODULE_NOT_FOUND') return loaded;
      throw error;
    }
    if (core?.config && !pointed.has(core.config)) {
      pointed.add(core.config);
      configure(core.config, env);
    }
    return loaded;
  };
}

function configure(config, env) {
  if (env.AWS_ENDPOINT_URL) config.update({ endpoint: env.AWS_ENDPOINT_URL, s3ForcePathStyle: true });
  for (const [name, value] of Object.entries(env)) {
    const service = /^AWS_ENDPOINT_URL_(.+)$/.exec(name)?.[1].replaceAll('_', '').toLowerCase();
    if (service !== undefined) config[service] = { endpoint: value, ...config[service] };
  }
}

module.exports = { pointSdkV2 };
