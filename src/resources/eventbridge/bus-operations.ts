/** Operations on buses: create, find, list, change, delete, permissions. */
import type { BusStore } from '../../contracts/buses.ts';
import type { ServiceInput, ServiceOutput } from '../../contracts/resources.ts';
import { busNameOf, defaultBus, type Place } from './arns.ts';
import type { Bus, BusRegistry } from './bus-registry.ts';
import { bounds, Constraints } from './constraints.ts';
import { busAlreadyExists, busDoesNotExist, statementDoesNotExist, validation } from './faults.ts';
import { flag, optionalMap, optionalText } from './input.ts';
import { page } from './paging.ts';
import type { RuleRegistry } from './rule-registry.ts';
import { readTags } from './tags.ts';
import { checkDeadLetterQueue } from './targets.ts';

interface Statement {
  Sid?: string;
  [member: string]: unknown;
}

export interface BusOperationParts {
  buses: BusRegistry;
  rules: RuleRegistry;
  store: BusStore;
  place: () => Place;
}

export class BusOperations {
  readonly #parts: BusOperationParts;

  constructor(parts: BusOperationParts) {
    this.#parts = parts;
  }

  /** @param nameOrArn The default bus when absent. @throws AwsFault ResourceNotFoundException */
  find(nameOrArn: string | undefined): Bus {
    const name = busNameOf(nameOrArn);
    const bus = this.#parts.buses.get(name);
    if (!bus) throw busDoesNotExist(name);
    return bus;
  }

  create(input: ServiceInput): ServiceOutput {
    const name = optionalText(input, 'Name') ?? '';
    const tags = readTags(input);
    new Constraints().text('name', optionalText(input, 'Name'), { ...bounds.busName, required: true })
      .text('description', optionalText(input, 'Description'), bounds.description).check();
    const source = optionalText(input, 'EventSourceName');
    if (source !== undefined) throw validation('Local Lambda does not have partner event buses.');
    if (name.includes('/')) throw validation("Event bus name must not contain '/'.");
    if (this.#parts.buses.get(name)) throw busAlreadyExists(name);
    const attributes = this.#settings(input);
    const bus = this.#parts.buses.create(name, { ...attributes, ...(tags ? { Tags: JSON.stringify(tags) } : {}) });
    return { EventBusArn: bus.arn, ...described(bus) };
  }

  update(input: ServiceInput): ServiceOutput {
    const name = optionalText(input, 'Name');
    new Constraints().text('name', name, bounds.busName).text('description', optionalText(input, 'Description'), bounds.description).check();
    const bus = this.find(name);
    const settings = this.#settings(input);
    const changed = this.#parts.buses.setAttributes(bus, Object.fromEntries(settingNames.map((attribute) => [attribute, settings[attribute]])));
    return { Arn: changed.arn, Name: changed.name, ...described(changed) };
  }

  /** A bus that is not there is deleted already. */
  delete(input: ServiceInput): ServiceOutput {
    const name = optionalText(input, 'Name');
    new Constraints().text('name', name, { ...bounds.busName, required: true }).check();
    if (name === defaultBus) throw validation('Cannot delete event bus default.');
    const { buses, rules, store } = this.#parts;
    const bus = buses.get(name ?? '');
    if (!bus) return {};
    if (rules.of(bus.name).length > 0) throw validation("EventBus can't be deleted since it has rules.");
    buses.delete(bus);
    store.removeBus(bus.arn);
    return {};
  }

  describe(input: ServiceInput): ServiceOutput {
    const name = optionalText(input, 'Name');
    new Constraints().text('name', name, bounds.busNameOrArn).check();
    const bus = this.find(name);
    return { Name: bus.name, Arn: bus.arn, ...described(bus), ...policyOf(bus), ...timesOf(bus) };
  }

  list(input: ServiceInput): ServiceOutput {
    const prefix = optionalText(input, 'NamePrefix');
    new Constraints().text('namePrefix', prefix, bounds.busName).check();
    const buses = this.#parts.buses.all().filter(({ name }) => name.startsWith(prefix ?? ''));
    const { items, NextToken } = page(buses, ({ name }) => name, input);
    return {
      EventBuses: items.map((bus) => {
        const { Description } = bus.attributes;
        return { Name: bus.name, Arn: bus.arn, ...(Description === undefined ? {} : { Description }), ...policyOf(bus), ...timesOf(bus) };
      }),
      ...NextToken,
    };
  }

  /** Kept and shown; nobody's permission is asked for here. */
  putPermission(input: ServiceInput): ServiceOutput {
    const text = (name: string) => optionalText(input, name);
    new Constraints().text('eventBusName', text('EventBusName'), bounds.nonPartnerBusName).text('action', text('Action'), bounds.action)
      .text('principal', text('Principal'), bounds.principal).text('statementId', text('StatementId'), bounds.statementId).check();
    const bus = this.find(text('EventBusName'));
    const policy = text('Policy');
    if (policy !== undefined) {
      this.#parts.buses.setAttributes(bus, { Policy: JSON.stringify(parsedPolicy(policy)) });
      return {};
    }
    const [action, principal, sid] = [text('Action'), text('Principal'), text('StatementId')];
    if (action === undefined || principal === undefined || sid === undefined) throw validation('Action, Principal and StatementId must be specified when there is no Policy.');
    if (action !== 'events:PutEvents') throw validation("Provided value in parameter 'action' is not supported.");
    const condition = optionalMap(input, 'Condition');
    const statement: Statement = {
      Sid: sid, Effect: 'Allow', Principal: principal === '*' ? '*' : { AWS: `arn:aws:iam::${principal}:root` }, Action: action, Resource: bus.arn,
      ...(condition ? { Condition: { [optionalText(condition, 'Type') ?? '']: { [optionalText(condition, 'Key') ?? '']: optionalText(condition, 'Value') } } } : {}),
    };
    const statements = statementsOf(bus).filter(({ Sid }) => Sid !== sid);
    this.#parts.buses.setAttributes(bus, { Policy: JSON.stringify({ Version: '2012-10-17', Statement: [...statements, statement] }) });
    return {};
  }

  removePermission(input: ServiceInput): ServiceOutput {
    const sid = optionalText(input, 'StatementId');
    new Constraints().text('eventBusName', optionalText(input, 'EventBusName'), bounds.nonPartnerBusName).text('statementId', sid, bounds.statementId).check();
    const bus = this.find(optionalText(input, 'EventBusName'));
    if (flag(input, 'RemoveAllPermissions')) {
      this.#parts.buses.setAttributes(bus, { Policy: undefined });
      return {};
    }
    const left = statementsOf(bus).filter(({ Sid }) => Sid !== sid);
    if (sid === undefined || left.length === statementsOf(bus).length) throw statementDoesNotExist();
    this.#parts.buses.setAttributes(bus, { Policy: left.length === 0 ? undefined : JSON.stringify({ Version: '2012-10-17', Statement: left }) });
    return {};
  }

  #settings(input: ServiceInput): Record<string, string> {
    checkDeadLetterQueue(optionalText(optionalMap(input, 'DeadLetterConfig') ?? {}, 'Arn'));
    return Object.fromEntries(settingNames.map((name) => [name, input[name]]).filter(([, value]) => value !== undefined && value !== null)
      .map(([name, value]) => [name, typeof value === 'string' ? value : JSON.stringify(value)]));
  }
}

const settingNames = ['Description', 'KmsKeyIdentifier', 'DeadLetterConfig', 'LogConfig'];

function described({ attributes }: Bus): ServiceOutput {
  const { Description, KmsKeyIdentifier, DeadLetterConfig, LogConfig } = attributes;
  return {
    ...(Description === undefined ? {} : { Description }),
    ...(KmsKeyIdentifier === undefined ? {} : { KmsKeyIdentifier }),
    ...(DeadLetterConfig === undefined ? {} : { DeadLetterConfig: JSON.parse(DeadLetterConfig) as unknown }),
    ...(LogConfig === undefined ? {} : { LogConfig: JSON.parse(LogConfig) as unknown }),
  };
}

function policyOf({ attributes }: Bus): { Policy?: string } {
  return attributes['Policy'] === undefined ? {} : { Policy: attributes['Policy'] };
}

/** Epoch seconds. */
function timesOf({ createdAt, modifiedAt }: Bus): ServiceOutput {
  return { CreationTime: createdAt / 1000, LastModifiedTime: modifiedAt / 1000 };
}

function statementsOf({ attributes }: Bus): Statement[] {
  const { Statement: statements } = JSON.parse(attributes['Policy'] ?? '{}') as { Statement?: Statement | Statement[] };
  return statements === undefined ? [] : Array.isArray(statements) ? statements : [statements];
}

function parsedPolicy(text: string): object {
  try {
    const policy: unknown = JSON.parse(text);
    if (policy !== null && typeof policy === 'object' && !Array.isArray(policy)) return policy;
  } catch {
    // Said below.
  }
  throw validation('Policy is not valid. Reason: it must be a JSON object.');
}
