import type { PolicyStatement } from './permissions.ts';

/** Where a function definition was read. Lines and columns are zero-based, as in VS Code. */
export interface SourceLocation {
  /** Absolute path. */
  file: string;
  line: number;
  column: number;
}

/** Where something stands in a file. */
export interface SourceRange {
  location: SourceLocation;
  /** Zero-based, exclusive. */
  end: { line: number; column: number };
}

export type FunctionOriginKind = 'sam' | 'cloudformation' | 'cdk' | 'serverless' | 'registered' | 'api';

/** Who says that a function exists. `registered` is `.local-lambda/functions.json`; `api` is CreateFunction. */
export interface FunctionOrigin {
  kind: FunctionOriginKind;
  /** Absent for `api`. */
  location?: SourceLocation;
  /** Logical id in the template, key in serverless.yml. */
  logicalId?: string;
  /** Absolute path of the workspace folder that holds it; absent for `api`. */
  folder?: string;
}

/** Where a function's code stands on disk. */
export interface FunctionCode {
  /** Absolute path of the code folder (`CodeUri`, `Code`, the CDK asset, serverless root, an unpacked zip). */
  folder: string;
  /**
   * Absolute path of the source file that holds the handler, when it was found (may be TypeScript). Without it the
   * handler string is resolved inside `folder` when the function is invoked.
   */
  handlerFile?: string;
  /** Name of the exported handler in `handlerFile` (last part of `Handler`). */
  handlerExport?: string;
  /** Inline code (`Code.ZipFile` in a template, `InlineCode` in SAM), which stands in no file. */
  inline?: string;
}

/** Reserved concurrency, alias weights and the rest live beside this, in the function registry. */
export interface FunctionConfiguration {
  functionName: string;
  description: string;
  /** For example `nodejs22.x`, `python3.13`, `provided.al2023`. Empty string when the template names none. */
  runtime: string;
  handler: string;
  role: string;
  /** Seconds, 1-900, default 3. */
  timeout: number;
  /** MB, 128-10240, default 128. */
  memorySize: number;
  /** Only what the template or API set; reserved variables are added when an environment starts. */
  environment: Readonly<Record<string, string>>;
  /** Absolute paths of layer content folders, in merge order (later ones win). */
  layers: readonly string[];
  /** Layer ARNs or names that have no local content, kept for display. */
  unresolvedLayers: readonly string[];
  architectures: readonly ('x86_64' | 'arm64')[];
  /** MB, 512-10240, default 512. */
  ephemeralStorage: number;
  packageType: 'Zip' | 'Image';
  tracing: 'Active' | 'PassThrough';
  loggingConfig: {
    logFormat: 'Text' | 'JSON';
    logGroup: string;
    applicationLogLevel?: string;
    systemLogLevel?: string;
  };
  /** Absent or empty: none. */
  deadLetterTargetArn?: string;
  code: FunctionCode;
}

/** One alias as a template declares it (`AutoPublishAlias`, `AWS::Lambda::Alias`). */
export interface AliasDefinition {
  name: string;
  /** `$LATEST` or a version number; SAM's AutoPublishAlias points at the version published from the template. */
  functionVersion: string;
  description: string;
  additionalVersionWeights: Readonly<Record<string, number>>;
}

/** One asynchronous-invocation configuration as a template declares it (`EventInvokeConfig`, `AWS::Lambda::EventInvokeConfig`). */
export interface EventInvokeConfigDefinition {
  /** `$LATEST`, a version number or an alias. */
  qualifier: string;
  /** 0-2. */
  maximumRetryAttempts?: number;
  /** 60-21600. */
  maximumEventAgeInSeconds?: number;
  /** Destination ARNs. */
  onSuccess?: string;
  onFailure?: string;
}

/** One event source mapping as a template declares it (`AWS::Lambda::EventSourceMapping`, `Events`). */
export interface EventSourceMappingDefinition {
  /** Logical id in the template; unique within the function. */
  logicalId: string;
  /** CloudFormation's properties with every intrinsic resolved, not checked. `FunctionName` may be an ARN with an alias. */
  properties: Readonly<Record<string, unknown>>;
  /** Where its properties stand, by CloudFormation's path (`FilterCriteria.Filters.0.Pattern`); the mapping itself under the empty path. */
  places?: Readonly<Record<string, SourceRange>>;
}

/** A function as one reader found it: the baseline that API calls and edits overlay. */
export interface FunctionDefinition {
  origin: FunctionOrigin;
  configuration: FunctionConfiguration;
  /** 0 and up; absent when unreserved. */
  reservedConcurrency?: number;
  aliases: readonly AliasDefinition[];
  eventInvokeConfigs: readonly EventInvokeConfigDefinition[];
  /** What the template lets the function's role do; absent when the role is not of the template. Serves hints only. */
  permissions?: readonly PolicyStatement[];
  /** Who may invoke the function beside its account's roles, as the template says; absent when the format says nothing of it. */
  resourcePolicy?: readonly PolicyStatement[];
  eventSourceMappings: readonly EventSourceMappingDefinition[];
  tags: Readonly<Record<string, string>>;
  /** Template properties not modelled yet, resolved, keyed by AWS name (for example `Events`, `VpcConfig`). */
  rest: Readonly<Record<string, unknown>>;
}

/** `$LATEST` or a decimal number. */
export type FunctionVersion = string;

/** A version of a function with everything needed to run it: immutable once made. */
export interface RunnableFunction {
  configuration: FunctionConfiguration;
  version: FunctionVersion;
  /** Unqualified ARN. */
  functionArn: string;
  /** Changes whenever code or configuration change; environments with another revision are never used. */
  revisionId: string;
  origin: FunctionOrigin;
}
