/** Command lines for a terminal: one invocation as `aws lambda invoke`, and the variables that point clients here. */
import type { EndpointInfo } from '../protocol/engine.ts';

export type Shell = 'posix' | 'powershell';

export interface CliInvocation {
  /** `http://127.0.0.1:<port>`. */
  endpoint: string;
  region: string;
  functionName: string;
  qualifier?: string | undefined;
  /** JSON text. */
  clientContext?: string | undefined;
  logType: 'None' | 'Tail';
  invocationType: 'RequestResponse' | 'Event' | 'DryRun';
  /** JSON text. */
  payload: string;
}

/** Longer arguments are refused by some systems (32 KB for a whole command line on Windows). Characters. */
export const longestPayload = 24_000;

/** The shell that VS Code opens (`vscode.env.shell`): everything on Windows that is not a bash is taken for PowerShell. */
export function shellOf(path: string, platform: NodeJS.Platform): Shell {
  const name = path.replace(/^.*[\\/]/, '').replace(/\.exe$/i, '').toLowerCase();
  if (/^(pwsh|powershell)$/.test(name)) return 'powershell';
  if (/^(ba|z|da|k|fi)?sh$/.test(name)) return 'posix';
  return platform === 'win32' ? 'powershell' : 'posix';
}

/**
 * Holds no credentials: the CLI takes them from the environment. A payload that is too long for a command line is
 * read from event.json instead. PowerShell is quoted as 7.3 and newer want it.
 */
export function cliCommand(invocation: CliInvocation, shell: Shell): string {
  const { endpoint, region, functionName, qualifier, clientContext, logType, invocationType, payload } = invocation;
  const quote = (text: string) => (/^[\w@%+=:,./-]+$/.test(text) ? text : quoted(text, shell));
  const options: [string, string][] = [
    ['--endpoint-url', endpoint],
    ['--region', region],
    ['--function-name', functionName],
    ...(qualifier === undefined ? [] : [['--qualifier', qualifier] as [string, string]]),
    ...(clientContext === undefined ? [] : [['--client-context', Buffer.from(clientContext).toString('base64')] as [string, string]]),
    ...(invocationType === 'RequestResponse' ? [] : [['--invocation-type', invocationType] as [string, string]]),
    ...(logType === 'Tail' ? [['--log-type', 'Tail'] as [string, string]] : []),
    ['--payload', payload.length > longestPayload ? 'file://event.json' : payload],
    ['--cli-binary-format', 'raw-in-base64-out'],
  ];
  return ['aws lambda invoke', ...options.map(([name, value]) => `${name} ${quote(value)}`), 'out.json'].join(' ');
}

/** The same variables as `local-lambda env` prints. They hold the secret key of this workspace's engine. */
export function endpointExports(info: EndpointInfo, shell: Shell): string {
  const variables: [string, string][] = [
    ['AWS_ENDPOINT_URL', info.endpoint],
    ['AWS_REGION', info.region],
    ['AWS_DEFAULT_REGION', info.region],
    ['AWS_ACCESS_KEY_ID', info.accessKeyId],
    ['AWS_SECRET_ACCESS_KEY', info.secretAccessKey],
    ['LOCAL_LAMBDA_TOKEN', info.token],
  ];
  // A session token or profile of a real account would win over, or break, the pair above.
  const cleared = ['AWS_SESSION_TOKEN', 'AWS_PROFILE'];
  const lines = shell === 'powershell'
    ? [...variables.map(([name, value]) => `$env:${name} = ${quoted(value, shell)}`), ...cleared.map((name) => `Remove-Item Env:${name} -ErrorAction SilentlyContinue`)]
    : [...variables.map(([name, value]) => `export ${name}=${quoted(value, shell)}`), `unset ${cleared.join(' ')}`];
  return `${lines.join('\n')}\n`;
}

function quoted(text: string, shell: Shell): string {
  return shell === 'powershell' ? `'${text.replaceAll("'", "''")}'` : `'${text.replaceAll("'", `'\\''`)}'`;
}
