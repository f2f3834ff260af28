/**
 * Every operation of the Lambda API by method and path, as AWS's own service model (2015-03-31) lists them. The ones
 * that are not answered here stand in the table too, so that a caller reads which operation is missing.
 */
import type { LambdaOperation } from '../contracts/lambda-api.ts';

/** Path parameters by AWS member name, percent-decoded. */
export type PathParameters = Readonly<Record<string, string>>;

export interface MatchedOperation {
  /** AWS operation name. */
  name: string;
  parameters: PathParameters;
}

const functions = '/2015-03-31/functions';
const oneFunction = `${functions}/{FunctionName}`;
const layerVersion = '/2018-10-31/layers/{LayerName}/versions/{VersionNumber}';
const durableExecution = '/2025-12-01/durable-executions/{DurableExecutionArn}';

/** Operation: `method path`; a query that tells two operations of one path apart stands behind the path. */
const answered: Readonly<Record<LambdaOperation | 'Invoke' | 'InvokeAsync', string>> = {
  Invoke: `POST ${oneFunction}/invocations`,
  InvokeAsync: 'POST /2014-11-13/functions/{FunctionName}/invoke-async',
  CreateFunction: `POST ${functions}`,
  DeleteFunction: `DELETE ${oneFunction}`,
  GetFunction: `GET ${oneFunction}`,
  GetFunctionConfiguration: `GET ${oneFunction}/configuration`,
  ListFunctions: `GET ${functions}`,
  UpdateFunctionCode: `PUT ${oneFunction}/code`,
  UpdateFunctionConfiguration: `PUT ${oneFunction}/configuration`,
  PublishVersion: `POST ${oneFunction}/versions`,
  ListVersionsByFunction: `GET ${oneFunction}/versions`,
  CreateAlias: `POST ${oneFunction}/aliases`,
  GetAlias: `GET ${oneFunction}/aliases/{Name}`,
  ListAliases: `GET ${oneFunction}/aliases`,
  UpdateAlias: `PUT ${oneFunction}/aliases/{Name}`,
  DeleteAlias: `DELETE ${oneFunction}/aliases/{Name}`,
  PutFunctionConcurrency: 'PUT /2017-10-31/functions/{FunctionName}/concurrency',
  GetFunctionConcurrency: 'GET /2019-09-30/functions/{FunctionName}/concurrency',
  DeleteFunctionConcurrency: 'DELETE /2017-10-31/functions/{FunctionName}/concurrency',
  PutFunctionEventInvokeConfig: 'PUT /2019-09-25/functions/{FunctionName}/event-invoke-config',
  UpdateFunctionEventInvokeConfig: 'POST /2019-09-25/functions/{FunctionName}/event-invoke-config',
  GetFunctionEventInvokeConfig: 'GET /2019-09-25/functions/{FunctionName}/event-invoke-config',
  DeleteFunctionEventInvokeConfig: 'DELETE /2019-09-25/functions/{FunctionName}/event-invoke-config',
  ListFunctionEventInvokeConfigs: 'GET /2019-09-25/functions/{FunctionName}/event-invoke-config/list',
  PutFunctionRecursionConfig: 'PUT /2024-08-31/functions/{FunctionName}/recursion-config',
  GetFunctionRecursionConfig: 'GET /2024-08-31/functions/{FunctionName}/recursion-config',
  CreateEventSourceMapping: 'POST /2015-03-31/event-source-mappings',
  GetEventSourceMapping: 'GET /2015-03-31/event-source-mappings/{UUID}',
  ListEventSourceMappings: 'GET /2015-03-31/event-source-mappings',
  UpdateEventSourceMapping: 'PUT /2015-03-31/event-source-mappings/{UUID}',
  DeleteEventSourceMapping: 'DELETE /2015-03-31/event-source-mappings/{UUID}',
  ListTags: 'GET /2017-03-31/tags/{Resource}',
  GetAccountSettings: 'GET /2016-08-19/account-settings',
};

const unanswered: Readonly<Record<string, string>> = {
  AddLayerVersionPermission: `POST ${layerVersion}/policy`,
  AddPermission: `POST ${oneFunction}/policy`,
  CheckpointDurableExecution: `POST ${durableExecution}/checkpoint`,
  CreateCapacityProvider: 'POST /2025-11-30/capacity-providers',
  CreateCodeSigningConfig: 'POST /2020-04-22/code-signing-configs',
  CreateFunctionUrlConfig: 'POST /2021-10-31/functions/{FunctionName}/url',
  DeleteCapacityProvider: 'DELETE /2025-11-30/capacity-providers/{CapacityProviderName}',
  DeleteCodeSigningConfig: 'DELETE /2020-04-22/code-signing-configs/{CodeSigningConfigArn}',
  DeleteFunctionCodeSigningConfig: 'DELETE /2020-06-30/functions/{FunctionName}/code-signing-config',
  DeleteFunctionUrlConfig: 'DELETE /2021-10-31/functions/{FunctionName}/url',
  DeleteLayerVersion: `DELETE ${layerVersion}`,
  DeleteProvisionedConcurrencyConfig: 'DELETE /2019-09-30/functions/{FunctionName}/provisioned-concurrency',
  DeleteResourcePolicy: 'DELETE /2026-07-09/resource-policy/{ResourceArn}',
  GetCapacityProvider: 'GET /2025-11-30/capacity-providers/{CapacityProviderName}',
  GetCodeSigningConfig: 'GET /2020-04-22/code-signing-configs/{CodeSigningConfigArn}',
  GetDurableExecution: `GET ${durableExecution}`,
  GetDurableExecutionHistory: `GET ${durableExecution}/history`,
  GetDurableExecutionState: `GET ${durableExecution}/state`,
  GetFunctionCodeSigningConfig: 'GET /2020-06-30/functions/{FunctionName}/code-signing-config',
  GetFunctionScalingConfig: 'GET /2025-11-30/functions/{FunctionName}/function-scaling-config',
  GetFunctionUrlConfig: 'GET /2021-10-31/functions/{FunctionName}/url',
  GetLayerVersion: `GET ${layerVersion}`,
  GetLayerVersionByArn: 'GET /2018-10-31/layers?find=LayerVersion',
  GetLayerVersionPolicy: `GET ${layerVersion}/policy`,
  GetPolicy: `GET ${oneFunction}/policy`,
  GetProvisionedConcurrencyConfig: 'GET /2019-09-30/functions/{FunctionName}/provisioned-concurrency',
  GetResourcePolicy: 'GET /2026-07-09/resource-policy/{ResourceArn}',
  GetRuntimeManagementConfig: 'GET /2021-07-20/functions/{FunctionName}/runtime-management-config',
  InvokeWithResponseStream: 'POST /2021-11-15/functions/{FunctionName}/response-streaming-invocations',
  ListCapacityProviders: 'GET /2025-11-30/capacity-providers',
  ListCodeSigningConfigs: 'GET /2020-04-22/code-signing-configs',
  ListDurableExecutionsByFunction: 'GET /2025-12-01/functions/{FunctionName}/durable-executions',
  ListFunctionsByCodeSigningConfig: 'GET /2020-04-22/code-signing-configs/{CodeSigningConfigArn}/functions',
  ListFunctionUrlConfigs: 'GET /2021-10-31/functions/{FunctionName}/urls',
  ListFunctionVersionsByCapacityProvider: 'GET /2025-11-30/capacity-providers/{CapacityProviderName}/function-versions',
  ListLayers: 'GET /2018-10-31/layers',
  ListLayerVersions: 'GET /2018-10-31/layers/{LayerName}/versions',
  ListProvisionedConcurrencyConfigs: 'GET /2019-09-30/functions/{FunctionName}/provisioned-concurrency?List=ALL',
  PublishLayerVersion: 'POST /2018-10-31/layers/{LayerName}/versions',
  PutFunctionCodeSigningConfig: 'PUT /2020-06-30/functions/{FunctionName}/code-signing-config',
  PutFunctionScalingConfig: 'PUT /2025-11-30/functions/{FunctionName}/function-scaling-config',
  PutProvisionedConcurrencyConfig: 'PUT /2019-09-30/functions/{FunctionName}/provisioned-concurrency',
  PutResourcePolicy: 'PUT /2026-07-09/resource-policy/{ResourceArn}',
  PutRuntimeManagementConfig: 'PUT /2021-07-20/functions/{FunctionName}/runtime-management-config',
  RemoveLayerVersionPermission: `DELETE ${layerVersion}/policy/{StatementId}`,
  RemovePermission: `DELETE ${oneFunction}/policy/{StatementId}`,
  SendDurableExecutionCallbackFailure: 'POST /2025-12-01/durable-execution-callbacks/{CallbackId}/fail',
  SendDurableExecutionCallbackHeartbeat: 'POST /2025-12-01/durable-execution-callbacks/{CallbackId}/heartbeat',
  SendDurableExecutionCallbackSuccess: 'POST /2025-12-01/durable-execution-callbacks/{CallbackId}/succeed',
  StopDurableExecution: `POST ${durableExecution}/stop`,
  TagResource: 'POST /2017-03-31/tags/{Resource}',
  UntagResource: 'DELETE /2017-03-31/tags/{Resource}',
  UpdateCapacityProvider: 'PUT /2025-11-30/capacity-providers/{CapacityProviderName}',
  UpdateCodeSigningConfig: 'PUT /2020-04-22/code-signing-configs/{CodeSigningConfigArn}',
  UpdateFunctionUrlConfig: 'PUT /2021-10-31/functions/{FunctionName}/url',
};

interface Route {
  name: string;
  segments: readonly string[];
  query?: string;
}

/** Routes by method and number of segments; within one list those with a query come first. */
const routes = new Map<string, Route[]>();
for (const [name, line] of [...Object.entries(answered), ...Object.entries(unanswered)]) {
  const [method, target] = line.split(' ') as [string, string];
  const [path, query] = target.split('?') as [string, string | undefined];
  const segments = path.split('/');
  const key = `${method} ${segments.length}`;
  const list = routes.get(key) ?? [];
  if (query === undefined) list.push({ name, segments });
  else list.unshift({ name, segments, query });
  routes.set(key, list);
}

/** Whether the operation is one that `LambdaApi` answers. */
export function isAnswered(name: string): name is LambdaOperation | 'Invoke' | 'InvokeAsync' {
  return Object.hasOwn(answered, name);
}

/** Matches of requests without a query: clients ask for the same few again and again. */
const matches = new Map<string, MatchedOperation>();
const matchesKept = 500;
const longestKept = 300;

/**
 * Finds the operation of a request. `path` and `query` are raw, as on the wire. A trailing slash is ignored, because
 * older SDKs send `/2015-03-31/functions/`.
 */
export function matchOperation(method: string, path: string, query: string): MatchedOperation | undefined {
  if (query !== '' || path.length > longestKept) return match(method, path, query);
  const key = `${method} ${path}`;
  const known = matches.get(key);
  if (known) return known;
  const found = match(method, path, query);
  if (matches.size >= matchesKept) matches.clear();
  if (found) matches.set(key, found);
  return found;
}

function match(method: string, path: string, query: string): MatchedOperation | undefined {
  const trimmed = path.endsWith('/') ? path.replace(/\/+$/, '') : path;
  const segments = trimmed.split('/');
  const candidates = routes.get(`${method} ${segments.length}`);
  if (candidates === undefined) return undefined;
  for (const route of candidates) {
    if (!fits(route, segments)) continue;
    if (route.query !== undefined && !query.split('&').includes(route.query)) continue;
    return { name: route.name, parameters: parametersOf(route, segments) };
  }
  return undefined;
}

function fits(route: Route, segments: readonly string[]): boolean {
  for (let index = 1; index < segments.length; index++) {
    const wanted = route.segments[index] as string;
    const found = segments[index] as string;
    if (wanted.startsWith('{') ? found === '' : wanted !== found) return false;
  }
  return true;
}

function parametersOf(route: Route, segments: readonly string[]): PathParameters {
  const parameters: Record<string, string> = {};
  route.segments.forEach((segment, index) => {
    if (segment.startsWith('{')) parameters[segment.slice(1, -1)] = decodePercent(segments[index] as string);
  });
  return parameters;
}

/** Decodes percent escapes; text with a broken escape stays as it is, and fails the service's own validation. */
export function decodePercent(text: string): string {
  if (!text.includes('%')) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Query parameters, decoded; the last of repeated names wins. */
export function parseQuery(query: string): Record<string, string> {
  const parameters: Record<string, string> = {};
  if (query === '') return parameters;
  for (const pair of query.split('&')) {
    if (pair === '') continue;
    const equals = pair.indexOf('=');
    const name = decodePercent(equals === -1 ? pair : pair.slice(0, equals));
    if (name === '__proto__') continue;
    parameters[name] = equals === -1 ? '' : decodePercent(pair.slice(equals + 1));
  }
  return parameters;
}
