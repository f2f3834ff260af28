/** Buses and rules as templates declare them, in the form in which the registries take them. */
import { AwsFault } from '../../contracts/faults.ts';
import type { ResourceDefinition } from '../../contracts/resources.ts';
import { busNameOf, defaultBus } from './arns.ts';
import type { BusDefinition } from './bus-registry.ts';
import { Constraints } from './constraints.ts';
import { targetAttribute, type RuleDefinition, type Target } from './rule-registry.ts';
import { checkTarget, constrainTarget } from './targets.ts';

type Properties = ResourceDefinition['properties'];

const busProperties = ['Description', 'KmsKeyIdentifier', 'DeadLetterConfig', 'LogConfig', 'Policy'];
const ruleProperties = ['EventPattern', 'ScheduleExpression', 'State', 'Description', 'RoleArn', 'GroupName', 'ScheduleExpressionTimezone', 'StartDate', 'EndDate'];

export interface Baseline {
  buses: BusDefinition[];
  rules: RuleDefinition[];
  /** One sentence for each part that is left out, or lacks what it stands on. */
  problems: string[];
}

/** @param apiBus Whether an API call made a bus of this name: templates may have rules on it. */
export function readBaseline(definitions: readonly ResourceDefinition[], apiBus: (name: string) => boolean): Baseline {
  const problems: string[] = [];
  const buses = definitions.filter(({ type }) => type === 'AWS::Events::EventBus')
    .map(({ name, properties, origin }) => ({ name, attributes: { ...textsOf(properties, busProperties), ...tagsOf(properties['Tags']) }, origin }));
  const names = new Set([defaultBus, ...buses.map(({ name }) => name)]);
  const rules = definitions.filter(({ type }) => type === 'AWS::Events::Rule').map((definition) => {
    const rule = ruleOf(definition, problems);
    if (!names.has(rule.bus) && !apiBus(rule.bus)) problems.push(`The rule ${rule.name} does nothing: there is no event bus ${rule.bus} here.`);
    return rule;
  });
  return { buses, rules, problems };
}

function ruleOf({ name, properties, origin }: ResourceDefinition, problems: string[]): RuleDefinition {
  const bus = busNameOf(typeof properties['EventBusName'] === 'string' ? properties['EventBusName'] : undefined);
  const attributes: Record<string, string> = { State: 'ENABLED', ...textsOf(properties, ruleProperties), ...tagsOf(properties['Tags']) };
  for (const [index, value] of (Array.isArray(properties['Targets']) ? properties['Targets'] as unknown[] : []).entries()) {
    const target = targetOf(value, index);
    try {
      const constraints = new Constraints();
      constrainTarget(target, `targets.${index + 1}.member`, constraints);
      constraints.check();
      checkTarget(target, false);
      attributes[targetAttribute(target.Id)] = JSON.stringify(target);
    } catch (error) {
      if (!(error instanceof AwsFault)) throw error;
      problems.push(`A target of the rule ${name} is left out: ${error.message}`);
    }
  }
  return { bus, name, attributes, origin };
}

/** CloudFormation wants an Id; what lacks one gets it, so that it can be seen. */
function targetOf(value: unknown, index: number): Target {
  const target = (value !== null && typeof value === 'object' ? value : {}) as Partial<Target>;
  return { ...target, Id: target.Id ?? `Target${index}`, Arn: target.Arn ?? '' };
}

/** CloudFormation writes documents as objects; the API has texts. */
function textsOf(properties: Properties, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, properties[name]] as const).filter(([, value]) => value !== undefined && value !== null)
    .map(([name, value]) => [name, typeof value === 'object' ? JSON.stringify(value) : String(value)]));
}

function tagsOf(tags: unknown): { Tags?: string } {
  const pairs = (Array.isArray(tags) ? tags as unknown[] : []).map((tag) => (tag ?? {}) as { Key?: unknown; Value?: unknown })
    .filter(({ Key }) => typeof Key === 'string').map(({ Key, Value }) => [Key as string, String(Value ?? '')] as const);
  return pairs.length === 0 ? {} : { Tags: JSON.stringify(Object.fromEntries(pairs)) };
}
