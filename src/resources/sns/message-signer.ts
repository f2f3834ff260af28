/** Signs messages as AWS does, with a key of this data folder. */
import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import type { Clock } from '../../contracts/clock.ts';
import type { DocumentCollection } from '../../contracts/documents.ts';
import { selfSignedCertificate } from './certificate.ts';

/** What is kept below the key `key`. */
export interface StoredKey {
  /** PKCS #8, PEM. */
  privateKey: string;
  /** PEM. */
  certificate: string;
}

/** `SignatureVersion` of a topic, and the hash that it stands for. */
const hashes: Readonly<Record<string, string>> = { 1: 'RSA-SHA1', 2: 'RSA-SHA256' };
const keyBits = 2048;
const commonName = 'sns.local-lambda';

export class MessageSigner {
  readonly #store: DocumentCollection<StoredKey>;
  readonly #clock: Clock;
  #key: { privateKey: KeyObject; certificate: string; certificateName: string } | undefined;

  constructor(store: DocumentCollection<StoredKey>, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  /** @param version `1` or `2`. @returns Base64. */
  sign(text: string, version: string): string {
    return sign(hashes[version] ?? 'RSA-SHA1', Buffer.from(text), this.#loaded().privateKey).toString('base64');
  }

  /** The certificate as PEM, and its file name in URLs. */
  certificate(): { name: string; pem: string } {
    const { certificate, certificateName } = this.#loaded();
    return { name: certificateName, pem: certificate };
  }

  /** Makes the key at its first use: it takes about a tenth of a second, once in the life of a data folder. */
  #loaded(): { privateKey: KeyObject; certificate: string; certificateName: string } {
    if (this.#key) return this.#key;
    const stored = this.#store.get('key') ?? this.#make();
    const name = createHash('md5').update(stored.certificate).digest('hex');
    this.#key = {
      privateKey: createPrivateKey(stored.privateKey), certificate: stored.certificate, certificateName: `SimpleNotificationService-${name}.pem`,
    };
    return this.#key;
  }

  #make(): StoredKey {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: keyBits });
    const made: StoredKey = {
      privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
      certificate: selfSignedCertificate(createPublicKey(privateKey), privateKey, commonName, this.#clock.now()),
    };
    this.#store.put('key', made);
    return made;
  }
}
