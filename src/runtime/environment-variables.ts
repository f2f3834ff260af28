/** The environment of a function's process, as AWS sets it (lambda-facts §6.2). Nothing else of the engine's leaks in. */
import { delimiter, dirname, join } from 'node:path';
import type { RunnableFunction } from '../contracts/functions.ts';
import type { LayerPaths } from './layers.ts';

/** What functions are told about the engine's own endpoint. */
export interface EndpointFacts {
  /** `http://127.0.0.1:<port>`. */
  endpoint: string;
  region: string;
  accountId: string;
  accessKeyId: string;
  secretAccessKey: string;
}

export interface EnvironmentInput {
  function: RunnableFunction;
  endpoint: EndpointFacts;
  taskRoot: string;
  /** Value of `_HANDLER`. */
  handler: string;
  flavor: 'node' | 'python' | 'provided';
  /** Absolute path of the interpreter or bootstrap. */
  binary: string;
  layers: LayerPaths;
  /** Variables of the engine's own process, of which a few pass through. */
  inherited: Readonly<Record<string, string | undefined>>;
  /** From `.env` files and settings, in the order in which later ones win. */
  overrides: readonly Readonly<Record<string, string>>[];
}

/** Variables that AWS lets nobody set (lambda-facts §6.2). */
export const reservedVariables: ReadonlySet<string> = new Set([
  '_HANDLER', '_X_AMZN_TRACE_ID', 'AWS_DEFAULT_REGION', 'AWS_REGION', 'AWS_EXECUTION_ENV', 'AWS_LAMBDA_FUNCTION_NAME',
  'AWS_LAMBDA_FUNCTION_MEMORY_SIZE', 'AWS_LAMBDA_FUNCTION_VERSION', 'AWS_LAMBDA_INITIALIZATION_TYPE',
  'AWS_LAMBDA_LOG_GROUP_NAME', 'AWS_LAMBDA_LOG_STREAM_NAME', 'AWS_ACCESS_KEY', 'AWS_ACCESS_KEY_ID',
  'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN', 'AWS_LAMBDA_RUNTIME_API', 'LAMBDA_TASK_ROOT', 'LAMBDA_RUNTIME_DIR',
  'AWS_LAMBDA_MAX_CONCURRENCY', 'AWS_LAMBDA_METADATA_API', 'AWS_LAMBDA_METADATA_TOKEN',
]);

/**
 * Variables of the engine's process that a function keeps: what programs need to run at all. Everything else, `AWS_*`
 * above all, stays outside, so that nothing reaches a real account by accident.
 */
const passedThrough = [
  'HOME', 'USER', 'LOGNAME', 'SHELL', 'TMPDIR', 'TEMP', 'TMP',
  'SystemRoot', 'SystemDrive', 'windir', 'ComSpec', 'PATHEXT', 'USERPROFILE', 'HOMEDRIVE', 'HOMEPATH', 'APPDATA',
  'LOCALAPPDATA', 'ProgramData', 'ProgramFiles', 'ProgramFiles(x86)', 'NUMBER_OF_PROCESSORS', 'PROCESSOR_ARCHITECTURE',
  'PYENV_ROOT', 'PYENV_VERSION', 'ASDF_DIR', 'ASDF_DATA_DIR', 'SSL_CERT_FILE', 'SSL_CERT_DIR', 'NODE_EXTRA_CA_CERTS',
];

/**
 * All variables but those that only the environment itself knows. Later sources win: AWS's own unreserved ones, the
 * template's, `overrides` in order; reserved ones always keep AWS's value.
 * @returns the variables, and the reserved names that somebody tried to set
 */
export function processEnvironment(input: EnvironmentInput): { environment: Record<string, string>; ignored: string[] } {
  const environment: Record<string, string> = {};
  for (const name of passedThrough) {
    const value = input.inherited[name];
    if (value !== undefined) environment[name] = value;
  }
  Object.assign(environment, searchPaths(input), unreserved(input));
  const ignored = new Set<string>();
  for (const source of [input.function.configuration.environment, ...input.overrides]) {
    for (const [name, value] of Object.entries(source)) {
      if (reservedVariables.has(name) || name.startsWith('LOCAL_LAMBDA_')) ignored.add(name);
      else environment[name] = value;
    }
  }
  Object.assign(environment, reserved(input));
  return { environment, ignored: [...ignored].sort() };
}

function reserved({ function: fn, endpoint, taskRoot, handler, flavor, binary }: EnvironmentInput): Record<string, string> {
  const { configuration } = fn;
  return {
    _HANDLER: handler,
    AWS_REGION: endpoint.region,
    AWS_DEFAULT_REGION: endpoint.region,
    AWS_ACCESS_KEY_ID: endpoint.accessKeyId,
    AWS_SECRET_ACCESS_KEY: endpoint.secretAccessKey,
    // Absent for provided.* (recorded).
    ...(flavor === 'provided' ? {} : { AWS_EXECUTION_ENV: `AWS_Lambda_${configuration.runtime || defaultRuntime(flavor)}` }),
    AWS_LAMBDA_FUNCTION_NAME: configuration.functionName,
    AWS_LAMBDA_FUNCTION_VERSION: fn.version,
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(configuration.memorySize),
    AWS_LAMBDA_LOG_GROUP_NAME: configuration.loggingConfig.logGroup,
    LAMBDA_TASK_ROOT: taskRoot,
    LAMBDA_RUNTIME_DIR: dirname(binary),
  };
}

function defaultRuntime(flavor: 'node' | 'python'): string {
  return flavor === 'node' ? 'nodejs' : 'python3';
}

function unreserved({ function: fn, endpoint, flavor }: EnvironmentInput): Record<string, string> {
  const { loggingConfig } = fn.configuration;
  return {
    TZ: ':UTC',
    LANG: 'en_US.UTF-8',
    ...(flavor === 'python'
      // Python judges a .pyc by whole seconds: an edit within the second of the last start would be missed.
      ? { LC_CTYPE: 'C.UTF-8', PYTHONDONTWRITEBYTECODE: '1' }
      : {}),
    AWS_ENDPOINT_URL: endpoint.endpoint,
    // No metadata service and no configuration of the user's: only what stands here counts.
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_XRAY_CONTEXT_MISSING: 'LOG_ERROR',
    ...xRayDaemon,
    ...(loggingConfig.logFormat === 'JSON'
      ? { AWS_LAMBDA_LOG_FORMAT: 'JSON', AWS_LAMBDA_LOG_LEVEL: loggingConfig.applicationLogLevel ?? 'INFO' }
      : {}),
  };
}

/** AWS says 169.254.100.1:2000; nothing listens here, and segments sent by UDP to loopback leave no machine. */
const xRayDaemon = {
  AWS_XRAY_DAEMON_ADDRESS: '127.0.0.1:2000',
  _AWS_XRAY_DAEMON_ADDRESS: '127.0.0.1',
  _AWS_XRAY_DAEMON_PORT: '2000',
};

function searchPaths({ flavor, binary, taskRoot, layers, inherited }: EnvironmentInput): Record<string, string> {
  const own = flavor === 'provided' ? [] : [dirname(binary)];
  const path = inherited.PATH ?? inherited.Path ?? '';
  return {
    PATH: joined([...own, ...path.split(delimiter), ...layers.bin]),
    ...(process.platform === 'linux' ? { LD_LIBRARY_PATH: joined([...layers.lib, taskRoot, join(taskRoot, 'lib')]) } : {}),
    ...(flavor === 'node' ? { NODE_PATH: joined([...layers.nodeModules, taskRoot]) } : {}),
    ...(flavor === 'python' && layers.python.length > 0 ? { PYTHONPATH: joined(layers.python) } : {}),
  };
}

function joined(folders: readonly string[]): string {
  return [...new Set(folders.filter((folder) => folder !== ''))].join(delimiter);
}
