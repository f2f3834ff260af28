/** Configuration members of CreateFunction and UpdateFunctionConfiguration, checked as AWS does. */
import { checkedDeadLetterTarget } from './destination-arns.ts';
import { AwsFault } from '../contracts/faults.ts';
import type { FunctionConfiguration } from '../contracts/functions.ts';
import { validationFault } from './function-names.ts';
import { optionalNumber, optionalObject, optionalText, requiredText, textMap, type Input } from './input.ts';

/** Cannot be set by a function (lambda-facts §6.2). */
const reservedVariables = new Set([
  '_HANDLER', '_X_AMZN_TRACE_ID', 'AWS_DEFAULT_REGION', 'AWS_REGION', 'AWS_EXECUTION_ENV', 'AWS_LAMBDA_FUNCTION_NAME',
  'AWS_LAMBDA_FUNCTION_MEMORY_SIZE', 'AWS_LAMBDA_FUNCTION_VERSION', 'AWS_LAMBDA_INITIALIZATION_TYPE', 'AWS_LAMBDA_LOG_GROUP_NAME',
  'AWS_LAMBDA_LOG_STREAM_NAME', 'AWS_ACCESS_KEY', 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN',
  'AWS_LAMBDA_RUNTIME_API', 'LAMBDA_TASK_ROOT', 'LAMBDA_RUNTIME_DIR', 'AWS_LAMBDA_MAX_CONCURRENCY',
  'AWS_LAMBDA_METADATA_API', 'AWS_LAMBDA_METADATA_TOKEN',
]);
const environmentLimitBytes = 4096;
const runtimePattern = /^(nodejs(\d+\.x)?|python\d\.\d+|provided(\.al\d+)?|java\d+(\.al2)?|dotnet(core)?\d+(\.\d+)?|ruby\d\.\d+|go1\.x)$/;

type Changes = { -readonly [Key in keyof FunctionConfiguration]?: FunctionConfiguration[Key] };

export function newConfiguration(input: Input, functionName: string): FunctionConfiguration {
  const packageType = optionalText(input, 'PackageType') ?? 'Zip';
  if (packageType !== 'Zip') throw new AwsFault('InvalidParameterValueException', 400, 'Only functions with PackageType Zip can be created here.');
  const runtime = requiredText(input, 'Runtime');
  const handler = optionalText(input, 'Handler') ?? '';
  if (handler === '') throw new AwsFault('InvalidParameterValueException', 400, 'Runtime and Handler are mandatory parameters for functions created with deployment packages.');
  const architectures = input['Architectures'];
  return {
    functionName, runtime, handler, description: '', role: requiredText(input, 'Role'), timeout: 3, memorySize: 128, environment: {}, layers: [], unresolvedLayers: [],
    architectures: Array.isArray(architectures) ? (architectures as ('x86_64' | 'arm64')[]) : ['x86_64'],
    ephemeralStorage: 512, packageType: 'Zip', tracing: 'PassThrough',
    loggingConfig: { logFormat: 'Text', logGroup: `/aws/lambda/${functionName}` },
    code: { folder: '' },
    ...changesFrom(input, undefined),
  };
}

/** What the input sets; members that it leaves out stay as they are. */
export function changesFrom(input: Input, current: FunctionConfiguration | undefined): Changes {
  const changes: Changes = {};
  const description = optionalText(input, 'Description');
  if (description !== undefined) changes.description = description;
  const role = optionalText(input, 'Role');
  if (role !== undefined) changes.role = role;
  const handler = optionalText(input, 'Handler');
  if (handler !== undefined) {
    if (!/^[^\s]+$/.test(handler)) throw validationFault(handler, 'handler', 'Member must satisfy regular expression pattern: [^\\s]+');
    changes.handler = handler;
    // Found again below the code folder when the function is next started.
    if (current && handler !== current.handler) changes.code = current.code.inline === undefined ? { folder: current.code.folder } : current.code;
  }
  const runtime = optionalText(input, 'Runtime');
  if (runtime !== undefined) {
    if (!runtimePattern.test(runtime)) {
      throw new AwsFault('InvalidParameterValueException', 400, `Value ${runtime} at 'runtime' failed to satisfy constraint: Member must satisfy enum value set`);
    }
    changes.runtime = runtime;
  }
  const timeout = optionalNumber(input, 'Timeout', 1, 900);
  if (timeout !== undefined) changes.timeout = timeout;
  const memorySize = optionalNumber(input, 'MemorySize', 128, 10_240);
  if (memorySize !== undefined) changes.memorySize = memorySize;
  const environment = optionalObject(input, 'Environment');
  if (environment) changes.environment = checkedEnvironment(textMap(environment, 'Variables') ?? {});
  const storage = optionalObject(input, 'EphemeralStorage');
  if (storage) changes.ephemeralStorage = optionalNumber(storage, 'Size', 512, 10_240) ?? 512;
  const tracing = optionalObject(input, 'TracingConfig');
  if (tracing) changes.tracing = optionalText(tracing, 'Mode') === 'Active' ? 'Active' : 'PassThrough';
  const logging = optionalObject(input, 'LoggingConfig');
  if (logging) {
    const applicationLogLevel = optionalText(logging, 'ApplicationLogLevel');
    const systemLogLevel = optionalText(logging, 'SystemLogLevel');
    changes.loggingConfig = {
      logFormat: optionalText(logging, 'LogFormat') === 'JSON' ? 'JSON' : 'Text',
      logGroup: optionalText(logging, 'LogGroup') ?? current?.loggingConfig.logGroup ?? `/aws/lambda/${String(input['FunctionName'])}`,
      ...(applicationLogLevel === undefined ? {} : { applicationLogLevel }),
      ...(systemLogLevel === undefined ? {} : { systemLogLevel }),
    };
  }
  const deadLetter = optionalObject(input, 'DeadLetterConfig');
  if (deadLetter) {
    const target = optionalText(deadLetter, 'TargetArn');
    // Empty removes it, also one that a template declares.
    if (target !== undefined && (target !== '' || current?.deadLetterTargetArn)) changes.deadLetterTargetArn = checkedDeadLetterTarget(target) ?? '';
  }
  if (Array.isArray(input['Layers'])) {
    // Layers by ARN have no content here; they are kept for display.
    changes.layers = [];
    changes.unresolvedLayers = (input['Layers'] as unknown[]).map(String);
  }
  return changes;
}

function checkedEnvironment(variables: Record<string, string>): Record<string, string> {
  const taken = Object.keys(variables).filter((name) => reservedVariables.has(name));
  if (taken.length > 0) {
    throw new AwsFault(
      'InvalidParameterValueException', 400,
      'Lambda was unable to configure your environment variables because the environment variables you have provided contains reserved keys '
      + `that are currently not supported for modification. Reserved keys used in this request: ${taken.join(', ')}`,
    );
  }
  for (const name of Object.keys(variables)) {
    if (!/^[a-zA-Z]([a-zA-Z0-9_])+$/.test(name)) {
      throw validationFault(`{${name}=…}`, 'environment.variables', 'Map keys must satisfy constraint: [Member must satisfy regular expression pattern: [a-zA-Z]([a-zA-Z0-9_])+]');
    }
  }
  if (Buffer.byteLength(JSON.stringify(variables)) > environmentLimitBytes) {
    throw new AwsFault('InvalidParameterValueException', 400, `Lambda was unable to configure your environment variables because the environment variables you have provided exceeded the 4KB limit. String measured: ${JSON.stringify(Object.fromEntries(Object.keys(variables).map((name) => [name, '…'])))}`);
  }
  return variables;
}
