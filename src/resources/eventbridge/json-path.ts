/**
 * JSON paths as EventBridge takes them in InputPath and InputPathsMap: `$`, names behind dots, indexes and `*`. Values are cut out
 * of the text, so that numbers keep their spelling.
 */

/** A name, an index, or `*` for all that is there. */
export type PathStep = string | number;

const stepPattern = /\.([\w\-/]+|\*)|\[(\d+|\*)\]/y;
const wildcard = '*';

/** undefined for a path that PutTargets refuses: one that does not start at `$`, or quotes names in brackets. */
export function parsePath(path: string): readonly PathStep[] | undefined {
  if (path === '$' || path === '$.') return [];
  if (!path.startsWith('$')) return undefined;
  const steps: PathStep[] = [];
  stepPattern.lastIndex = 1;
  while (stepPattern.lastIndex < path.length) {
    const [, name, index] = stepPattern.exec(path) ?? [];
    if (name === undefined && index === undefined) return undefined;
    steps.push(name ?? (index === wildcard ? wildcard : Number(index)));
  }
  return steps;
}

/**
 * The text of the value at a path; undefined when there is none. What a wildcard finds is an array.
 * @param text JSON without white space outside of strings.
 */
export function valueAt(text: string, steps: readonly PathStep[]): string | undefined {
  const values = steps.reduce<string[]>((found, step) => found.flatMap((value) => childrenOf(value, step)), [text]);
  return steps.includes(wildcard) ? (values.length === 0 ? undefined : `[${values.join(',')}]`) : values.at(-1);
}

function childrenOf(text: string, step: PathStep): string[] {
  if (text.startsWith('{')) {
    const members = membersOf(text);
    return step === wildcard ? members.map(([, value]) => value) : members.filter(([name]) => name === step).slice(-1).map(([, value]) => value);
  }
  if (text.startsWith('[')) {
    const elements = elementsOf(text);
    return step === wildcard ? elements : typeof step === 'number' ? elements.slice(step, step + 1) : [];
  }
  return [];
}

function membersOf(text: string): [name: string, value: string][] {
  const members: [string, string][] = [];
  for (let at = 1; text[at] === '"';) {
    const nameEnd = endOfString(text, at);
    const valueEnd = endOfValue(text, nameEnd + 1);
    members.push([JSON.parse(text.slice(at, nameEnd)) as string, text.slice(nameEnd + 1, valueEnd)]);
    at = valueEnd + 1;
  }
  return members;
}

function elementsOf(text: string): string[] {
  const elements: string[] = [];
  for (let at = 1; at < text.length - 1;) {
    const end = endOfValue(text, at);
    elements.push(text.slice(at, end));
    at = end + 1;
  }
  return elements;
}

/** @param at Where a value begins. @returns Where it ends. */
function endOfValue(text: string, at: number): number {
  let depth = 0;
  for (let place = at; place < text.length; place += 1) {
    const character = text[place];
    if (character === '"') place = endOfString(text, place) - 1;
    else if (character === '{' || character === '[') depth += 1;
    else if (depth === 0 && (character === ',' || character === '}' || character === ']')) return place;
    else if (character === '}' || character === ']') {
      depth -= 1;
      if (depth === 0) return place + 1;
    }
    if (depth === 0 && character === '"') return place + 1;
  }
  return text.length;
}

/** @param at Its opening quote. @returns Behind its closing quote. */
export function endOfString(text: string, at: number): number {
  for (let place = at + 1; place < text.length; place += 1) {
    if (text[place] === '\\') place += 1;
    else if (text[place] === '"') return place + 1;
  }
  return text.length;
}

/** The same JSON without white space outside of strings; numbers and escapes stay as they are spelled. */
export function compactJson(text: string): string {
  let compact = '';
  let from = 0;
  for (let at = 0; at < text.length;) {
    const code = text.charCodeAt(at);
    if (code === 0x22) at = endOfString(text, at);
    else if (code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09) {
      compact += text.slice(from, at);
      at += 1;
      from = at;
    } else at += 1;
  }
  return from === 0 ? text : compact + text.slice(from);
}
