/** What a target gets of an event: all of it, a constant, a part, or what its input transformer makes of it. */
import { parsePath, valueAt } from './json-path.ts';
import { fillTemplate, parseTemplate, reserved } from './input-template.ts';
import type { Rule, Target } from './rule-registry.ts';

/** An event on its way to targets. */
export interface RoutedEvent {
  id: string;
  /** JSON text without white space outside of strings. */
  text: string;
  /** Epoch milliseconds when it reached the bus. */
  ingestedAt: number;
}

/** DOUBT: what AWS delivers when InputPath leads to nothing is not recorded. */
const nothingAtPath = 'null';

/** What a transformer made is no JSON. */
export class InvalidInput extends Error {
  override readonly name = 'InvalidInput';
}

/**
 * The payload of a target.
 * @param asJson Whether the target takes JSON only.
 * @throws InvalidInput
 */
export function targetInput({ Input, InputPath, InputTransformer }: Target, rule: Pick<Rule, 'arn' | 'name'>, event: RoutedEvent, asJson: boolean): string {
  if (Input !== undefined) return Input;
  if (InputPath !== undefined) return valueAt(event.text, parsePath(InputPath) ?? []) ?? nothingAtPath;
  if (InputTransformer === undefined) return event.text;
  const { InputPathsMap = {}, InputTemplate } = InputTransformer;
  const input = fillTemplate(parseTemplate(InputTemplate), (name) => reservedValue(name, rule, event) ?? valueAt(event.text, parsePath(InputPathsMap[name] ?? '$') ?? []));
  const isJson = /^\s*[{[]/.test(InputTemplate);
  if ((asJson || isJson) && !isJsonText(input)) throw new InvalidInput(`The input transformer made text that is not JSON: ${shortened(input)}`);
  return input;
}

function reservedValue(name: string, rule: Pick<Rule, 'arn' | 'name'>, event: RoutedEvent): string | undefined {
  switch (name) {
    case reserved.ruleArn: return JSON.stringify(rule.arn);
    case reserved.ruleName: return JSON.stringify(rule.name);
    case reserved.ingestionTime: return JSON.stringify(new Date(event.ingestedAt).toISOString());
    case reserved.event: return withoutDetail(event.text);
    case reserved.eventJson: return event.text;
    default: return undefined;
  }
}

/** `<aws.events.event>`: no detail, `detailType` for `detail-type`, and this order, all as recorded. */
function withoutDetail(text: string): string {
  const members = ['id', 'account', 'detail-type', 'time', 'source', 'region', 'resources', 'version'].flatMap((name) => {
    const value = valueAt(text, [name]);
    return value === undefined ? [] : `${JSON.stringify(name === 'detail-type' ? 'detailType' : name)}:${value}`;
  });
  return `{${members.join(',')}}`;
}

function isJsonText(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    // Said by the caller, with the text.
    return false;
  }
}

const shownLength = 200;

function shortened(text: string): string {
  return text.length > shownLength ? `${text.slice(0, shownLength)}…` : text;
}
