/** Amazon S3 on the wire: REST with XML, buckets in the path or in the host. */
import { randomUUID } from 'node:crypto';
import type { BucketApi } from '../contracts/buckets.ts';
import { AwsFault } from '../contracts/faults.ts';
import { shapedError } from './error-shapes.ts';
import { checksumHeaders, isUnchanged, objectHeaders, rangeOf, storedHeaders } from './s3-objects.ts';
import { bucketOfHost, readS3Request, type S3Request } from './s3-operations.ts';
import { listBucketsXml, listObjectsXml } from './s3-xml.ts';
import type { Answer, RequestHead, ServiceCall, ServiceProtocol } from './service-protocol.ts';

/** Bodies go through memory here; AWS takes 5 GB. */
const largestObject = 64 * 1024 * 1024;
const largestDocument = 1024 * 1024;
const mostKeys = 1000;

type Operation = (api: BucketApi, request: S3Request, head: RequestHead, body: Buffer) => Answer;

export class S3Protocol implements ServiceProtocol {
  readonly signingName = 's3';
  readonly storesCodings = true;
  readonly #api: BucketApi;
  readonly #region: () => string;

  constructor(api: BucketApi, region: () => string) {
    this.#api = api;
    this.#region = region;
  }

  /** Nothing marks an unsigned request of S3 but its host, the version of a listing, or a bucket that is there. */
  recognises(head: RequestHead): boolean {
    if (head.headers['x-amz-target'] !== undefined) return false;
    if (/(?:^|\.)s3(?:[.-][a-z0-9-]+)?\.localhost/i.test(head.headers.host ?? '') || /(?:^|&)list-type=2(?:&|$)/.test(head.query) || hasOldSignature(head)) return true;
    const bucket = bucketOfHost(head.headers.host) === undefined ? readS3Request(head)?.bucket : undefined;
    return bucket !== undefined && bucket !== '' && this.#has(bucket);
  }

  open(head: RequestHead): ServiceCall {
    const request = readS3Request(head);
    if (!request) throw new AwsFault('InvalidURI', 400, "Couldn't parse the specified URI.", { fields: { URI: head.path } });
    const { operation } = request;
    const work = operations[operation];
    if (!work) throw new AwsFault('NotImplemented', 501, `Local Lambda does not have the operation ${operation} of s3.`);
    const maxBodyBytes = operation === 'PutObject' ? largestObject : largestDocument;
    return {
      operation, maxBodyBytes,
      tooLarge: () => new AwsFault('EntityTooLarge', 400, 'Your proposed upload exceeds the maximum allowed size', { fields: { MaxSizeAllowed: String(maxBodyBytes) } }),
      answer: (body) => Promise.resolve().then(() => {
        const answer = work(this.#api, request, head, body);
        answer.headers.push('x-amz-request-id', randomUUID());
        if (operation === 'HeadBucket' || operation === 'ListObjectsV2') answer.headers.push('x-amz-bucket-region', this.#region());
        return answer;
      }),
    };
  }

  fault(error: unknown, requestId: string, head: RequestHead): Answer {
    const { name, status, message, fields } = s3Fault(error, head);
    return shapedError('s3', { code: name, status, message, fields: { ...fields, Resource: head.path } }, requestId);
  }

  #has(bucket: string): boolean {
    try {
      this.#api.headBucket(bucket);
      return true;
    } catch {
      // Then it is a request of some other service.
      return false;
    }
  }
}

const operations: Readonly<Record<string, Operation>> = {
  ListBuckets: (api, { parameters }) => {
    const { prefix = '', 'continuation-token': continuationToken, 'max-buckets': most } = parameters;
    return xml(listBucketsXml(api.listBuckets({ prefix, ...(continuationToken ? { continuationToken } : {}), ...(most === undefined ? {} : { maxBuckets: Number(most) }) }), prefix));
  },
  CreateBucket: (api, { bucket }, _head, body) => {
    const location = /<LocationConstraint[^>]*>([^<]*)<\/LocationConstraint>/.exec(body.toString())?.[1];
    api.createBucket(bucket, location === '' ? undefined : location);
    return { status: 200, headers: ['Location', `/${bucket}`] };
  },
  HeadBucket: (api, { bucket }) => {
    api.headBucket(bucket);
    return { status: 200, headers: ['Content-Type', 'application/xml'] };
  },
  DeleteBucket: (api, { bucket }) => {
    api.deleteBucket(bucket);
    return { status: 204, headers: [] };
  },
  ListObjectsV2: (api, { bucket, parameters }) => {
    const { prefix = '', delimiter = '', 'start-after': startAfter = '', 'continuation-token': continuationToken, 'max-keys': most = String(mostKeys) } = parameters;
    if (!/^\d{1,9}$/.test(most)) throw new AwsFault('InvalidArgument', 400, 'Provided max-keys not an integer or within integer range', { fields: { ArgumentName: 'max-keys', ArgumentValue: most } });
    const query = { prefix, delimiter, startAfter, maxKeys: Math.min(mostKeys, Number(most)), ...(continuationToken === undefined ? {} : { continuationToken }) };
    return xml(listObjectsXml(bucket, query, api.listObjects(bucket, query), parameters));
  },
  PutObject: (api, { bucket, key }, { headers }, body) => {
    const { 'if-match': match, 'if-none-match': noneMatch, 'content-md5': contentMd5 } = headers;
    const object = api.putObject(bucket, key, body, storedHeaders(headers), {
      ...(noneMatch === '*' ? { absent: true } : {}), ...(match === undefined ? {} : { etag: match.replaceAll('"', '') }),
      ...(typeof contentMd5 === 'string' ? { contentMd5 } : {}),
    });
    return { status: 200, headers: ['ETag', `"${object.etag}"`, ...checksumHeaders(object.headers)] };
  },
  GetObject: (api, { bucket, key, parameters }, { headers }) => {
    const object = api.headObject(bucket, key);
    if (isUnchanged(headers, object)) return { status: 304, headers: ['ETag', `"${object.etag}"`] };
    const part = rangeOf(headers.range, object.bytes);
    return { status: part ? 206 : 200, headers: objectHeaders(object, headers, parameters, part), body: api.readObject(bucket, key, part) };
  },
  HeadObject: (api, { bucket, key, parameters }, { headers }) => {
    const object = api.headObject(bucket, key);
    if (isUnchanged(headers, object)) return { status: 304, headers: ['ETag', `"${object.etag}"`] };
    const part = rangeOf(headers.range, object.bytes);
    return { status: part ? 206 : 200, headers: objectHeaders(object, headers, parameters, part), contentLength: part?.length ?? object.bytes };
  },
  DeleteObject: (api, { bucket, key }) => {
    api.deleteObject(bucket, key);
    return { status: 204, headers: [] };
  },
};

function xml(body: string): Answer {
  return { status: 200, headers: ['Content-Type', 'application/xml'], body };
}

/** Signature Version 2, which boto3 presigns with unless it is told `signature_version='s3v4'`; most regions of AWS refuse it too. */
function hasOldSignature({ query, headers }: RequestHead): boolean {
  return /(?:^|&)AWSAccessKeyId=/.test(query) || headers.authorization?.startsWith('AWS ') === true;
}

/** Errors in S3's own words, also those of the checks that all services share. */
function s3Fault(error: unknown, head: RequestHead): AwsFault {
  if (!(error instanceof AwsFault)) return new AwsFault('InternalError', 500, 'We encountered an internal error. Please try again.');
  const { message } = error;
  switch (error.name) {
    case 'MissingAuthenticationTokenException':
      if (hasOldSignature(head)) return new AwsFault('InvalidRequest', 400, 'The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.');
      return new AwsFault('AccessDenied', 403, 'Access Denied');
    case 'UnrecognizedClientException': return new AwsFault('InvalidAccessKeyId', 403, 'The AWS Access Key Id you provided does not exist in our records.');
    case 'IncompleteSignatureException': return new AwsFault('AuthorizationHeaderMalformed', 400, `The authorization header is malformed; ${message}`);
    case 'InvalidSignatureException':
      if (message.startsWith('Credential should be scoped')) return new AwsFault('AuthorizationHeaderMalformed', 400, `The authorization header is malformed; ${message}`);
      if (message.includes('X-Amz-Expires')) return new AwsFault('AccessDenied', 403, 'Request has expired');
      if (message.startsWith('Signature expired') || message.startsWith('Signature not yet')) return new AwsFault('RequestTimeTooSkewed', 403, 'The difference between the request time and the current time is too large.');
      return new AwsFault('SignatureDoesNotMatch', 403, message);
    case 'NotImplementedException': return new AwsFault('NotImplemented', 501, message);
    case 'InvalidRequestContentException': return new AwsFault('IncompleteBody', 400, message);
    default: return error;
  }
}
