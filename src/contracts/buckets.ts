/** Objects of buckets: what the S3 service asks of the store, and the endpoint of the service. */

/** Everything of an object but its body. */
export interface ObjectHead {
  key: string;
  /** Bytes of the body. */
  bytes: number;
  /** Hexadecimal MD5 of the body, without the quotes of the header. */
  etag: string;
  /** Epoch milliseconds. */
  modifiedAt: number;
  /** What is answered with the body, by lower-case header name: `content-type`, `x-amz-meta-…`, `x-amz-checksum-…`. */
  headers: Readonly<Record<string, string>>;
}

/** Durable objects; buckets are only names here. Each call joins the open transaction. */
export interface ObjectStore {
  /** Replaces the object of the same key. */
  put(bucket: string, object: ObjectHead, body: Uint8Array): void;
  head(bucket: string, key: string): ObjectHead | undefined;
  /** The body, or `length` bytes of it from `start`; undefined when there is no such object. */
  read(bucket: string, key: string, part?: { start: number; length: number }): Uint8Array | undefined;
  /** False when there was none. */
  delete(bucket: string, key: string): boolean;
  /** In the order of the keys' UTF-8 bytes. Keys up to `after` are left out; with `group` also those that go on after it. */
  list(bucket: string, query: { prefix: string; after: string; group?: boolean; limit: number }): ObjectHead[];
  /** Newest first. */
  newest(bucket: string, limit: number): ObjectHead[];
  /** By bucket; those without objects are not there. */
  totals(): ReadonlyMap<string, { objects: number; bytes: number }>;
}

export interface BucketPage {
  buckets: readonly { name: string; createdAt: number }[];
  continuationToken?: string;
}

export interface ListQuery {
  prefix: string;
  /** Groups keys that go on with it after the prefix; empty for none. */
  delimiter: string;
  startAfter: string;
  continuationToken?: string;
  /** Objects and groups together. */
  maxKeys: number;
}

export interface ObjectPage {
  objects: readonly ObjectHead[];
  commonPrefixes: readonly string[];
  /** Present when there is more. */
  nextToken?: string;
}

/** Amazon S3, embedded, as the endpoint calls it. Everything throws AwsFault with S3's own codes. */
export interface BucketApi {
  createBucket(name: string, locationConstraint: string | undefined): void;
  deleteBucket(name: string): void;
  headBucket(name: string): void;
  listBuckets(query: { prefix: string; continuationToken?: string; maxBuckets?: number }): BucketPage;
  listObjects(bucket: string, query: ListQuery): ObjectPage;
  /** @param headers As in ObjectHead, with the checksums that the caller gave: they are checked. */
  putObject(bucket: string, key: string, body: Uint8Array, headers: Readonly<Record<string, string>>, conditions: PutConditions): ObjectHead;
  headObject(bucket: string, key: string): ObjectHead;
  readObject(bucket: string, key: string, part?: { start: number; length: number }): Uint8Array;
  deleteObject(bucket: string, key: string): void;
}

export interface PutConditions {
  /** The object must not exist (`If-None-Match: *`). */
  absent?: boolean;
  /** It must have this ETag. */
  etag?: string;
  /** Base64 MD5 of the body. */
  contentMd5?: string;
}
