/** What the endpoint and the services on it agree on. A new AWS service is a new file that implements ServiceProtocol. */
import type { IncomingHttpHeaders } from 'node:http';

/** A request before its body was read. */
export interface RequestHead {
  method: string;
  /** Raw, as on the wire, without query. */
  path: string;
  /** Raw, without `?`; empty string when there is none. */
  query: string;
  /** Lower-case names. */
  headers: IncomingHttpHeaders;
}

/** A complete HTTP answer. */
export interface Answer {
  status: number;
  /** Name, value, name, value…, spelled as they go out; without Content-Length, Date and Connection. */
  headers: string[];
  body?: Uint8Array | string;
  /** Answers to HEAD: bytes that the body would have. */
  contentLength?: number;
}

/** One request that a service has recognised: its operation, and how much body it may have. */
export interface ServiceCall {
  /** AWS operation name, for the log. */
  readonly operation: string;
  /** Largest body in bytes, after any content coding was undone. */
  readonly maxBodyBytes: number;
  /** The answer to a larger body. */
  tooLarge(): Error;
  /** @param signal Aborts when the caller goes away. @throws AwsFault for everything that the service answers with an error. */
  answer(body: Buffer, signal?: AbortSignal): Promise<Answer>;
}

/** One AWS service on the endpoint. */
export interface ServiceProtocol {
  /** The service's name in credential scopes, for example `lambda`. */
  readonly signingName: string;
  /** Whether calls may wait (long polling), so that they want to know when their caller goes away. */
  readonly waits?: boolean;
  /** Version by which a form of the Query protocol names this service in its body, for example `2012-11-05`. */
  readonly queryVersion?: string;
  /** Whether Content-Encoding describes what the service keeps: bodies are not unpacked then, only freed of aws-chunked. */
  readonly storesCodings?: boolean;
  /** Requests that AWS answers without a signature too: a secret in them, such as a token, is enough. */
  isPublic?(head: RequestHead): boolean;
  /** Recognises an unsigned request by its method, path and headers alone. */
  recognises(head: RequestHead): boolean;
  /** @throws AwsFault when there is no such operation. */
  open(head: RequestHead): ServiceCall;
  /** Writes an error as this service does. Errors that are no AwsFault become its internal error. */
  fault(error: unknown, requestId: string, head: RequestHead): Answer;
}
