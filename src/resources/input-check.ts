/**
 * Reads members of an operation's input as services built on AWS's Coral framework do: a wrong type is a
 * SerializationException at once, everything else that the model forbids is said together in one ValidationException.
 */
import { AwsFault } from '../contracts/faults.ts';
import type { ServiceInput } from '../contracts/resources.ts';

export interface TextRules {
  required?: boolean;
  /** Characters. */
  least?: number;
  most?: number;
  /** Regular expression without anchors, as the service model spells it. */
  pattern?: string;
  values?: readonly string[];
}

export interface NumberRules {
  required?: boolean;
  least?: number;
  most?: number;
}

export interface ListRules {
  required?: boolean;
  least?: number;
  most?: number;
}

/** AWS says no more than these at once. */
const errorsShown = 10;

export class InputCheck {
  readonly #input: ServiceInput;
  readonly #path: string;
  readonly #errors: string[];

  constructor(input: ServiceInput, path = '', errors: string[] = []) {
    this.#input = input;
    this.#path = path;
    this.#errors = errors;
  }

  text(name: string, { required = false, least, most, pattern, values }: TextRules = {}): string | undefined {
    const value = this.#input[name];
    if (isAbsent(value)) return this.#missing(name, required);
    if (typeof value !== 'string') throw serialization(typeof value === 'object' ? structureFound(value) : `${javaClass(value)} can not be converted to an String`);
    this.#hold(pattern === undefined || new RegExp(`^(?:${pattern})$`).test(value), name, value, `Member must satisfy regular expression pattern: ${pattern}`);
    this.#hold(least === undefined || value.length >= least, name, value, `Member must have length greater than or equal to ${least}`);
    this.#hold(most === undefined || value.length <= most, name, value, `Member must have length less than or equal to ${most}`);
    this.#hold(values === undefined || values.includes(value), name, value, `Member must satisfy enum value set: [${values?.join(', ')}]`);
    return value;
  }

  /** @returns The text, or an empty one when it is missing, which `done` then refuses. */
  requiredText(name: string, rules: Omit<TextRules, 'required'> = {}): string {
    return this.text(name, { ...rules, required: true }) ?? '';
  }

  /** A whole number; parts of one are cut off, as AWS does. */
  integer(name: string, { required = false, least, most }: NumberRules = {}): number | undefined {
    const value = this.number(name, required);
    if (value === undefined) return undefined;
    const whole = Math.trunc(value);
    this.#hold(least === undefined || whole >= least, name, String(whole), `Member must have value greater than or equal to ${least}`);
    this.#hold(most === undefined || whole <= most, name, String(whole), `Member must have value less than or equal to ${most}`);
    return whole;
  }

  number(name: string, required = false): number | undefined {
    const value = this.#input[name];
    if (isAbsent(value)) return this.#missing(name, required);
    if (typeof value !== 'number') throw serialization(typeof value === 'object' ? structureFound(value) : `${javaClass(value)} can not be converted to an Integer`);
    return value;
  }

  flag(name: string): boolean | undefined {
    const value = this.#input[name];
    if (isAbsent(value)) return undefined;
    if (typeof value !== 'boolean') throw serialization(typeof value === 'object' ? structureFound(value) : `${javaClass(value)} can not be converted to an Boolean`);
    return value;
  }

  /** A blob, which JSON carries in base64. @param most Bytes. */
  blob(name: string, { required = false, most }: { required?: boolean; most?: number } = {}): Buffer | undefined {
    const value = this.#input[name];
    if (isAbsent(value)) return this.#missing(name, required);
    if (typeof value !== 'string') throw serialization(typeof value === 'object' ? structureFound(value) : `${javaClass(value)} can not be converted to a Blob`);
    if (value.length % 4 !== 0) {
      throw serialization(`'${shortened(value)}' can not be converted to a Blob: Base64 encoded length is expected a multiple of 4 bytes but found: ${value.length}`);
    }
    const wrong = /[^A-Za-z0-9+/=]|=(?!=?$)/.exec(value);
    if (wrong) throw serialization(`'${shortened(value)}' can not be converted to a Blob: Invalid Base64 character: '${wrong[0]}'`);
    const bytes = Buffer.from(value, 'base64');
    if (most !== undefined && bytes.length > most) this.#fail(`Value at '${this.#at(name)}' failed to satisfy constraint: Member must have length less than or equal to ${most}`);
    return bytes;
  }

  texts(name: string, { required = false, least, most }: ListRules = {}): string[] {
    const items = this.#list(name, required, least, most);
    for (const item of items) if (typeof item !== 'string') throw serialization(`${javaClass(item)} can not be converted to an String`);
    return items as string[];
  }

  /** Checks of the items of a list, each with its place in the messages. */
  structures(name: string, { required = false, least, most }: ListRules = {}): InputCheck[] {
    return this.#list(name, required, least, most).map((item, index) => {
      if (item === null || typeof item !== 'object' || Array.isArray(item)) throw serialization('Expected null');
      return new InputCheck(item as ServiceInput, `${this.#at(name)}.${index + 1}.member.`, this.#errors);
    });
  }

  structure(name: string): InputCheck | undefined {
    const value = this.#input[name];
    if (isAbsent(value)) return undefined;
    if (typeof value !== 'object' || Array.isArray(value)) throw serialization('Expected null');
    return new InputCheck(value as ServiceInput, `${this.#at(name)}.`, this.#errors);
  }

  textMap(name: string, required = false): Record<string, string> {
    const value = this.#input[name];
    if (isAbsent(value)) {
      this.#missing(name, required);
      return {};
    }
    if (typeof value !== 'object' || Array.isArray(value)) throw serialization('Expected map or null');
    for (const each of Object.values(value as object)) if (typeof each !== 'string') throw serialization(`${javaClass(each)} can not be converted to an String`);
    return value as Record<string, string>;
  }

  /** @throws AwsFault ValidationException when anything was wrong so far. */
  done(): void {
    const count = this.#errors.length;
    if (count > 0) throw validation(`${count} validation error${count > 1 ? 's' : ''} detected: ${this.#errors.join('; ')}`);
  }

  #list(name: string, required: boolean, least: number | undefined, most: number | undefined): unknown[] {
    const value = this.#input[name];
    if (isAbsent(value)) {
      this.#missing(name, required);
      return [];
    }
    if (!Array.isArray(value)) throw serialization(typeof value === 'object' ? structureFound(value) : 'Expected list or null');
    const held = `Value at '${this.#at(name)}' failed to satisfy constraint: Member must have length`;
    if (least !== undefined && value.length < least) this.#fail(`${held} greater than or equal to ${least}`);
    if (most !== undefined && value.length > most) this.#fail(`${held} less than or equal to ${most}`);
    return value as unknown[];
  }

  #missing(name: string, required: boolean): undefined {
    if (required) this.#fail(`Value null at '${this.#at(name)}' failed to satisfy constraint: Member must not be null`);
  }

  #hold(holds: boolean, name: string, value: string, constraint: string): void {
    if (!holds) this.#fail(`Value '${shortened(value)}' at '${this.#at(name)}' failed to satisfy constraint: ${constraint}`);
  }

  #fail(message: string): void {
    if (this.#errors.length < errorsShown) this.#errors.push(message);
  }

  /** Members are named as in the service's own Java classes: the first letter in lower case. */
  #at(name: string): string {
    return `${this.#path}${name.charAt(0).toLowerCase()}${name.slice(1)}`;
  }
}

export const validation = (message: string): AwsFault => new AwsFault('ValidationException', 400, message);

const serialization = (message: string): AwsFault => new AwsFault('SerializationException', 400, message, { messageKey: 'Message' });

const isAbsent = (value: unknown): value is undefined | null => value === undefined || value === null;

const structureFound = (value: unknown): string => (Array.isArray(value) ? 'Start of list found where not expected' : 'Start of structure or map found where not expected.');

const javaClass = (value: unknown): string =>
  typeof value === 'boolean' ? 'class java.lang.Boolean' : typeof value === 'number' ? 'class java.math.BigDecimal' : 'class java.lang.String';

const shortened = (text: string): string => (text.length > 512 ? `${text.slice(0, 512)}…` : text);
