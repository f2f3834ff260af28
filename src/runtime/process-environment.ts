/** The environment of a function's process: reserved variables as on AWS, then what the function sets. */
import { readFileSync } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';
import { parseEnv } from 'node:util';
import type { RunnableFunction } from '../contracts/functions.ts';
import type { RealAwsAccess } from '../contracts/real-aws.ts';
import type { EngineSettings } from '../contracts/settings.ts';
import { withLocalQueueUrls } from './queue-urls.ts';

export interface EndpointContext {
  endpoint: string;
  region: string;
  accountId: string;
  accessKeyId: string;
  secretAccessKey: string;
}

/** Variables that neither a template nor a setting may change (lambda-facts §6.2). */
export const reservedVariables: ReadonlySet<string> = new Set([
  '_HANDLER', '_X_AMZN_TRACE_ID', 'AWS_DEFAULT_REGION', 'AWS_REGION', 'AWS_EXECUTION_ENV', 'AWS_LAMBDA_FUNCTION_NAME',
  'AWS_LAMBDA_FUNCTION_MEMORY_SIZE', 'AWS_LAMBDA_FUNCTION_VERSION', 'AWS_LAMBDA_INITIALIZATION_TYPE', 'AWS_LAMBDA_LOG_GROUP_NAME',
  'AWS_LAMBDA_LOG_STREAM_NAME', 'AWS_ACCESS_KEY', 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN',
  'AWS_LAMBDA_RUNTIME_API', 'LAMBDA_TASK_ROOT', 'LAMBDA_RUNTIME_DIR', 'AWS_LAMBDA_MAX_CONCURRENCY',
  'AWS_LAMBDA_METADATA_API', 'AWS_LAMBDA_METADATA_TOKEN',
]);

/** What a program needs of the machine it runs on; everything else of the engine's own environment stays out. */
const inherited = [
  'PATH', 'HOME', 'USER', 'TMPDIR', 'TEMP', 'TMP', 'SystemRoot', 'SYSTEMROOT', 'ComSpec', 'PATHEXT', 'APPDATA', 'LOCALAPPDATA',
  'USERPROFILE', 'ProgramData', 'ProgramFiles', 'SSL_CERT_FILE', 'SSL_CERT_DIR', 'NODE_EXTRA_CA_CERTS', 'LD_LIBRARY_PATH',
];

/** AWS says 169.254.100.1:2000. Nothing listens here, and segments sent by UDP to loopback leave no machine. */
const xRayDaemon = {
  AWS_XRAY_DAEMON_ADDRESS: '127.0.0.1:2000',
  _AWS_XRAY_DAEMON_ADDRESS: '127.0.0.1',
  _AWS_XRAY_DAEMON_PORT: '2000',
};

export interface EnvironmentInput {
  fn: RunnableFunction;
  settings: EngineSettings;
  endpoint: EndpointContext;
  taskRoot: string;
  handler: string;
  runtimeFolder: string;
  /** Absent unless the user lets services go to AWS itself. */
  realAws?: RealAwsAccess;
  /** Text of `.env` files, already read. */
  files: readonly string[];
}

export interface FunctionEnvironment {
  variables: Record<string, string>;
  /** Reserved names that the function, an `.env` file or a setting gave a value, which is not used. */
  refused: readonly string[];
}

/** Later sources win: template, `.env` files, settings for all functions, settings for this one. */
export function functionEnvironment(input: EnvironmentInput): FunctionEnvironment {
  const { fn: { configuration, version }, settings, endpoint, taskRoot } = input;
  const own: Record<string, string> = { ...configuration.environment };
  for (const text of input.files) Object.assign(own, parseEnv(text));
  Object.assign(own, settings.environment['*'], settings.environment[configuration.functionName]);
  const refused = Object.keys(own).filter((name) => reservedVariables.has(name));
  for (const name of refused) delete own[name];

  const result: Record<string, string> = {};
  for (const name of inherited) {
    const value = process.env[name];
    if (value !== undefined) result[name] = value;
  }
  const language = configuration.runtime.startsWith('nodejs') ? 'node' : configuration.runtime.startsWith('python') ? 'python' : 'other';
  Object.assign(result, {
    TZ: ':UTC',
    LANG: 'en_US.UTF-8',
    ...(language === 'python' ? { LC_CTYPE: 'C.UTF-8' } : {}),
    AWS_XRAY_CONTEXT_MISSING: 'LOG_ERROR',
    ...xRayDaemon,
    // An SDK that finds no credentials must not look for those of the machine.
    AWS_EC2_METADATA_DISABLED: 'true',
    ...(endpoint.endpoint === '' ? {} : { AWS_ENDPOINT_URL: endpoint.endpoint }),
    ...input.realAws?.endpoints,
  }, own);
  // Who sends SQS somewhere else on purpose keeps the URLs of there.
  if (endpoint.endpoint !== '' && result['AWS_ENDPOINT_URL_SQS'] === undefined) Object.assign(result, withLocalQueueUrls(own, endpoint.endpoint));
  // A later layer's files win over an earlier one's, so it is searched first.
  const layerPaths = (...tails: string[]) => configuration.layers.toReversed().flatMap((layer) => tails.map((tail) => join(layer, tail)));
  prepend(result, 'PATH', layerPaths('bin'));
  if (language === 'node') {
    const major = /\d+/.exec(configuration.runtime)?.[0] ?? '';
    prepend(result, 'NODE_PATH', [...layerPaths(`nodejs/node${major}/node_modules`, 'nodejs/node_modules'), taskRoot]);
  } else if (language === 'python') {
    const minor = configuration.runtime.slice('python'.length);
    prepend(result, 'PYTHONPATH', layerPaths('python', `python/lib/python${minor}/site-packages`));
    // Python judges a .pyc by whole seconds: an edit within the second of the last start would be missed.
    result['PYTHONDONTWRITEBYTECODE'] ??= '1';
  }
  prepend(result, 'LD_LIBRARY_PATH', layerPaths('lib'));
  const variables = Object.assign(result, {
    AWS_REGION: endpoint.region,
    AWS_DEFAULT_REGION: endpoint.region,
    // One process has one key pair: the endpoint recognises that of a profile too.
    AWS_ACCESS_KEY_ID: input.realAws?.accessKeyId ?? endpoint.accessKeyId,
    AWS_SECRET_ACCESS_KEY: input.realAws?.secretAccessKey ?? endpoint.secretAccessKey,
    ...(input.realAws?.sessionToken === undefined ? {} : { AWS_SESSION_TOKEN: input.realAws.sessionToken }),
    AWS_LAMBDA_FUNCTION_NAME: configuration.functionName,
    AWS_LAMBDA_FUNCTION_VERSION: version,
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(configuration.memorySize),
    AWS_LAMBDA_LOG_GROUP_NAME: configuration.loggingConfig.logGroup,
    LAMBDA_TASK_ROOT: taskRoot,
    LAMBDA_RUNTIME_DIR: input.runtimeFolder,
    _HANDLER: input.handler,
    // Custom runtimes are told no name (lambda-facts §6.2).
    ...(language === 'other' ? {} : { AWS_EXECUTION_ENV: `AWS_Lambda_${configuration.runtime}` }),
    ...(configuration.loggingConfig.logFormat === 'JSON'
      ? { AWS_LAMBDA_LOG_FORMAT: 'JSON', AWS_LAMBDA_LOG_LEVEL: configuration.loggingConfig.applicationLogLevel ?? 'INFO' }
      : {}),
  });
  return { variables, refused };
}

function prepend(environment: Record<string, string>, name: string, paths: readonly string[]): void {
  const all = [...paths, ...(environment[name] === undefined ? [] : [environment[name]])];
  if (all.length > 0) environment[name] = all.join(delimiter);
}

/** Absolute paths of the `.env` files that apply to a function, `*` first. */
export function environmentFilesOf(fn: RunnableFunction, settings: EngineSettings): string[] {
  const { environmentFiles } = settings;
  return [environmentFiles['*'], environmentFiles[fn.configuration.functionName]]
    .filter((file) => file !== undefined)
    .map((file) => (isAbsolute(file) ? file : join(fn.origin.folder ?? fn.configuration.code.folder, file)));
}

/** @throws when a file that a setting names cannot be read. */
export function readEnvironmentFiles(files: readonly string[]): string[] {
  return files.map((file) => readFileSync(file, 'utf8'));
}
