/** Tags of buses and rules. */
import type { ServiceInput, ServiceOutput } from '../../contracts/resources.ts';
import { parseRuleArn } from './arns.ts';
import type { BusRegistry } from './bus-registry.ts';
import { bounds, Constraints } from './constraints.ts';
import { busDoesNotExist, ruleDoesNotExist, validation } from './faults.ts';
import { optionalMaps, optionalText, optionalTexts } from './input.ts';
import type { RuleRegistry } from './rule-registry.ts';

type Tags = Readonly<Record<string, string>>;

/** The member `Tags`, checked against the model; undefined when absent. */
export function readTags(input: ServiceInput): Tags | undefined {
  const tags = optionalMaps(input, 'Tags')?.map((tag) => [optionalText(tag, 'Key'), optionalText(tag, 'Value')] as const);
  const constraints = new Constraints();
  tags?.forEach(([key, value], index) => constraints.text(`tags.${index + 1}.member.key`, key, bounds.tagKey).text(`tags.${index + 1}.member.value`, value, bounds.tagValue));
  constraints.check();
  return tags && Object.fromEntries(tags.map(([key = '', value = '']) => [key, value]));
}

export class TagOperations {
  readonly #buses: BusRegistry;
  readonly #rules: RuleRegistry;

  constructor(buses: BusRegistry, rules: RuleRegistry) {
    this.#buses = buses;
    this.#rules = rules;
  }

  tag(input: ServiceInput): ServiceOutput {
    const tags = readTags(input);
    if (!tags) throw validation("1 validation error detected: Value null at 'tags' failed to satisfy constraint: Member must not be null");
    const { tags: present, set } = this.#resource(input);
    set({ ...present, ...tags });
    return {};
  }

  untag(input: ServiceInput): ServiceOutput {
    const gone = optionalTexts(input, 'TagKeys') ?? [];
    const { tags, set } = this.#resource(input);
    set(Object.fromEntries(Object.entries(tags).filter(([key]) => !gone.includes(key))));
    return {};
  }

  list(input: ServiceInput): ServiceOutput {
    return { Tags: Object.entries(this.#resource(input).tags).map(([Key, Value]) => ({ Key, Value })) };
  }

  #resource(input: ServiceInput): { tags: Tags; set: (tags: Tags) => void } {
    const arn = optionalText(input, 'ResourceARN');
    new Constraints().text('resourceARN', arn, { ...bounds.arn, required: true }).check();
    const text = (tags: Tags) => (Object.keys(tags).length === 0 ? undefined : JSON.stringify(tags));
    const place = parseRuleArn(arn ?? '');
    if (place) {
      const rule = this.#rules.get(place.bus, place.name);
      if (!rule || rule.arn !== arn) throw ruleDoesNotExist(place.name, place.bus);
      return { tags: rule.tags, set: (tags) => void this.#rules.set(rule.bus, rule.name, { Tags: text(tags) }) };
    }
    const name = /:event-bus\/(.+)$/.exec(arn ?? '')?.[1];
    if (name === undefined) throw validation(`Parameter ${arn ?? ''} is not valid. Reason: Provided Arn is not in correct format.`);
    const bus = this.#buses.byArn(arn ?? '');
    if (!bus) throw busDoesNotExist(name);
    return { tags: bus.tags, set: (tags) => void this.#buses.setAttributes(bus, { Tags: text(tags) }) };
  }
}
