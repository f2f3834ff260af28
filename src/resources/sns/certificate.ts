/** A self-signed X.509 certificate for the key that signs messages, written in DER by hand: node:crypto only reads them. */
import { createHash, sign, type KeyObject } from 'node:crypto';

const yearMilliseconds = 365 * 24 * 3600 * 1000;
const validYears = 20;
/** From this year on X.509 writes years with four digits. */
const firstLongYear = 2050;

/**
 * @param commonName Of subject and issuer.
 * @param now Epoch milliseconds; the certificate is valid from a day before.
 * @returns PEM.
 */
export function selfSignedCertificate(publicKey: KeyObject, privateKey: KeyObject, commonName: string, now: number): string {
  const keyInfo = publicKey.export({ type: 'spki', format: 'der' });
  // Positive and of fixed length: the first byte is below 0x80 and not zero.
  const serial = Buffer.concat([Buffer.from([0x4c]), createHash('sha1').update(keyInfo).digest().subarray(0, 15)]);
  const algorithm = sequence(objectId(sha256WithRsa), Buffer.from([0x05, 0x00]));
  const name = sequence(element(0x31, sequence(objectId(commonNameId), element(0x0c, Buffer.from(commonName)))));
  const body = sequence(
    element(0xa0, element(0x02, Buffer.from([2]))),
    element(0x02, serial),
    algorithm,
    name,
    sequence(time(now - yearMilliseconds / 365), time(now + validYears * yearMilliseconds)),
    name,
    keyInfo,
  );
  const signature = sign('RSA-SHA256', body, privateKey);
  const certificate = sequence(body, algorithm, element(0x03, Buffer.concat([Buffer.from([0]), signature])));
  const lines = certificate.toString('base64').match(/.{1,64}/g) ?? [];
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
}

/** 1.2.840.113549.1.1.11 */
const sha256WithRsa = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b];
/** 2.5.4.3 */
const commonNameId = [0x55, 0x04, 0x03];

function element(tag: number, content: Uint8Array): Buffer {
  const { length } = content;
  const head = length < 0x80 ? [tag, length] : length < 0x100 ? [tag, 0x81, length] : [tag, 0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from(head), content]);
}

function sequence(...parts: readonly Uint8Array[]): Buffer {
  return element(0x30, Buffer.concat(parts));
}

function objectId(bytes: readonly number[]): Buffer {
  return element(0x06, Buffer.from(bytes));
}

function time(milliseconds: number): Buffer {
  const date = new Date(milliseconds);
  const digits = `${date.toISOString().replaceAll(/[-:T]/g, '').slice(0, 14)}Z`;
  return date.getUTCFullYear() < firstLongYear ? element(0x17, Buffer.from(digits.slice(2))) : element(0x18, Buffer.from(digits));
}
