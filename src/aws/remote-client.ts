/** A client that is opened when it is first needed, and anew when its keys were refused: they may have been mended meanwhile. */
import { SourceUnavailable } from '../contracts/event-sources.ts';
import type { Answer, AwsClient, Operations } from './client.ts';
import { sourceFailure } from './source-failures.ts';

export class RemoteClient<O extends Operations> {
  readonly #open: () => Promise<AwsClient<O>>;
  readonly #closing = new AbortController();
  #client: Promise<AwsClient<O>> | undefined;

  constructor(open: () => Promise<AwsClient<O>>) {
    this.#open = open;
  }

  /** @param signal Ends the call instead of `close`. @throws SourceNotFound, SourceUnavailable */
  async call<K extends keyof O & string>(operation: K, input: O[K]['input'], signal?: AbortSignal): Promise<Answer<O[K]['output']>> {
    const client = this.#client ??= this.#open();
    try {
      return await (await client).call(operation, input, signal ?? this.#closing.signal);
    } catch (error) {
      const failure = sourceFailure(error);
      if (failure instanceof SourceUnavailable && failure.kind === 'access') this.#forget(client);
      throw failure;
    }
  }

  /** Ends calls that are under way. */
  close(): void {
    this.#closing.abort();
    if (this.#client) this.#forget(this.#client);
  }

  #forget(client: Promise<AwsClient<O>>): void {
    if (this.#client === client) this.#client = undefined;
    client.then((opened) => opened.destroy(), () => {});
  }
}
