/** Functions, versions and aliases as the Lambda API answers them: members and spelling as AWS's. */
import type { FunctionConfiguration } from '../contracts/functions.ts';
import type { AccountContext } from './function-names.ts';
import { functionArn } from './function-names.ts';
import type { StoredAlias } from './function-registry.ts';

export interface ResponseParts {
  configuration: FunctionConfiguration;
  version: string;
  codeSha256: string;
  codeSize: number;
  revisionId: string;
  lastModified: number;
  /** Overrides the ARN's qualifier: an alias. */
  qualifier?: string;
}

/** AWS writes `2025-11-25T00:39:45.123+0000` here and nowhere else. */
function modified(time: number): string {
  return new Date(time).toISOString().replace('Z', '+0000');
}

export function configurationResponse(parts: ResponseParts, account: AccountContext): Record<string, unknown> {
  const { configuration, version, codeSha256, codeSize, revisionId, lastModified } = parts;
  const { loggingConfig } = configuration;
  const qualifier = parts.qualifier ?? (version === '$LATEST' ? undefined : version);
  const arn = functionArn(configuration.functionName, account);
  return {
    FunctionName: configuration.functionName,
    FunctionArn: qualifier === undefined ? arn : `${arn}:${qualifier}`,
    Runtime: configuration.runtime,
    Role: configuration.role,
    Handler: configuration.handler,
    CodeSize: codeSize,
    Description: configuration.description,
    Timeout: configuration.timeout,
    MemorySize: configuration.memorySize,
    LastModified: modified(lastModified),
    CodeSha256: codeSha256,
    Version: version,
    ...(Object.keys(configuration.environment).length === 0 ? {} : { Environment: { Variables: configuration.environment } }),
    ...(!configuration.deadLetterTargetArn ? {} : { DeadLetterConfig: { TargetArn: configuration.deadLetterTargetArn } }),
    TracingConfig: { Mode: configuration.tracing },
    RevisionId: revisionId,
    ...(configuration.layers.length + configuration.unresolvedLayers.length === 0
      ? {} : { Layers: [...configuration.layers, ...configuration.unresolvedLayers].map((Arn) => ({ Arn })) }),
    State: 'Active',
    LastUpdateStatus: 'Successful',
    PackageType: configuration.packageType,
    Architectures: configuration.architectures,
    EphemeralStorage: { Size: configuration.ephemeralStorage },
    SnapStart: { ApplyOn: 'None', OptimizationStatus: 'Off' },
    LoggingConfig: {
      LogFormat: loggingConfig.logFormat,
      ...(loggingConfig.logFormat === 'JSON'
        ? { ApplicationLogLevel: loggingConfig.applicationLogLevel ?? 'INFO', SystemLogLevel: loggingConfig.systemLogLevel ?? 'INFO' } : {}),
      LogGroup: loggingConfig.logGroup,
    },
  };
}

export function aliasResponse(name: string, alias: StoredAlias, account: AccountContext): Record<string, unknown> {
  return {
    AliasArn: `${functionArn(name, account)}:${alias.name}`,
    Name: alias.name,
    FunctionVersion: alias.functionVersion,
    Description: alias.description,
    ...(Object.keys(alias.additionalVersionWeights).length === 0
      ? {} : { RoutingConfig: { AdditionalVersionWeights: alias.additionalVersionWeights } }),
    RevisionId: alias.revisionId,
  };
}
