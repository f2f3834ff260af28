/** Where event sources live that are not embedded. `endpoint` or `profile` has to be there; with both, the server gets requests that are signed with the profile's keys. */
export interface EventSourceChoice {
  /** URL of a compatible server, `http://127.0.0.1:4566`. */
  endpoint?: string;
  /** Profile of the user's AWS configuration. Without `endpoint` the source is AWS's own. */
  profile?: string;
  /** Default: that of the ARN. */
  region?: string;
  /** URL of the queue, where it has another name there or the server does not tell it. */
  queueUrl?: string;
  /** ARN of the Kinesis or DynamoDB stream, where it has another one there. */
  streamArn?: string;
}

/**
 * Engine settings, resolved by the extension or read from `.vscode/settings.json` by the CLI. Every member has a default
 * in `src/contracts/default-settings.ts`; names match the VS Code settings below `localLambda.`.
 */
export interface EngineSettings {
  /** 12 digits. */
  accountId: string;
  region: string;
  /** Endpoint port; 0 lets the system choose once, after which the data folder remembers it. */
  port: number;
  /** False lets unsigned and wrongly signed requests in. Host and Origin checks stay. */
  requireSignatures: boolean;
  template: {
    parameterOverrides: Record<string, string>;
    include: string[];
    exclude: string[];
  };
  /** Account limit of concurrent executions, default 1000. */
  accountConcurrency: number;
  /** Events of one function that run at once, 1-1000. The rest waits in its queue. */
  asynchronousConcurrency: number;
  /** Processes that may run at once, independent of the account limit. */
  maxProcesses: number;
  /** An environment idle for longer is ended, in seconds. */
  environmentIdleSeconds: number;
  /** Ends an environment whose resident memory passes MemorySize. */
  enforceMemory: boolean;
  /** Refuses to run when the exact declared language version is not installed. */
  strictRuntimes: boolean;
  /** Binaries by runtime identifier or family: `{"nodejs22.x": "/…/node", "nodejs": …, "python3.13": …, "python": …}`. */
  runtimes: Record<string, string>;
  /** Workspace interpreter chosen in the editor (ms-python), by workspace folder. */
  pythonInterpreters: Record<string, string>;
  /** Environment overrides by function name; `*` applies to all. Values are secret: never logged, recorded or exported. */
  environment: Record<string, Record<string, string>>;
  /** `.env` files by function name (`*` for all), relative to the workspace folder. */
  environmentFiles: Record<string, string>;
  /** Profile of the user's AWS configuration for `awsServices`; empty for none. */
  awsProfile: string;
  /** Services, by their names in endpoint URLs (`dynamodb`, `s3`), whose calls by functions go to AWS itself. Empty: nothing leaves the machine. */
  awsServices: string[];
  /**
   * Event sources that mappings poll elsewhere, by ARN, by name of the queue, stream or table, or by a pattern of one of both
   * (`*` stands for any text). All others are embedded.
   */
  eventSources: Record<string, EventSourceChoice>;
  history: {
    /** Default 10000. */
    maxExecutions: number;
    /** Default 500. */
    maxMegabytes: number;
  };
  /** Seconds that the engine stays after its last client left. */
  stayAliveSeconds: number;
}
