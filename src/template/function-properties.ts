/** From resolved template properties to a FunctionConfiguration, with what AWS would refuse reported on its line. */
import type { FunctionConfiguration } from '../contracts/functions.ts';
import { textOf } from './intrinsics.ts';

export interface FunctionFinding {
  severity: 'error' | 'warning' | 'information';
  message: string;
  /** Property that it is about, AWS's name; the place of the function itself when the property is absent. */
  property: string;
}

export type Properties = Readonly<Record<string, unknown>>;

/** Lambda's quotas (docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html). */
export const limits = {
  timeout: { least: 1, most: 900, usual: 3, unit: 'seconds' },
  memorySize: { least: 128, most: 10_240, usual: 128, unit: 'MB' },
  ephemeralStorage: { least: 512, most: 10_240, usual: 512, unit: 'MB' },
} as const;

/** Bytes that all environment variables of a function may have together, names and values. */
const environmentBytes = 4096;

type Limit = (typeof limits)[keyof typeof limits];

/** Runtimes whose language does not run here: their functions are shown, and refuse to run with a reason. */
const otherLanguages: readonly (readonly [prefix: string, language: string])[] = [
  ['java', 'Java'], ['dotnet', '.NET'], ['ruby', 'Ruby'], ['go', 'Go'],
];

export class FunctionPropertyReader {
  readonly #properties: Properties;
  readonly #found: FunctionFinding[] = [];

  constructor(properties: Properties) {
    this.#properties = properties;
  }

  get findings(): readonly FunctionFinding[] {
    return this.#found;
  }

  report(severity: FunctionFinding['severity'], property: string, message: string): void {
    this.#found.push({ severity, property, message });
  }

  text(property: string): string {
    return textOf(this.#properties[property]) ?? '';
  }

  /** The value of a number property, or the limit it passed; the usual value when it is absent or no number. */
  number(property: string, value: unknown, limit: Limit): number {
    if (value === undefined || value === null) return limit.usual;
    const number = typeof value === 'number' ? value : Number(textOf(value) || Number.NaN);
    if (!Number.isInteger(number)) {
      this.report('warning', property, `${property} is no whole number here (${textOf(value) ?? typeof value}), so ${limit.usual} ${limit.unit} is used.`);
      return limit.usual;
    }
    if (number >= limit.least && number <= limit.most) return number;
    const used = number < limit.least ? limit.least : limit.most;
    this.report('error', property, `${property} must be ${limit.least} to ${limit.most} ${limit.unit}, not ${number}; ${used} is used here.`);
    return used;
  }

  /** Everything but name, code and layers, which are not for the properties alone to say. */
  configuration(functionName: string): Omit<FunctionConfiguration, 'functionName' | 'code' | 'layers' | 'unresolvedLayers' | 'role'> {
    const image = this.text('PackageType') === 'Image';
    const deadLetter = record(this.#properties['DeadLetterConfig'] ?? this.#properties['DeadLetterQueue']);
    const deadLetterTargetArn = textOf(deadLetter['TargetArn']);
    return {
      description: this.text('Description'),
      runtime: this.#runtime(image),
      handler: this.#handler(image),
      timeout: this.number('Timeout', this.#properties['Timeout'], limits.timeout),
      memorySize: this.number('MemorySize', this.#properties['MemorySize'], limits.memorySize),
      environment: this.#environment(),
      architectures: this.#architectures(),
      ephemeralStorage: this.number('EphemeralStorage', record(this.#properties['EphemeralStorage'])['Size'], limits.ephemeralStorage),
      packageType: image ? 'Image' : 'Zip',
      tracing: this.#tracing(),
      loggingConfig: this.#logging(functionName),
      ...(deadLetterTargetArn === undefined ? {} : { deadLetterTargetArn }),
    };
  }

  #runtime(image: boolean): string {
    const runtime = this.text('Runtime');
    if (image) {
      this.report('information', 'PackageType', 'Functions in container images (PackageType: Image) are shown, but do not run locally.');
      return runtime;
    }
    if (runtime === '') {
      this.report('error', 'Runtime', 'This function has no Runtime: name one, for example nodejs22.x or python3.13.');
    }
    const [, language] = otherLanguages.find(([prefix]) => runtime.startsWith(prefix)) ?? [];
    if (language !== undefined) {
      this.report('warning', 'Runtime', `${language} (${runtime}) does not run locally: Node.js, Python and provided runtimes do.`);
    } else if (runtime !== '' && !/^(nodejs|python|provided)/.test(runtime)) {
      this.report('warning', 'Runtime', `${runtime} is no runtime that runs locally: name one such as nodejs22.x, python3.13 or provided.al2023.`);
    }
    return runtime;
  }

  #handler(image: boolean): string {
    const handler = this.text('Handler');
    if (handler === '' && !image && !this.text('Runtime').startsWith('provided')) {
      this.report('error', 'Handler', 'This function has no Handler: name the file and the exported function, for example src/app.handler.');
    }
    return handler;
  }

  #environment(): Record<string, string> {
    const result: Record<string, string> = {};
    for (const [name, value] of Object.entries(record(record(this.#properties['Environment'])['Variables']))) {
      const text = textOf(value);
      if (text !== undefined && !Array.isArray(value)) result[name] = text;
      else this.report('warning', 'Environment', `Environment variable ${name} must be text, so it is left out.`);
    }
    const bytes = Object.entries(result).reduce((sum, [name, value]) => sum + Buffer.byteLength(name) + Buffer.byteLength(value), 0);
    if (bytes > environmentBytes) {
      this.report('error', 'Environment', `Environment variables have ${bytes} bytes together; AWS refuses more than ${environmentBytes}.`);
    }
    return result;
  }

  #architectures(): ('x86_64' | 'arm64')[] {
    const named = list(this.#properties['Architectures']).filter((each) => each === 'x86_64' || each === 'arm64');
    return named.length === 0 ? ['x86_64'] : named;
  }

  /** SAM says `Tracing: Active`, CloudFormation `TracingConfig: {Mode: Active}`. */
  #tracing(): 'Active' | 'PassThrough' {
    const mode = textOf(this.#properties['Tracing']) ?? textOf(record(this.#properties['TracingConfig'])['Mode']);
    return mode === 'Active' ? 'Active' : 'PassThrough';
  }

  #logging(functionName: string): FunctionConfiguration['loggingConfig'] {
    const config = record(this.#properties['LoggingConfig']);
    const json = textOf(config['LogFormat']) === 'JSON';
    const application = textOf(config['ApplicationLogLevel']);
    const system = textOf(config['SystemLogLevel']);
    return {
      logFormat: json ? 'JSON' : 'Text',
      logGroup: textOf(config['LogGroup']) ?? `/aws/lambda/${functionName}`,
      ...(application === undefined ? {} : { applicationLogLevel: application }),
      ...(system === undefined ? {} : { systemLogLevel: system }),
    };
  }
}

/** Tags as SAM writes them (a map) and as CloudFormation does (a list of Key and Value). */
export function tagsOf(value: unknown): Record<string, string> {
  const pairs: (readonly [unknown, unknown])[] = Array.isArray(value)
    ? value.map((each: unknown) => [record(each)['Key'], record(each)['Value']] as const)
    : Object.entries(record(value));
  const texts = pairs.map(([key, text]) => [textOf(key), textOf(text)] as const);
  return Object.fromEntries(texts.filter((pair): pair is readonly [string, string] => pair[0] !== undefined && pair[1] !== undefined));
}

export function record(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}

export function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
