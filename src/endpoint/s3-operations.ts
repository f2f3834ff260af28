/** Which operation of Amazon S3 a request asks for: by its method, by whether it names a key, and by its parameters. */
import { parseQuery } from './lambda-operations.ts';
import type { RequestHead } from './service-protocol.ts';

export interface S3Request {
  /** Empty for operations on all buckets. */
  bucket: string;
  /** Empty for operations on a bucket. */
  key: string;
  /** Decoded; a name alone has an empty value. */
  parameters: Readonly<Record<string, string>>;
  operation: string;
}

/** Host names that have the bucket in front, as SDKs make them of `localhost`. */
const virtualHost = /^(?:(.+)\.)?s3(?:[.-][a-z0-9-]+)?\.localhost(?::\d+)?$|^(.+)\.localhost(?::\d+)?$/i;

/** The bucket that the host names; undefined when the path does. */
export function bucketOfHost(host: string | undefined): string | undefined {
  const [, ofService, ofHost] = virtualHost.exec(host ?? '') ?? [];
  return ofService ?? ofHost;
}

/** @returns undefined when the path is not well-formed. */
export function readS3Request(head: RequestHead): S3Request | undefined {
  const ofHost = bucketOfHost(head.headers.host);
  const path = decoded(head.path.slice(1));
  if (path === undefined) return undefined;
  const slash = path.indexOf('/');
  const bucket = ofHost ?? (slash === -1 ? path : path.slice(0, slash));
  const key = ofHost !== undefined ? path : slash === -1 ? '' : path.slice(slash + 1);
  const parameters = parseQuery(head.query);
  return { bucket, key, parameters, operation: operationOf(head, bucket, key, parameters) };
}

function operationOf({ method, headers }: RequestHead, bucket: string, key: string, parameters: Readonly<Record<string, string>>): string {
  const has = (name: string) => parameters[name] !== undefined;
  if (bucket === '') return method === 'GET' ? 'ListBuckets' : `${method} /`;
  if (has('uploadId')) return (headers['x-amz-copy-source'] ? { PUT: 'UploadPartCopy' }[method] : undefined) ?? partOperations[method] ?? method;
  const special = specials.find(([parameter, verb, ofKey]) => has(parameter) && verb === method && ofKey === (key !== ''));
  if (special) return special[3];
  const noun = Object.keys(nouns).find((name) => has(name) && nouns[name]?.[key === '' ? 0 : 1] !== undefined);
  if (noun !== undefined) return `${verbs[method] ?? method}${nouns[noun]?.[key === '' ? 0 : 1]}`;
  if (has('versionId') && key !== '') return `${verbs[method] ?? method}Object of a version`;
  if (method === 'PUT' && key !== '' && headers['x-amz-copy-source'] !== undefined) return 'CopyObject';
  if (key !== '') return { GET: 'GetObject', HEAD: 'HeadObject', PUT: 'PutObject', DELETE: 'DeleteObject' }[method] ?? `${method} of an object`;
  if (method === 'GET') return parameters['list-type'] === '2' ? 'ListObjectsV2' : 'ListObjects';
  return { HEAD: 'HeadBucket', PUT: 'CreateBucket', DELETE: 'DeleteBucket' }[method] ?? `${method} of a bucket`;
}

const verbs: Readonly<Record<string, string>> = { GET: 'Get', HEAD: 'Head', PUT: 'Put', DELETE: 'Delete', POST: 'Create' };
const partOperations: Readonly<Record<string, string>> = { GET: 'ListParts', PUT: 'UploadPart', POST: 'CompleteMultipartUpload', DELETE: 'AbortMultipartUpload' };

const specials: readonly [parameter: string, method: string, ofKey: boolean, operation: string][] = [
  ['uploads', 'GET', false, 'ListMultipartUploads'], ['uploads', 'POST', true, 'CreateMultipartUpload'], ['versions', 'GET', false, 'ListObjectVersions'],
  ['delete', 'POST', false, 'DeleteObjects'], ['restore', 'POST', true, 'RestoreObject'], ['select', 'POST', true, 'SelectObjectContent'],
  ['renameObject', 'PUT', true, 'RenameObject'], ['session', 'GET', false, 'CreateSession'], ['attributes', 'GET', true, 'GetObjectAttributes'],
];

/** What follows the verb in the operation's name, of a bucket and of an object, by the parameter that asks for it. */
const nouns: Readonly<Record<string, readonly [ofBucket: string | undefined, ofObject?: string]>> = {
  abac: ['BucketAbac'], accelerate: ['BucketAccelerateConfiguration'], acl: ['BucketAcl', 'ObjectAcl'], analytics: ['BucketAnalyticsConfiguration'],
  cors: ['BucketCors'], encryption: ['BucketEncryption', 'ObjectEncryption'], 'intelligent-tiering': ['BucketIntelligentTieringConfiguration'],
  inventory: ['BucketInventoryConfiguration'], 'legal-hold': [undefined, 'ObjectLegalHold'], lifecycle: ['BucketLifecycleConfiguration'],
  location: ['BucketLocation'], logging: ['BucketLogging'], metadataConfiguration: ['BucketMetadataConfiguration'],
  metadataTable: ['BucketMetadataTableConfiguration'], metrics: ['BucketMetricsConfiguration'], notification: ['BucketNotificationConfiguration'],
  'object-lock': ['ObjectLockConfiguration'], ownershipControls: ['BucketOwnershipControls'], policy: ['BucketPolicy'], policyStatus: ['BucketPolicyStatus'],
  publicAccessBlock: ['PublicAccessBlock'], replication: ['BucketReplication'], requestPayment: ['BucketRequestPayment'], retention: [undefined, 'ObjectRetention'],
  tagging: ['BucketTagging', 'ObjectTagging'], torrent: [undefined, 'ObjectTorrent'], versioning: ['BucketVersioning'], website: ['BucketWebsite'],
};

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    // Said by the caller, in S3's words.
    return undefined;
  }
}
