/** What a walk over one event found, and whether it makes a sub-rule match. */
import { matchInArrays, type Membership } from './array-consistency.ts';
import type { FieldNode, FieldTree, LinkedSubRule, Slot } from './field-tree.ts';

/** How deep an event may nest: AWS's parser goes no deeper. */
export const maximumEventDepth = 1000;

const none: readonly Membership[] = [];

/** How a field of a sub-rule fared by itself. */
export type FieldState =
  | 'matched'
  /** No value stands there. */
  | 'missing'
  /** None of the values there matches. */
  | 'different'
  /** It must not be there, and is. */
  | 'present'
  /** It could match, depending on which elements of arrays the other fields use. */
  | 'tied';

/** Reused from event to event: `reset` begins a new one. */
export class Findings {
  /** Slots that matched a value outside any tying array. */
  readonly #free: Uint8Array;
  /** Paths that have a value outside any tying array. */
  readonly #present: Uint8Array;
  /** Slots that matched values inside tying arrays. */
  readonly #tied: Membership[][];
  /** Paths that have values inside tying arrays. */
  readonly #presentTied: Membership[][];
  #anyTied = false;
  /** Set for explanations: gets every value that is looked at, as JSON. */
  observe: ((node: FieldNode, json: string) => void) | undefined;

  constructor(tree: FieldTree) {
    this.#free = new Uint8Array(tree.slotCount);
    this.#present = new Uint8Array(tree.pathCount);
    this.#tied = Array.from({ length: tree.slotCount }, () => []);
    this.#presentTied = Array.from({ length: tree.pathCount }, () => []);
  }

  reset(): void {
    this.#free.fill(0);
    this.#present.fill(0);
    if (!this.#anyTied) return;
    this.#anyTied = false;
    for (const list of this.#tied) list.length = 0;
    for (const list of this.#presentTied) list.length = 0;
  }

  string(node: FieldNode, text: string, membership: Membership | undefined): void {
    this.#saw(node, membership);
    this.observe?.(node, JSON.stringify(text));
    for (const slot of node.slots) if ((this.#free[slot.index] === 0 || slot.beforeAbsence) && slot.test.string(text)) this.#matched(slot, membership);
  }

  number(node: FieldNode, value: number, membership: Membership | undefined): void {
    this.#saw(node, membership);
    this.observe?.(node, String(value));
    for (const slot of node.slots) if ((this.#free[slot.index] === 0 || slot.beforeAbsence) && slot.test.number(value)) this.#matched(slot, membership);
  }

  numberText(node: FieldNode, spelling: string, membership: Membership | undefined): void {
    this.#saw(node, membership);
    this.observe?.(node, spelling);
    const value = Number(spelling);
    for (const slot of node.slots) if ((this.#free[slot.index] === 0 || slot.beforeAbsence) && slot.test.numberText(spelling, value)) this.#matched(slot, membership);
  }

  literal(node: FieldNode, value: boolean | null, membership: Membership | undefined): void {
    this.#saw(node, membership);
    this.observe?.(node, String(value));
    for (const slot of node.slots) {
      if ((this.#free[slot.index] === 0 || slot.beforeAbsence) && (value === null ? slot.test.null() : slot.test.boolean(value))) this.#matched(slot, membership);
    }
  }

  /** Whether all that could match at `node` did, so that no further value there changes anything. */
  settled(node: FieldNode): boolean {
    if (this.#present[node.pathIndex] === 0 || this.observe) return false;
    for (const slot of node.slots) if (this.#free[slot.index] === 0) return false;
    return true;
  }

  matches(subRule: LinkedSubRule): boolean {
    let tied = 0;
    let absences = 0;
    for (const slot of subRule.slots) {
      if (this.#free[slot.index] === 1) continue;
      const absent = slot.test.absent && this.#present[slot.pathIndex] === 0;
      const absentSomewhere = absent && this.#anyTied && this.#presentTiedOf(slot).length > 0;
      if (absentSomewhere) absences += 1;
      if (absent && !absentSomewhere) continue;
      if (this.#anyTied && this.#tiedOf(slot).length > 0) tied += 1;
      else if (!absentSomewhere) return false;
    }
    // A value outside all arrays goes with everything, and so does a single one inside.
    if (absences === 0 && tied <= 1) return true;
    return matchInArrays(subRule.slots.map((slot) => ({
      free: this.#free[slot.index] === 1 || (slot.test.absent && this.#present[slot.pathIndex] === 0 && this.#presentTiedOf(slot).length === 0),
      matching: this.#tiedOf(slot),
      present: slot.test.absent && this.#present[slot.pathIndex] === 0 ? this.#presentTiedOf(slot) : undefined,
    })));
  }

  stateOf(slot: Slot): FieldState {
    if (this.#free[slot.index] === 1) return 'matched';
    if (this.#tiedOf(slot).length > 0) return 'tied';
    const present = this.#present[slot.pathIndex] === 1;
    const presentTied = this.#presentTiedOf(slot).length > 0;
    if (!present && !presentTied) return slot.test.absent ? 'matched' : 'missing';
    if (!slot.test.absent) return 'different';
    return present ? 'present' : 'tied';
  }

  #saw(node: FieldNode, membership: Membership | undefined): void {
    if (membership === undefined) {
      this.#present[node.pathIndex] = 1;
      return;
    }
    this.#anyTied = true;
    const list = this.#presentTied[node.pathIndex];
    if (list && list.at(-1) !== membership) list.push(membership);
  }

  #matched(slot: Slot, membership: Membership | undefined): void {
    if (membership === undefined) {
      this.#free[slot.index] = 1;
      return;
    }
    const list = this.#tied[slot.index];
    if (list && list.at(-1) !== membership) list.push(membership);
  }

  #tiedOf(slot: Slot): readonly Membership[] {
    return this.#tied[slot.index] ?? none;
  }

  #presentTiedOf(slot: Slot): readonly Membership[] {
    return this.#presentTied[slot.pathIndex] ?? none;
  }
}
