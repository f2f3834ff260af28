/** A durable map of JSON documents, committed before each writing call returns. */
export interface DocumentCollection<T> {
  get(key: string): T | undefined;
  put(key: string, value: T): void;
  delete(key: string): boolean;
  /** In key order. */
  entries(prefix?: string): [key: string, value: T][];
}

export interface DocumentStore {
  /** `name` is kebab-case, for example `functions`, `aliases`. */
  collection<T>(name: string): DocumentCollection<T>;
  /** All writes inside commit together or not at all. */
  transaction<R>(work: () => R): R;
}
