/** Amazon S3, embedded: as much of it as buckets need where failure records land and functions look at them. */
import { createHash } from 'node:crypto';
import type { BucketApi, BucketPage, ListQuery, ObjectHead, ObjectPage, ObjectStore, PutConditions } from '../../contracts/buckets.ts';
import type { Clock } from '../../contracts/clock.ts';
import type { DocumentStore } from '../../contracts/documents.ts';
import { AwsFault } from '../../contracts/faults.ts';
import type { Logger } from '../../contracts/logger.ts';
import type { BucketObject, BucketSummary } from '../../contracts/resource-views.ts';
import type { BucketHost, ResourceDefinition } from '../../contracts/resources.ts';
import { BucketRegistry, type Bucket, type StoredBucket } from './bucket-registry.ts';
import { checkBucketName, checkChecksums, checkKey, checkMd5, checkMetadata } from './checks.ts';
import { invalidArgument, noSuchBucket, noSuchKey, preconditionFailed } from './faults.ts';
import { listObjects } from './listing.ts';

export interface S3Parts {
  clock: Clock;
  documents: DocumentStore;
  objects: ObjectStore;
  logger: Logger;
  region: () => string;
  /** Something that views show has changed. */
  changed: () => void;
}

const arnPrefix = 'arn:aws:s3:::';
/** The region whose buckets may be made twice and have no location. */
const firstRegion = 'us-east-1';
const mostBuckets = 10_000;

export class S3Service implements BucketHost, BucketApi {
  readonly #parts: S3Parts;
  readonly #buckets: BucketRegistry;

  constructor(parts: S3Parts) {
    this.#parts = parts;
    const { documents, clock, logger } = parts;
    this.#buckets = new BucketRegistry({ stored: documents.collection<StoredBucket>('buckets'), clock, logger });
  }

  // ---- what other rooms ask ----

  put(bucketArn: string, key: string, body: Uint8Array): void {
    this.putObject(nameOf(bucketArn), key, body, {}, {});
  }

  setBaseline(definitions: readonly ResourceDefinition[]): void {
    this.#parts.documents.transaction(() => this.#buckets.setBaseline(definitions));
    this.#parts.changed();
  }

  summaries(): BucketSummary[] {
    const totals = this.#parts.objects.totals();
    return this.#buckets.all().map(({ name, origin }) => ({
      kind: 'bucket', name, arn: arnPrefix + name, ...(totals.get(name) ?? { objects: 0, bytes: 0 }), ...(origin ? { origin } : {}),
    }));
  }

  list(bucketArn: string, limit: number): BucketObject[] {
    const { name } = this.#bucket(nameOf(bucketArn));
    return this.#parts.objects.newest(name, limit).map(({ key, bytes, modifiedAt }) => ({ key, bytes, modifiedAt }));
  }

  read(bucketArn: string, key: string): Uint8Array | undefined {
    return this.#parts.objects.read(this.#bucket(nameOf(bucketArn)).name, key);
  }

  remove(bucketArn: string, key: string): boolean {
    const removed = this.#parts.objects.delete(this.#bucket(nameOf(bucketArn)).name, key);
    this.#parts.changed();
    return removed;
  }

  // ---- the API ----

  createBucket(name: string, locationConstraint: string | undefined): void {
    checkBucketName(name);
    const region = this.#parts.region();
    if (locationConstraint === firstRegion) throw new AwsFault('InvalidLocationConstraint', 400, 'The specified location-constraint is not valid', { fields: { LocationConstraint: locationConstraint } });
    if ((locationConstraint ?? firstRegion) !== region) {
      throw new AwsFault('IllegalLocationConstraintException', 400, `The ${locationConstraint ?? 'unspecified'} location constraint is incompatible for the region specific endpoint this request was sent to.`);
    }
    if (this.#buckets.get(name)) {
      if (region === firstRegion) return;
      throw new AwsFault('BucketAlreadyOwnedByYou', 409, 'Your previous request to create the named bucket succeeded and you already own it.', { fields: { BucketName: name } });
    }
    this.#buckets.create(name);
    this.#parts.changed();
  }

  deleteBucket(name: string): void {
    this.#bucket(name);
    if (this.#parts.objects.newest(name, 1).length > 0) throw new AwsFault('BucketNotEmpty', 409, 'The bucket you tried to delete is not empty', { fields: { BucketName: name } });
    this.#buckets.delete(name);
    this.#parts.changed();
  }

  headBucket(name: string): void {
    this.#bucket(name);
  }

  listBuckets({ prefix, continuationToken, maxBuckets = mostBuckets }: { prefix: string; continuationToken?: string; maxBuckets?: number }): BucketPage {
    if (!(maxBuckets >= 1 && maxBuckets <= mostBuckets)) throw invalidArgument(`Argument max-buckets must be an integer between 1 and ${mostBuckets}`, 'max-buckets', String(maxBuckets));
    const after = continuationToken === undefined ? '' : Buffer.from(continuationToken, 'base64').toString();
    const buckets = this.#buckets.all().filter(({ name }) => name.startsWith(prefix) && name > after);
    const page = buckets.slice(0, maxBuckets);
    const last = page.at(-1);
    return { buckets: page, ...(buckets.length > page.length && last ? { continuationToken: Buffer.from(last.name).toString('base64') } : {}) };
  }

  listObjects(bucket: string, query: ListQuery): ObjectPage {
    return listObjects(this.#parts.objects, this.#bucket(bucket).name, query);
  }

  putObject(bucket: string, key: string, body: Uint8Array, headers: Readonly<Record<string, string>>, { absent, etag, contentMd5 }: PutConditions): ObjectHead {
    const { objects, clock, changed } = this.#parts;
    const { name } = this.#bucket(bucket);
    checkKey(key);
    checkMetadata(headers);
    if (contentMd5 !== undefined) checkMd5(body, contentMd5);
    const kept = checkChecksums(body, headers);
    const existing = absent || etag !== undefined ? objects.head(name, key) : undefined;
    if (absent && existing) throw preconditionFailed('If-None-Match');
    if (etag !== undefined && !existing) throw noSuchKey(key);
    if (etag !== undefined && existing?.etag !== etag) throw preconditionFailed('If-Match');
    const object: ObjectHead = { key, bytes: body.length, etag: createHash('md5').update(body).digest('hex'), modifiedAt: clock.now(), headers: kept };
    objects.put(name, object, body);
    changed();
    return object;
  }

  headObject(bucket: string, key: string): ObjectHead {
    const object = this.#parts.objects.head(this.#bucket(bucket).name, key);
    if (!object) throw noSuchKey(key);
    return object;
  }

  readObject(bucket: string, key: string, part?: { start: number; length: number }): Uint8Array {
    const body = this.#parts.objects.read(this.#bucket(bucket).name, key, part);
    if (!body) throw noSuchKey(key);
    return body;
  }

  deleteObject(bucket: string, key: string): void {
    if (this.#parts.objects.delete(this.#bucket(bucket).name, key)) this.#parts.changed();
  }

  #bucket(name: string): Bucket {
    const bucket = this.#buckets.get(name);
    if (!bucket) throw noSuchBucket(name);
    return bucket;
  }
}

function nameOf(bucketArn: string): string {
  return bucketArn.startsWith(arnPrefix) ? bucketArn.slice(arnPrefix.length) : bucketArn;
}
