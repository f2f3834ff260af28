/** What the service model asks of a request, before the service itself looks at it: lengths, patterns, ranges, in AWS's words. */
import { validation } from './faults.ts';

export interface TextBounds {
  required?: boolean;
  least?: number;
  most?: number;
  /** Of the whole text. */
  pattern?: RegExp;
  /** The pattern as AWS writes it, where it differs. */
  spelling?: string;
  values?: readonly string[];
}

const name = '[\\.\\-_A-Za-z0-9]+';
const busName = '[/\\.\\-_A-Za-z0-9]+';
const busArnPrefix = '(arn:aws[\\w-]*:events:[a-z]+-[a-z]+-[\\w-]+:[0-9]{12}:event-bus\\/)?';

const whole = (pattern: string): Pick<TextBounds, 'pattern' | 'spelling'> => ({ pattern: new RegExp(`^(?:${pattern})$`), spelling: pattern });

export const bounds = {
  ruleName: { least: 1, most: 64, ...whole(name) },
  targetId: { least: 1, most: 64, ...whole(name) },
  busName: { least: 1, most: 256, ...whole(busName) },
  busNameOrArn: { least: 1, most: 1600, ...whole(`${busArnPrefix}${busName}`) },
  nonPartnerBusName: { least: 1, most: 256, ...whole(name) },
  arn: { least: 1, most: 1600 },
  description: { most: 512 },
  nextToken: { least: 1, most: 2048 },
  pattern: { most: 4096 },
  schedule: { most: 256 },
  state: { values: ['ENABLED', 'DISABLED', 'ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS'] },
  input: { most: 8192 },
  inputPath: { most: 256 },
  inputTemplate: { required: true, least: 1, most: 8192 },
  pathKey: { least: 1, most: 256, ...whole('[A-Za-z0-9\\_\\-]+') },
  messageGroupId: { most: 100 },
  action: { least: 1, most: 64, ...whole('events:[a-zA-Z]+') },
  principal: { least: 1, most: 12, ...whole('(\\d{12}|\\*)') },
  statementId: { least: 1, most: 64, ...whole('[a-zA-Z0-9-_]+') },
  tagKey: { required: true, least: 1, most: 128 },
  tagValue: { required: true, most: 256 },
  traceHeader: { least: 1, most: 500 },
} as const satisfies Record<string, TextBounds>;

/** Collects what is wrong with a request: AWS names all of it at once. */
export class Constraints {
  readonly #failures: string[] = [];

  /** @param path In the model's own spelling: `targets.1.member.id`. */
  text(path: string, value: string | undefined, { required, least, most, pattern, spelling, values }: TextBounds): this {
    if (value === undefined) {
      if (required) this.#failures.push(`Value null at '${path}' failed to satisfy constraint: Member must not be null`);
      return this;
    }
    if (most !== undefined && value.length > most) this.#fail(path, value, `Member must have length less than or equal to ${most}`);
    if (least !== undefined && value.length < least) this.#fail(path, value, `Member must have length greater than or equal to ${least}`);
    if (pattern && !pattern.test(value)) this.#fail(path, value, `Member must satisfy regular expression pattern: ${spelling ?? pattern.source}`);
    if (values && !values.includes(value)) this.#fail(path, value, `Member must satisfy enum value set: [${values.join(', ')}]`);
    return this;
  }

  number(path: string, value: number | undefined, least: number, most: number): this {
    if (value === undefined) return this;
    if (value > most) this.#fail(path, String(value), `Member must have value less than or equal to ${most}`);
    if (value < least) this.#fail(path, String(value), `Member must have value greater than or equal to ${least}`);
    return this;
  }

  /** @param shown The list as AWS would write it. */
  list(path: string, length: number | undefined, least: number, most: number, shown: () => string): this {
    if (length === undefined) this.#failures.push(`Value null at '${path}' failed to satisfy constraint: Member must not be null`);
    else if (length > most) this.#fail(path, shown(), `Member must have length less than or equal to ${most}`);
    else if (length < least) this.#fail(path, shown(), `Member must have length greater than or equal to ${least}`);
    return this;
  }

  /** Keys of a map. @param shown The map as AWS would write it. */
  keys(path: string, keys: readonly string[], mostKeys: number, { least = 0, most = Infinity, pattern, spelling }: TextBounds, shown: () => string): this {
    if (keys.length > mostKeys) this.#fail(path, shown(), `Member must have length less than or equal to ${mostKeys}`);
    if (keys.some((key) => key.length > most || key.length < least || pattern?.test(key) === false)) {
      const each = `Member must have length less than or equal to ${most}, Member must have length greater than or equal to ${least}`;
      this.#fail(path, shown(), `Map keys must satisfy constraint: [${each}, Member must satisfy regular expression pattern: ${spelling ?? ''}]`);
    }
    return this;
  }

  /** @throws AwsFault ValidationException when something was wrong. */
  check(): void {
    const { length } = this.#failures;
    if (length > 0) throw validation(`${length} validation error${length === 1 ? '' : 's'} detected: ${this.#failures.join('; ')}`);
  }

  #fail(path: string, value: string, constraint: string): void {
    this.#failures.push(`Value '${value}' at '${path}' failed to satisfy constraint: ${constraint}`);
  }
}
