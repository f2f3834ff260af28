/**
 * A map for what comes and goes many times a second, by its id.
 *
 * V8 links the former tables of a `Map` to the newer ones, for iterators that may still be on their way. Once such a table
 * has grown old, all that was put into the map after it, removed long since or not, is copied by every scavenge and stays
 * until the next full collection: with thousands of executions a second that was most of the work of the garbage collector.
 * The properties of an object leave nothing behind.
 */
export class TransientMap<Value> {
  #values: Record<string, Value> = Object.create(null) as Record<string, Value>;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(id: string): Value | undefined {
    return this.#values[id];
  }

  set(id: string, value: Value): void {
    if (!(id in this.#values)) this.#size += 1;
    this.#values[id] = value;
  }

  /** Answers whether there was something to delete. */
  delete(id: string): boolean {
    if (!(id in this.#values)) return false;
    delete this.#values[id];
    this.#size -= 1;
    return true;
  }

  clear(): void {
    this.#values = Object.create(null) as Record<string, Value>;
    this.#size = 0;
  }

  /** In the order in which ids were first set. Whole numbers, which no id is, would come first. */
  keys(): string[] {
    return Object.keys(this.#values);
  }

  /** As `keys`. */
  values(): Value[] {
    return Object.values(this.#values);
  }

  /** As `keys`. */
  entries(): [string, Value][] {
    return Object.entries(this.#values);
  }
}
