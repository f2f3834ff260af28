/** Texts that a person types, and what is wrong with them: one sentence each. No VS Code, so that Node tests it. */

export function wholeNumber(text: string, least: number, largest: number): string | undefined {
  const value = Number(text);
  const right = /^\s*-?\d+\s*$/.test(text) && value >= least && value <= largest;
  return right ? undefined : `A whole number from ${least} to ${largest.toLocaleString('en-US')}.`;
}

export function oneOf(choices: readonly string[]): (text: string) => string | undefined {
  return (text) => (choices.includes(text) ? undefined : `One of ${choices.join(', ')}.`);
}

/** A moment that has passed. @param now Epoch milliseconds. */
export function momentProblem(text: string, now: number): string | undefined {
  const at = Date.parse(text);
  // Date.parse takes a bare number for a year.
  if (Number.isNaN(at) || !/\d{4}-\d\d/.test(text)) return 'A date and time such as 2026-05-01T12:00:00Z.';
  return at > now ? 'A moment in the past.' : undefined;
}

/** `a, b`. */
export function partsOf(text: string): string[] {
  return text.split(',').map((part) => part.trim()).filter((part) => part !== '');
}

export function listed(text: string, choices: readonly string[]): string | undefined {
  const parts = partsOf(text);
  return parts.length > 0 && parts.every((part) => choices.includes(part)) && new Set(parts).size === parts.length ? undefined : `One or more of ${choices.join(', ')}, with commas between.`;
}

const mostTags = 50;

/** `key=value, key=value`. */
export function pairsOf(text: string): Record<string, string> {
  return Object.fromEntries(partsOf(text).map((part) => {
    const at = part.indexOf('=');
    return at === -1 ? [part, ''] : [part.slice(0, at).trim(), part.slice(at + 1).trim()];
  }));
}

/** AWS's limits for tags. */
export function pairsProblem(text: string): string | undefined {
  const pairs = Object.entries(pairsOf(text));
  if (pairs.length === 0) return 'Keys with values, such as team=orders.';
  if (pairs.length > mostTags) return `At most ${mostTags} tags.`;
  if (pairs.some(([key]) => key === '' || key.length > 128 || key.startsWith('aws:'))) return 'A key has 1 to 128 characters and does not begin with aws:.';
  return pairs.some(([, value]) => value.length > 256) ? 'A value has at most 256 characters.' : undefined;
}
