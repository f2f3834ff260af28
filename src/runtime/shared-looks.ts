/** Looks at files that calls share as long as they have not begun: a look sees whatever was saved before any of its calls. */
import { TransientMap } from '../contracts/transient-map.ts';

export class SharedLooks<Seen> {
  readonly #coming = new TransientMap<Promise<Seen>>();

  /** What `look` comes to, or that of an earlier call for the same key which has not begun. Looks begin in the next turn. */
  at(key: string, look: () => Seen | Promise<Seen>): Promise<Seen> {
    let coming = this.#coming.get(key);
    if (!coming) {
      coming = new Promise<void>((begin) => { setImmediate(begin); }).then(() => {
        this.#coming.delete(key);
        return look();
      });
      this.#coming.set(key, coming);
    }
    return coming;
  }
}
