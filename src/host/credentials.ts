/** The workspace's own key pair and token, made once per data folder. */
import { randomBytes, randomInt } from 'node:crypto';
import type { DocumentStore } from '../contracts/documents.ts';

export interface EngineCredentials {
  accessKeyId: string;
  secretAccessKey: string;
  /** Bearer token of `/_local-lambda/…`. */
  token: string;
}

const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

export function engineCredentials(documents: DocumentStore): EngineCredentials {
  const collection = documents.collection<EngineCredentials>('engine');
  let credentials = collection.get('credentials');
  if (!credentials) {
    credentials = {
      // The same shape as an AWS key, with a prefix that AWS does not use.
      accessKeyId: `LKIA${Array.from({ length: 16 }, () => letters[randomInt(letters.length)]).join('')}`,
      secretAccessKey: randomBytes(30).toString('base64').replaceAll('=', '').padEnd(40, 'x').slice(0, 40),
      token: randomBytes(24).toString('base64url'),
    };
    collection.put('credentials', credentials);
  }
  return credentials;
}
