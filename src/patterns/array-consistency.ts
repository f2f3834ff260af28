/**
 * Arrays of objects: what matches different fields of a sub-rule must lie in the same element of every array around it. The
 * fields are tried in the order of their paths, and each choice ties the arrays around its value to one element, as in
 * event-ruler; so whether a field is absent is seen from the elements that the fields before it chose.
 */

/** An array of the event, of which a match may use one element only. */
export interface TyingArray {
  /** The element that the match at hand uses. */
  chosen: Membership | undefined;
}

/** That a value lies in one element of an array, and so on outwards. */
export interface Membership {
  array: TyingArray;
  outer: Membership | undefined;
}

/** One field. */
export interface TiedField {
  /** Whether it matches without a choice: by a value outside all tying arrays, or by absence from the whole event. */
  free: boolean;
  /** Where else a matching value lies. */
  matching: readonly Membership[];
  /** For a field that may be absent: where any value lies. It is absent when none of these is in reach. */
  present: readonly Membership[] | undefined;
}

/** @param fields in the order of their paths. */
export function matchInArrays(fields: readonly TiedField[]): boolean {
  const later = new Set<TyingArray>();
  const steps = fields.toReversed().map(({ free, matching, present }): Step => {
    const step = { free, matching: new Places(matching), present: present && new Places(present), later: new Set(later) };
    for (const list of [matching, present ?? []]) for (const membership of list) addArrays(membership, later);
    return step;
  });
  return matchFrom(0, steps.reverse());
}

interface Step {
  free: boolean;
  matching: Places;
  present: Places | undefined;
  /** Arrays in which fields that follow have values: a choice in any other array makes no difference to them. */
  later: ReadonlySet<TyingArray>;
}

function addArrays(membership: Membership, arrays: Set<TyingArray>): void {
  for (let link: Membership | undefined = membership; link && !arrays.has(link.array); link = link.outer) arrays.add(link.array);
}

function matchFrom(index: number, steps: readonly Step[]): boolean {
  const step = steps[index];
  if (!step) return true;
  // A choice can be better than none: it may put the values of a field out of reach that must be absent.
  if (step.free && matchFrom(index + 1, steps)) return true;
  if (step.present && !step.present.someInReach(() => true) && matchFrom(index + 1, steps)) return true;
  const tried = new Set<Membership | undefined>();
  return step.matching.someInReach((place) => {
    const relevant = relevantPart(place, step.later);
    if (tried.has(relevant)) return false;
    tried.add(relevant);
    const chosen = choose(relevant);
    const matched = matchFrom(index + 1, steps);
    for (const array of chosen) array.chosen = undefined;
    return matched;
  });
}

/** What fields that follow can feel of a membership: arrays nest, so it is an outer part. */
function relevantPart(membership: Membership, arrays: ReadonlySet<TyingArray>): Membership | undefined {
  let link: Membership | undefined = membership;
  while (link && !arrays.has(link.array)) link = link.outer;
  return link;
}

function choose(membership: Membership | undefined): TyingArray[] {
  const chosen: TyingArray[] = [];
  for (let link = membership; link; link = link.outer) {
    if (link.array.chosen !== undefined) continue;
    link.array.chosen = link;
    chosen.push(link.array);
  }
  return chosen;
}

/** Up to this many places are looked at one by one. */
const fewPlaces = 16;

/** Places of values, by the elements around them: so that a chosen element leads to what lies in it. */
class Places {
  readonly #few: readonly Membership[] | undefined;
  readonly #root: Group | undefined;

  constructor(places: readonly Membership[]) {
    if (places.length <= fewPlaces) {
      this.#few = places;
      return;
    }
    this.#root = newGroup();
    const groups = new Map<Membership, Group>();
    for (const place of places) groupOf(place, this.#root, groups).here = place;
  }

  /** Whether `accept` takes a place that lies in chosen elements only. */
  someInReach(accept: (place: Membership) => boolean): boolean {
    if (this.#root) return someIn(this.#root, accept);
    return this.#few?.some((place) => inReach(place) && accept(place)) ?? false;
  }
}

function inReach(place: Membership): boolean {
  for (let link: Membership | undefined = place; link; link = link.outer) {
    if (link.array.chosen !== undefined && link.array.chosen !== link) return false;
  }
  return true;
}

/** What lies in one element. */
interface Group {
  /** Set when a value lies right here. */
  here: Membership | undefined;
  arrays: Map<TyingArray, Map<Membership, Group>>;
}

function newGroup(): Group {
  return { here: undefined, arrays: new Map() };
}

function groupOf(place: Membership, root: Group, groups: Map<Membership, Group>): Group {
  const missing: Membership[] = [];
  let link: Membership | undefined = place;
  while (link && !groups.has(link)) {
    missing.push(link);
    link = link.outer;
  }
  let group = (link && groups.get(link)) ?? root;
  for (const inner of missing.reverse()) {
    const child = newGroup();
    const elements = group.arrays.get(inner.array);
    if (elements) elements.set(inner, child);
    else group.arrays.set(inner.array, new Map([[inner, child]]));
    groups.set(inner, child);
    group = child;
  }
  return group;
}

function someIn(group: Group, accept: (place: Membership) => boolean): boolean {
  if (group.here && accept(group.here)) return true;
  for (const [array, elements] of group.arrays) {
    if (array.chosen !== undefined) {
      const chosen = elements.get(array.chosen);
      if (chosen && someIn(chosen, accept)) return true;
    } else {
      for (const element of elements.values()) if (someIn(element, accept)) return true;
    }
  }
  return false;
}
