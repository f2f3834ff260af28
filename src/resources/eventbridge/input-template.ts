/** Templates of input transformers: text with `<name>` in it, a JSON value or a quoted string. */

const placeholderPattern = /<([\w.-]+)>/g;

export const reserved = {
  ruleArn: 'aws.events.rule-arn',
  ruleName: 'aws.events.rule-name',
  ingestionTime: 'aws.events.event.ingestion-time',
  event: 'aws.events.event',
  eventJson: 'aws.events.event.json',
} as const;

export interface Placeholder {
  name: string;
  /** Whether it stands inside a string of the template. */
  quoted: boolean;
}

/** Texts and placeholders in turn, a text first and last. */
export interface InputTemplate {
  texts: readonly string[];
  placeholders: readonly Placeholder[];
}

export function parseTemplate(template: string): InputTemplate {
  const texts: string[] = [];
  const placeholders: Placeholder[] = [];
  let from = 0;
  let quoted = false;
  for (const match of template.matchAll(placeholderPattern)) {
    const text = template.slice(from, match.index);
    quoted = endsQuoted(text, quoted);
    texts.push(text);
    placeholders.push({ name: match[1] as string, quoted });
    from = match.index + match[0].length;
  }
  return { texts: [...texts, template.slice(from)], placeholders };
}

/** @param valueOf JSON text of a variable; undefined when the event has no such value, which leaves an empty string (as recorded). */
export function fillTemplate({ texts, placeholders }: InputTemplate, valueOf: (name: string) => string | undefined): string {
  return texts.reduce((filled, text, index) => {
    const { name, quoted } = placeholders[index - 1] as Placeholder;
    const value = valueOf(name) ?? '""';
    return filled + (quoted ? insideString(value) : value) + text;
  });
}

/**
 * AWS does not escape what it puts into a string, and drops the quotes of objects and arrays there (documented, "Common issues
 * with transforming input").
 */
function insideString(value: string): string {
  if (value.startsWith('"')) return JSON.parse(value) as string;
  return value.startsWith('{') || value.startsWith('[') ? value.replaceAll('"', '') : value;
}

/**
 * Where the template, with a value in the place of each placeholder, is neither JSON nor lines that are quoted strings each:
 * `column` counts from 1.
 */
export function templateFault({ texts, placeholders }: InputTemplate): { column: number } | undefined {
  const probe = texts.reduce((filled, text, index) => filled + ((placeholders[index - 1] as Placeholder).quoted ? 'x' : 'null') + text);
  const fault = jsonFault(probe);
  const lines = probe.split('\n').map((line) => line.trim()).filter((line) => line !== '');
  return fault && !(lines.length > 1 && lines.every((line) => line.startsWith('"') && !jsonFault(line))) ? fault : undefined;
}

function jsonFault(text: string): { column: number } | undefined {
  try {
    JSON.parse(text);
    return undefined;
  } catch (error) {
    const place = /position (\d+)/.exec((error as Error).message)?.[1];
    return { column: (place === undefined ? text.length : Number(place)) + 1 };
  }
}

function endsQuoted(text: string, quoted: boolean): boolean {
  let inside = quoted;
  for (let at = 0; at < text.length; at += 1) {
    if (text[at] === '\\' && inside) at += 1;
    else if (text[at] === '"') inside = !inside;
  }
  return inside;
}
