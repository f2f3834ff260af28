/** What went wrong with a call to an event source that is not embedded, in one sentence. */
import { SourceNotFound, SourceUnavailable } from '../contracts/event-sources.ts';
import { UserError } from '../contracts/faults.ts';

const missing = new Set(['QueueDoesNotExist', 'AWS.SimpleQueueService.NonExistentQueue', 'NonExistentQueue', 'ResourceNotFoundException', 'QueueDeletedRecently', 'AWS.SimpleQueueService.QueueDeletedRecently']);
const throttled = /Throttl|^ProvisionedThroughputExceeded|^LimitExceeded|^RequestLimitExceeded|^TooManyRequests|^SlowDown$|OverLimit$/;
const denied = /^AccessDenied|^UnrecognizedClient|^InvalidClientTokenId|^InvalidAccessKeyId|Signature|^ExpiredToken|^MissingAuthenticationToken|^OptInRequired|^InvalidSecurity|CredentialsProviderError$|^TokenProviderError$/;
const unreachable = /^E[A-Z]+$|^EAI_|^TimeoutError$|^CERT_|^ERR_TLS|SELF_SIGNED|UNABLE_TO_/;

interface SdkError extends Error {
  code?: string;
  Code?: string;
  errors?: Error[];
  $metadata?: { httpStatusCode?: number };
  $response?: { statusCode?: number };
}

/** SourceNotFound or SourceUnavailable for what the SDK threw; errors that are one already stay as they are. */
export function sourceFailure(thrown: unknown): Error {
  if (thrown instanceof SourceNotFound || thrown instanceof SourceUnavailable) return thrown;
  const error = thrown as SdkError;
  if (error instanceof UserError) return new SourceUnavailable(error.message, { kind: 'access', code: 'NoCredentials', cause: error });
  const { name } = error;
  const said = firstLine(error.message === '' ? error.errors?.map(({ message }) => message).join('; ') ?? '' : error.message);
  const status = error.$metadata?.httpStatusCode ?? error.$response?.statusCode;
  if (missing.has(name)) return new SourceNotFound(said === '' ? name : said, { cause: error });
  if (throttled.test(name) || status === 429) return new SourceUnavailable(`Requests are throttled (${name}).`, { kind: 'throttled', code: name, cause: error });
  if (denied.test(name) || status === 401 || status === 403) return new SourceUnavailable(`Access was denied: ${name}${said === '' ? '' : `: ${said}`}`, { kind: 'access', code: name, cause: error });
  const code = error.code ?? name;
  if (unreachable.test(code)) return new SourceUnavailable(`There is no answer: ${said === '' ? code : said}`, { kind: 'connection', code, cause: error });
  if (error instanceof SyntaxError || /Deserialization error|Unexpected token|checksum/i.test(error.message)) {
    return new SourceUnavailable(`The answer${status === undefined ? '' : ` (status ${status})`} is not one that AWS would give: ${said}`, { kind: 'other', code: 'UnreadableAnswer', cause: error });
  }
  return new SourceUnavailable(`The answer is an error: ${name}${status === undefined ? '' : ` (status ${status})`}${said === '' ? '' : `: ${said}`}`, { kind: 'other', code: name, cause: error });
}

/** An answer that lacks what it must have. */
export function unreadableAnswer(operation: string, lacks: string): SourceUnavailable {
  return new SourceUnavailable(`The answer to ${operation} is not one that AWS would give: it has no ${lacks}.`, { kind: 'other', code: 'UnreadableAnswer' });
}

const longest = 300;

function firstLine(text: string): string {
  const line = text.split('\n')[0]?.trim() ?? '';
  return line.length > longest ? `${line.slice(0, longest)}…` : line;
}
