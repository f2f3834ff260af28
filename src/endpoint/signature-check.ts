/**
 * Verifies Signature Version 4 with `node:crypto`: one HMAC and two hashes a request once the day's key is derived.
 * Texts are those that AWS services answer with.
 */
import { createHmac, createSecretKey, hash, timingSafeEqual, type BinaryLike, type KeyObject } from 'node:crypto';
import { AwsFault } from '../contracts/faults.ts';
import { canonicalHeaders, canonicalPath, canonicalQuery, objectPath } from './canonical-request.ts';
import type { RequestHead } from './service-protocol.ts';
import { readClaim, type SignatureClaim } from './signature-claim.ts';
import { incompleteSignature, invalidSignature, signatureMismatch, unrecognizedClient } from './signature-faults.ts';

/** The workspace's own key pair, and whatever else may sign. */
export interface Credentials {
  accessKeyId: string;
  secretAccessKey: string;
  /** Secret of another access key that the engine itself handed out; undefined for one that it does not know. */
  lookup?: (accessKeyId: string) => string | undefined;
}

export interface SignatureCheckOptions {
  credentials: Credentials;
  /** Region that scopes must name. */
  region: () => string;
  /** Epoch milliseconds. */
  now: () => number;
}

/** AWS's allowance for clocks that differ. */
const skewMinutes = 5;
const s3SkewMinutes = 15;
const derivedKeysKept = 64;

interface DerivedKey {
  secret: string;
  /** Not the bytes: a key object made once is five times as fast as bytes that are wrapped for every HMAC. */
  key: KeyObject;
}

export class SignatureCheck {
  readonly #credentials: Credentials;
  readonly #region: () => string;
  readonly #now: () => number;
  /** By access key id and scope, so that it renews itself every day. */
  readonly #derived = new Map<string, DerivedKey>();

  constructor({ credentials, region, now }: SignatureCheckOptions) {
    this.#credentials = credentials;
    this.#region = region;
    this.#now = now;
  }

  /**
   * Everything that can be judged before the body is read.
   *
   * @param service Name that the scope must have.
   * @throws AwsFault MissingAuthenticationTokenException, IncompleteSignatureException, UnrecognizedClientException,
   *   InvalidSignatureException
   */
  open(head: RequestHead, service: string): SignatureClaim {
    const claim = readClaim(head);
    if (this.#secret(claim.accessKeyId) === undefined) throw unrecognizedClient();
    const region = this.#region();
    if (claim.region !== region) throw invalidSignature(`Credential should be scoped to a valid region, not '${claim.region}'. `);
    if (claim.service !== service) throw invalidSignature(`Credential should be scoped to correct service: '${service}'. `);
    if (!/(?:^|;)(?:host|:authority)(?:;|$)/.test(claim.signedHeaders)) {
      throw invalidSignature("'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.");
    }
    this.#checkTime(claim);
    const declared = head.headers['x-amz-content-sha256'];
    if (typeof declared === 'string' && declared.startsWith('STREAMING-AWS4-')) {
      // Chunk signatures are S3's alone; accepting the frame without checking them would leave the body unsigned.
      throw new AwsFault('NotImplementedException', 501, `A header you provided implies functionality that is not implemented: x-amz-content-sha256: ${declared}`);
    }
    return claim;
  }

  /**
   * @param rawHeaders As Node gives them: name, value, name, value…
   * @param body As on the wire, with any content coding or aws-chunked framing still in place.
   * @throws AwsFault InvalidSignatureException, UnrecognizedClientException
   */
  verify(claim: SignatureClaim, head: RequestHead, rawHeaders: readonly string[], body: Uint8Array): void {
    const canonicalRequest = `${head.method}\n${claim.service === 's3' ? objectPath(head.path) : canonicalPath(head.path)}\n`
      + `${canonicalQuery(head.query, claim.presigned ? 'X-Amz-Signature' : undefined)}\n`
      + `${canonicalHeaders(claim.signedHeaders, head.headers, rawHeaders)}\n`
      + `${claim.signedHeaders}\n${payloadHash(head, body, claim)}`;
    const stringToSign = `AWS4-HMAC-SHA256\n${claim.amzDate}\n${claim.scope}\n${hash('sha256', canonicalRequest, 'hex')}`;
    const expected = createHmac('sha256', this.#key(claim)).update(stringToSign).digest();
    const given = Buffer.from(claim.signature, 'hex');
    if (claim.signature.length !== 64 || given.length !== 32 || !timingSafeEqual(expected, given)) {
      throw signatureMismatch(canonicalRequest, stringToSign);
    }
  }

  #secret(accessKeyId: string): string | undefined {
    return accessKeyId === this.#credentials.accessKeyId ? this.#credentials.secretAccessKey : this.#credentials.lookup?.(accessKeyId);
  }

  #key(claim: SignatureClaim): KeyObject {
    const secret = this.#secret(claim.accessKeyId);
    if (secret === undefined) throw unrecognizedClient();
    const name = `${claim.accessKeyId}/${claim.scope}`;
    const known = this.#derived.get(name);
    if (known?.secret === secret) return known.key;
    const key = createSecretKey([claim.date, claim.region, claim.service, 'aws4_request']
      .reduce<Buffer>((derived, part) => hmac(derived, part), Buffer.from(`AWS4${secret}`)));
    if (this.#derived.size >= derivedKeysKept) this.#derived.clear();
    this.#derived.set(name, { secret, key });
    return key;
  }

  #checkTime(claim: SignatureClaim): void {
    const now = this.#now();
    const signedAt = epochOf(claim.amzDate);
    if (Number.isNaN(signedAt)) throw incompleteSignature(`Date must be in ISO-8601 'basic format'. Got '${claim.amzDate}'. See http://en.wikipedia.org/wiki/ISO_8601`);
    const minutes = claim.service === 's3' ? s3SkewMinutes : skewMinutes;
    const skewMs = minutes * 60_000;
    const lastsMs = claim.expires === undefined ? skewMs : claim.expires * 1000;
    if (signedAt + lastsMs < now) {
      throw invalidSignature(claim.expires === undefined
        ? `Signature expired: ${claim.amzDate} is now earlier than ${basic(now - skewMs)} (${basic(now)} - ${minutes} min.)`
        : 'Signature expired: the X-Amz-Expires of the presigned request have passed.');
    }
    if (signedAt - skewMs > now) {
      throw invalidSignature(`Signature not yet current: ${claim.amzDate} is still later than ${basic(now + skewMs)} (${basic(now)} + ${minutes} min.)`);
    }
  }
}

/** `UNSIGNED-PAYLOAD` and its kin stand for themselves; a declared hash is never believed, the body's own is computed. */
function payloadHash(head: RequestHead, body: Uint8Array, { presigned, service }: SignatureClaim): string {
  const declared = head.headers['x-amz-content-sha256'];
  // A presigned URL of S3 does not know the body that it will be sent with.
  if (presigned && service === 's3' && declared === undefined) return 'UNSIGNED-PAYLOAD';
  if (declared === 'UNSIGNED-PAYLOAD' || declared === 'STREAMING-UNSIGNED-PAYLOAD-TRAILER') return declared;
  return hash('sha256', body, 'hex');
}

const hmac = (key: BinaryLike, text: string): Buffer => createHmac('sha256', key).update(text).digest();

const epochOf = (date: string): number =>
  Date.parse(`${date.slice(0, 4)}-${date.slice(4, 6)}-${date.slice(6, 8)}T${date.slice(9, 11)}:${date.slice(11, 13)}:${date.slice(13)}`);

/** Epoch milliseconds as YYYYMMDDTHHMMSSZ. */
const basic = (time: number): string => new Date(time).toISOString().replace(/[-:]|\.\d{3}/g, '');
