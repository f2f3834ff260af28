/** What adapters ask of a client of the AWS SDK, so that they know neither the SDK nor how it is loaded. */
import type { ProfileCredentials } from './profile-credentials.ts';

/** Input and output of each operation, by its name. */
export type Operations = Record<string, { input: object; output: object }>;

export interface AwsClient<O extends Operations> {
  /** @throws what the SDK throws, after its own three attempts. */
  call<K extends keyof O & string>(operation: K, input: O[K]['input'], signal?: AbortSignal): Promise<Answer<O[K]['output']>>;
  destroy(): void;
}

/** @property serverTime When the server answered, epoch milliseconds, by its own clock and to the second; absent when it did not say. */
export type Answer<T> = T & { serverTime?: number };

export interface ClientOptions {
  endpoint: string;
  region: string;
  credentials: () => Promise<ProfileCredentials>;
}
