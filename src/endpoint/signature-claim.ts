/** What a request says about its own signature, in the Authorization header or (presigned) in the query. */
import type { RequestHead } from './service-protocol.ts';
import { parseQuery } from './lambda-operations.ts';
import { incompleteSignature, invalidSignature, missingAuthenticationToken } from './signature-faults.ts';

export interface SignatureClaim {
  presigned: boolean;
  accessKeyId: string;
  /** `date/region/service/aws4_request` */
  scope: string;
  /** YYYYMMDD */
  date: string;
  region: string;
  service: string;
  /** `a;b;c`, lower case. */
  signedHeaders: string;
  /** As given; not yet known to be hexadecimal. */
  signature: string;
  /** YYYYMMDDTHHMMSSZ */
  amzDate: string;
  /** Seconds; only for presigned requests. */
  expires?: number;
}

const algorithm = 'AWS4-HMAC-SHA256';
const headerForm = /^AWS4-HMAC-SHA256 Credential=([^,\s]+), ?SignedHeaders=([^,\s]+), ?Signature=([^,\s]+)$/;
const maxPresignedSeconds = 604_800;

/**
 * Reads the claim without checking that it is true.
 *
 * @throws AwsFault MissingAuthenticationTokenException, IncompleteSignatureException, InvalidSignatureException
 */
export function readClaim(head: RequestHead): SignatureClaim {
  const { authorization } = head.headers;
  if (authorization !== undefined) return claimOfHeader(authorization, head);
  if (head.query.includes('X-Amz-')) return claimOfQuery(parseQuery(head.query));
  throw missingAuthenticationToken();
}

/**
 * The service of the credential scope, read leniently and before anything is checked: it only decides whose words the
 * answer is written in.
 */
export function claimedService(head: RequestHead): string | undefined {
  const credential = head.headers.authorization ?? (head.query.includes('X-Amz-Credential=') ? parseQuery(head.query)['X-Amz-Credential'] : undefined);
  if (credential === undefined) return undefined;
  return /\/\d{8}\/[^/,\s]*\/([^/,\s]+)\/aws4_request/.exec(credential)?.[1];
}

function claimOfHeader(authorization: string, head: RequestHead): SignatureClaim {
  const usual = headerForm.exec(authorization);
  const parameters = usual === null ? parametersOf(authorization) : { Credential: usual[1], SignedHeaders: usual[2], Signature: usual[3] };
  const date = typeof head.headers['x-amz-date'] === 'string' ? head.headers['x-amz-date'] : isoDate(head.headers.date);
  const missing = (['Credential', 'Signature', 'SignedHeaders'] as const)
    .filter((name) => !parameters[name])
    .map((name) => `Authorization header requires '${name}' parameter.`);
  if (date === undefined) missing.push("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.");
  if (missing.length > 0) throw incompleteSignature(`${missing.join(' ')} Authorization=${authorization}`);
  return claim({
    presigned: false,
    credential: parameters.Credential as string,
    signedHeaders: parameters.SignedHeaders as string,
    signature: parameters.Signature as string,
    amzDate: date as string,
  });
}

/** The general form: an algorithm, then `name=value` pairs parted by commas. */
function parametersOf(authorization: string): Record<string, string | undefined> {
  const space = authorization.indexOf(' ');
  const scheme = space === -1 ? authorization : authorization.slice(0, space);
  if (scheme.startsWith('AWS4-') && scheme !== algorithm) throw incompleteSignature(`Unsupported AWS 'algorithm': '${scheme}'.`);
  const parameters: Record<string, string> = {};
  if (scheme !== algorithm || space === -1) return parameters;
  for (const part of authorization.slice(space + 1).split(',')) {
    const pair = part.trim();
    const equals = pair.indexOf('=');
    if (equals === -1 || /\s/.test(pair)) {
      const wrong = equals === -1 ? pair : pair.slice(pair.search(/\s/)).trim();
      throw incompleteSignature(`'${wrong}' not a valid key=value pair (missing equal-sign) in Authorization header: '${authorization}'.`);
    }
    parameters[pair.slice(0, equals)] = pair.slice(equals + 1);
  }
  return parameters;
}

function claimOfQuery(query: Record<string, string>): SignatureClaim {
  const missing = ['X-Amz-Algorithm', 'X-Amz-Credential', 'X-Amz-Signature', 'X-Amz-SignedHeaders', 'X-Amz-Date', 'X-Amz-Expires']
    .filter((name) => !query[name])
    .map((name) => `AWS query-string parameters must include '${name}'.`);
  if (missing.length === 6) throw missingAuthenticationToken();
  if (missing.length > 0) throw incompleteSignature(`${missing.join(' ')} Re-examine the query-string parameters.`);
  if (query['X-Amz-Algorithm'] !== algorithm) throw incompleteSignature(`Unsupported AWS 'algorithm': '${query['X-Amz-Algorithm']}'.`);
  const expires = Number(query['X-Amz-Expires']);
  if (!Number.isInteger(expires) || expires < 1 || expires > maxPresignedSeconds) {
    throw incompleteSignature(`X-Amz-Expires must be a number of seconds between 1 and ${maxPresignedSeconds}, got '${query['X-Amz-Expires']}'.`);
  }
  return {
    ...claim({
      presigned: true,
      credential: query['X-Amz-Credential'] as string,
      signedHeaders: query['X-Amz-SignedHeaders'] as string,
      signature: query['X-Amz-Signature'] as string,
      amzDate: query['X-Amz-Date'] as string,
    }),
    expires,
  };
}

function claim(given: { presigned: boolean; credential: string; signedHeaders: string; signature: string; amzDate: string }): SignatureClaim {
  const { presigned, credential, signedHeaders, signature, amzDate } = given;
  const parts = credential.split('/');
  if (parts.length < 5) {
    throw incompleteSignature(`Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '${credential}'`);
  }
  // An access key id may hold slashes; the four parts of the scope may not.
  const [date, region, service, terminator] = parts.slice(-4) as [string, string, string, string];
  if (terminator !== 'aws4_request') throw invalidSignature(`Credential should be scoped with a valid terminator: 'aws4_request', not '${terminator}'.`);
  if (!/^\d{8}T\d{6}Z$/.test(amzDate)) {
    throw incompleteSignature(`Date must be in ISO-8601 'basic format'. Got '${amzDate}'. See http://en.wikipedia.org/wiki/ISO_8601`);
  }
  if (!amzDate.startsWith(date) || date.length !== 8) {
    throw invalidSignature(`Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '${date}' != '${amzDate.slice(0, 8)}', from '${amzDate}'.`);
  }
  return {
    presigned, signedHeaders, signature, amzDate, date, region, service,
    accessKeyId: parts.slice(0, -4).join('/'),
    scope: `${date}/${region}/${service}/${terminator}`,
  };
}

/** A `Date` header (RFC 1123, or already ISO 8601 basic) in the form that is signed. */
function isoDate(date: string | undefined): string | undefined {
  if (date === undefined || /^\d{8}T\d{6}Z$/.test(date)) return date;
  const time = Date.parse(date);
  return Number.isNaN(time) ? date : new Date(time).toISOString().replace(/[-:]|\.\d{3}/g, '');
}
