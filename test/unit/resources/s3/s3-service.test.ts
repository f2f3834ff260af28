import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import { AwsFault } from '../../../../src/contracts/faults.ts';
import type { ListQuery } from '../../../../src/contracts/buckets.ts';
import type { ResourceDefinition } from '../../../../src/contracts/resources.ts';
import { S3Service } from '../../../../src/resources/s3/s3-service.ts';
import { SqliteDocumentStore } from '../../../../src/store/document-store.ts';
import { ObjectFiles } from '../../../../src/store/object-files.ts';
import { openState } from '../../../../src/store/state-database.ts';
import { FakeClock } from '../../../support/fake-clock.ts';

describe('S3', () => {
  let folder: string;
  let database: DatabaseSync;
  let s3: S3Service;
  let clock: FakeClock;
  let region: string;
  let changes: number;
  const log: string[] = [];

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 's3-'));
    clock = new FakeClock(Date.UTC(2026, 10, 24, 12));
    region = 'us-east-1';
    log.length = 0;
    changes = 0;
    start();
  });
  afterEach(() => {
    database.close();
    rmSync(folder, { recursive: true, force: true });
  });

  function start(): void {
    database = openState(join(folder, 'state.sqlite')).database;
    const note = (message: string) => { log.push(message); };
    s3 = new S3Service({
      clock, documents: new SqliteDocumentStore(database), objects: new ObjectFiles(database, join(folder, 'objects')),
      logger: { debug: note, info: note, warn: note, error: note }, region: () => region, changed: () => { changes += 1; },
    });
  }

  function restart(): void {
    database.close();
    start();
  }

  const arn = (name: string) => `arn:aws:s3:::${name}`;
  const declared = (name: string, properties: Record<string, unknown> = {}): ResourceDefinition =>
    ({ type: 'AWS::S3::Bucket', name, arn: arn(name), origin: { kind: 'sam', logicalId: name }, properties: { BucketName: name, ...properties } });
  const put = (key: string, body = key, headers: Record<string, string> = {}) => s3.putObject('records', key, Buffer.from(body), headers, {});
  const names = () => s3.summaries().map(({ name }) => name);

  function refusal(work: () => unknown): string {
    try {
      work();
    } catch (error) {
      if (error instanceof AwsFault) return `${error.name} ${error.status}: ${error.message}`;
      throw error;
    }
    throw new Error('was not refused');
  }

  describe('buckets', () => {
    it('are made, listed by prefix and pages, deleted when they are empty, and survive a restart', () => {
      for (const name of ['records', 'reports', 'other']) s3.createBucket(name, undefined);
      restart();
      assert.deepEqual(s3.listBuckets({ prefix: '' }).buckets.map(({ name, createdAt }) => [name, createdAt]), ['other', 'records', 'reports'].map((name) => [name, clock.now()]));
      const first = s3.listBuckets({ prefix: 're', maxBuckets: 1 });
      assert.deepEqual(first.buckets.map(({ name }) => name), ['records']);
      assert.deepEqual(s3.listBuckets({ prefix: 're', maxBuckets: 1, continuationToken: first.continuationToken as string }), { buckets: [{ name: 'reports', createdAt: clock.now() }] });
      put('k');
      assert.equal(refusal(() => s3.deleteBucket('records')), 'BucketNotEmpty 409: The bucket you tried to delete is not empty');
      s3.deleteObject('records', 'k');
      s3.deleteBucket('records');
      assert.equal(refusal(() => s3.headBucket('records')), 'NoSuchBucket 404: The specified bucket does not exist');
      assert.equal(refusal(() => s3.listBuckets({ prefix: '', maxBuckets: 0 })), 'InvalidArgument 400: Argument max-buckets must be an integer between 1 and 10000');
    });

    it('follow the naming rules', () => {
      for (const name of ['abc', 'my.bucket-1', '0'.repeat(63)]) s3.createBucket(name, undefined);
      for (const name of ['ab', 'a'.repeat(64), 'Records', '-abc', 'abc-', 'a..b', '192.168.5.4', 'a_b', 'xn--abc', 'sthree-abc', 'abc-s3alias', 'abc--ol-s3']) {
        assert.equal(refusal(() => s3.createBucket(name, undefined)), 'InvalidBucketName 400: The specified bucket is not valid.', name);
      }
    });

    it('made twice: fine in us-east-1 only', () => {
      s3.createBucket('records', undefined);
      s3.createBucket('records', undefined);
      region = 'eu-west-1';
      assert.match(refusal(() => s3.createBucket('records', 'eu-west-1')), /^BucketAlreadyOwnedByYou 409: /);
    });

    it('are of this region', () => {
      assert.match(refusal(() => s3.createBucket('abc', 'us-east-1')), /^InvalidLocationConstraint 400: /);
      assert.match(refusal(() => s3.createBucket('abc', 'eu-west-1')), /^IllegalLocationConstraintException 400: The eu-west-1 location constraint is incompatible /);
      region = 'eu-west-1';
      assert.match(refusal(() => s3.createBucket('abc', undefined)), /The unspecified location constraint is incompatible /);
      s3.createBucket('abc', 'eu-west-1');
    });

    it('of templates are there, with their objects, for as long as templates have them', () => {
      s3.setBaseline([declared('records')]);
      put('k', 'body');
      assert.deepEqual(s3.summaries(), [{ kind: 'bucket', name: 'records', arn: arn('records'), objects: 1, bytes: 4, origin: { kind: 'sam', logicalId: 'records' } }]);
      s3.setBaseline([]);
      assert.deepEqual(names(), []);
      restart();
      s3.setBaseline([declared('records')]);
      assert.equal(s3.headObject('records', 'k').bytes, 4);
    });

    it('a template\'s bucket that was deleted stays so until its template entry changes', () => {
      s3.setBaseline([declared('records')]);
      s3.deleteBucket('records');
      restart();
      s3.setBaseline([declared('records')]);
      assert.deepEqual(names(), []);
      s3.setBaseline([declared('records', { Tags: [] })]);
      assert.deepEqual([names(), log], [['records'], ['The bucket records was deleted here; its template entry has changed, so it is back.']]);
    });

    it('a template\'s bucket that was deleted and made again is the template\'s', () => {
      s3.setBaseline([declared('records')]);
      s3.deleteBucket('records');
      s3.createBucket('records', undefined);
      assert.equal(s3.summaries()[0]?.origin?.kind, 'sam');
    });

    it('what an API call made becomes the template\'s when it has the same name', () => {
      s3.createBucket('records', undefined);
      put('k');
      s3.setBaseline([declared('records')]);
      assert.deepEqual([s3.summaries()[0]?.origin?.kind, s3.summaries()[0]?.objects], ['sam', 1]);
      s3.setBaseline([]);
      assert.deepEqual(names(), []);
    });
  });

  describe('deliveries and the view', () => {
    it('put writes an object; a bucket that is not there is named', () => {
      s3.setBaseline([declared('records')]);
      const key = 'aws/lambda/async/f/2026/11/24/2026-11-24T12.00.00-0';
      s3.put(arn('records'), key, Buffer.from('{"version":"1.0"}'));
      assert.equal(Buffer.from(s3.read(arn('records'), key) ?? []).toString(), '{"version":"1.0"}');
      assert.deepEqual(s3.list(arn('records'), 10), [{ key, bytes: 17, modifiedAt: clock.now() }]);
      assert.equal(refusal(() => s3.put(arn('none'), key, Buffer.from(''))), 'NoSuchBucket 404: The specified bucket does not exist');
    });

    it('put commits with the open transaction', () => {
      s3.setBaseline([declared('records')]);
      const documents = new SqliteDocumentStore(database);
      assert.throws(() => documents.transaction(() => {
        s3.put(arn('records'), 'k', Buffer.from('x'));
        throw new Error('undone');
      }), /undone/);
      assert.equal(s3.read(arn('records'), 'k'), undefined);
    });

    it('newest first, removed one by one, each change told', () => {
      s3.setBaseline([declared('records')]);
      for (const key of ['b', 'a', 'c']) put(key);
      assert.deepEqual(s3.list(arn('records'), 2).map(({ key }) => key), ['c', 'a']);
      const before = changes;
      assert.deepEqual([s3.remove(arn('records'), 'c'), s3.remove(arn('records'), 'c')], [true, false]);
      assert.ok(changes > before);
      assert.equal(refusal(() => s3.list(arn('none'), 2)), 'NoSuchBucket 404: The specified bucket does not exist');
    });
  });

  describe('objects', () => {
    beforeEach(() => { s3.createBucket('records', undefined); });

    it('have an ETag, a time and their headers, and are overwritten', () => {
      put('k', 'old');
      const headers = { 'content-type': 'application/json', 'x-amz-meta-a': 'b' };
      put('k', 'new', headers);
      assert.deepEqual(s3.headObject('records', 'k'), { key: 'k', bytes: 3, etag: createHash('md5').update('new').digest('hex'), modifiedAt: clock.now(), headers });
      assert.equal(Buffer.from(s3.readObject('records', 'k')).toString(), 'new');
    });

    it('that are not there are named; deleting them is fine', () => {
      assert.equal(refusal(() => s3.headObject('records', 'none')), 'NoSuchKey 404: The specified key does not exist.');
      assert.equal(refusal(() => s3.readObject('records', 'none')), 'NoSuchKey 404: The specified key does not exist.');
      s3.deleteObject('records', 'none');
    });

    it('keys have at most 1024 bytes, metadata 2048', () => {
      put('é'.repeat(512));
      assert.equal(refusal(() => put(`${'é'.repeat(512)}a`)), 'KeyTooLongError 400: Your key is too long');
      put('k', '', { 'x-amz-meta-a': 'v'.repeat(2047) });
      assert.match(refusal(() => put('k', '', { 'x-amz-meta-a': 'v'.repeat(2048) })), /^MetadataTooLarge 400: /);
    });

    it('digests are checked: MD5, CRC32, SHA-1, SHA-256', () => {
      const body = Buffer.from('hello');
      const digest = (name: string) => createHash(name).update(body).digest('base64');
      const given = (headers: Record<string, string>, contentMd5?: string) => s3.putObject('records', 'k', body, headers, contentMd5 === undefined ? {} : { contentMd5 });
      const right = { 'x-amz-checksum-crc32': 'NhCmhg==', 'x-amz-checksum-sha1': digest('sha1'), 'x-amz-checksum-sha256': digest('sha256') };
      assert.deepEqual(given({ ...right, 'x-amz-checksum-crc64nvme': 'AAAAAAAAAAA=' }, digest('md5')).headers, right);
      assert.equal(refusal(() => given({ 'x-amz-checksum-crc32': 'AAAAAA==' })), 'BadDigest 400: The CRC32 you specified did not match the calculated checksum.');
      assert.equal(refusal(() => given({}, createHash('md5').digest('base64'))), 'BadDigest 400: The Content-MD5 you specified did not match what we received.');
      assert.match(refusal(() => given({}, 'short')), /^InvalidDigest 400: /);
    });

    it('conditions of PutObject', () => {
      const { etag } = put('k', 'one');
      const conditional = (key: string, conditions: { absent?: boolean; etag?: string }) => s3.putObject('records', key, Buffer.from('two'), {}, conditions);
      assert.match(refusal(() => conditional('k', { absent: true })), /^PreconditionFailed 412: /);
      assert.match(refusal(() => conditional('k', { etag: 'other' })), /^PreconditionFailed 412: /);
      assert.match(refusal(() => conditional('none', { etag })), /^NoSuchKey 404: /);
      conditional('new', { absent: true });
      conditional('k', { etag });
    });
  });

  describe('listings', () => {
    beforeEach(() => { s3.createBucket('records', undefined); });

    const list = (query: Partial<ListQuery> = {}) => {
      const { objects, commonPrefixes, nextToken } = s3.listObjects('records', { prefix: '', delimiter: '', startAfter: '', maxKeys: 1000, ...query });
      return { keys: objects.map(({ key }) => key), commonPrefixes: [...commonPrefixes], ...(nextToken === undefined ? {} : { nextToken }) };
    };

    it('by prefix, behind a key, in groups', () => {
      for (const key of ['a', 'b/1', 'b/2', 'b/c/3', 'd']) put(key);
      assert.deepEqual(list({ startAfter: 'b/1' }), { keys: ['b/2', 'b/c/3', 'd'], commonPrefixes: [] });
      assert.deepEqual(list({ delimiter: '/' }), { keys: ['a', 'd'], commonPrefixes: ['b/'] });
      assert.deepEqual(list({ delimiter: '/', prefix: 'b/' }), { keys: ['b/1', 'b/2'], commonPrefixes: ['b/c/'] });
      assert.deepEqual(list({ maxKeys: 0 }), { keys: [], commonPrefixes: [] });
    });

    it('a token that is none is refused', () => {
      assert.equal(refusal(() => list({ continuationToken: 'nonsense' })), 'InvalidArgument 400: The continuation token provided is incorrect');
    });

    it('property: pages of any size add up to one listing', () => {
      const key = fc.string({ unit: fc.constantFrom('a', 'b', '/', 'é'), minLength: 1, maxLength: 5 });
      fc.assert(fc.property(fc.uniqueArray(key, { maxLength: 10 }), fc.constantFrom('', '/', 'b/'), fc.constantFrom('', 'a', 'a/'), fc.integer({ min: 1, max: 4 }), (keys, delimiter, prefix, maxKeys) => {
        for (const one of keys) put(one);
        const sorted = keys.filter((one) => one.startsWith(prefix)).toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
        const groupOf = (one: string) => {
          const end = delimiter === '' ? -1 : one.indexOf(delimiter, prefix.length);
          return end === -1 ? undefined : one.slice(0, end + delimiter.length);
        };
        const all = { keys: [] as string[], commonPrefixes: [] as string[] };
        let token: string | undefined;
        do {
          const page = list({ delimiter, prefix, maxKeys, ...(token === undefined ? {} : { continuationToken: token }) });
          token = page.nextToken;
          assert.ok(page.keys.length + page.commonPrefixes.length <= maxKeys);
          assert.ok(token === undefined || page.keys.length + page.commonPrefixes.length === maxKeys);
          all.keys.push(...page.keys);
          all.commonPrefixes.push(...page.commonPrefixes);
        } while (token !== undefined);
        assert.deepEqual(all, {
          keys: sorted.filter((one) => groupOf(one) === undefined),
          commonPrefixes: [...new Set(sorted.flatMap((one) => groupOf(one) ?? []))],
        });
        for (const one of keys) s3.deleteObject('records', one);
      }), { numRuns: 60 });
    });
  });
});
