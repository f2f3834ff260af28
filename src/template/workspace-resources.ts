/** What only the whole workspace shows about resources: names that are taken, ARNs of what nobody declares. */
import type { FunctionDefinition, SourceLocation } from '../contracts/functions.ts';
import type { ResourceDefinition, ResourceType } from '../contracts/resources.ts';
import type { WorkspaceDiagnostic } from '../contracts/workspace.ts';
import { unqualified } from './delivery-targets.ts';
import type { TargetReference } from './diagnostics.ts';
import { functionArnOf } from './physical-ids.ts';

const words: Readonly<Record<ResourceType, string>> = {
  'AWS::SQS::Queue': 'queue', 'AWS::SNS::Topic': 'topic', 'AWS::SNS::Subscription': 'subscription', 'AWS::Events::EventBus': 'bus',
  'AWS::Events::Rule': 'rule', 'AWS::S3::Bucket': 'bucket', 'AWS::Kinesis::Stream': 'stream', 'AWS::DynamoDB::Table': 'table',
};

/** The first resource of a kind to have a name keeps it; the others are left out and reported. */
export function uniqueResources(
  resources: readonly ResourceDefinition[],
  show: (location: SourceLocation) => string,
): { resources: ResourceDefinition[]; diagnostics: WorkspaceDiagnostic[] } {
  const owners = new Map<string, ResourceDefinition>();
  const diagnostics: WorkspaceDiagnostic[] = [];
  for (const resource of resources) {
    const { type, name, arn, origin } = resource;
    // Rules of different buses may have one name; their ARNs differ.
    const key = `${type} ${arn || name}`;
    const owner = owners.get(key);
    if (owner === undefined) owners.set(key, resource);
    else if (origin.location !== undefined && owner.origin.location !== undefined) {
      const word = words[type];
      diagnostics.push({
        severity: 'warning',
        message: `The name ${name} is taken by the ${word} in ${show(owner.origin.location)}, so this ${word} is left out: give it another name.`,
        location: origin.location,
        source: origin.kind,
      });
    }
  }
  return { resources: [...owners.values()], diagnostics };
}

export interface KnownTargets {
  functions: readonly FunctionDefinition[];
  resources: readonly ResourceDefinition[];
  accountId: string;
  region: string;
}

/** What is here, by the service in an ARN; ARNs of other services are not looked at. */
const services: Readonly<Record<string, string>> = { sqs: 'queue', sns: 'topic', lambda: 'function', events: 'bus', s3: 'bucket', kinesis: 'stream' };

/** Information on ARNs that no template declares: such a resource can still be created while the engine runs. */
export function reportUnknownTargets(references: readonly TargetReference[], { functions, resources, accountId, region }: KnownTargets): WorkspaceDiagnostic[] {
  const stack = { accountId, region, stackName: '', seed: '' };
  const known = new Set<string>([
    ...resources.map(({ arn }) => arn),
    ...functions.map(({ configuration }) => functionArnOf(stack, configuration.functionName)),
  ]);
  return references.flatMap(({ arn, what, place }): WorkspaceDiagnostic[] => {
    const [, , service = '', itsRegion, account, ...rest] = arn.split(':');
    const word = services[service];
    if (word === undefined || known.has(service === 'lambda' ? unqualified(arn) : arn) || rest.join(':') === 'event-bus/default') return [];
    if (service === 'events' && !rest.join(':').startsWith('event-bus/')) return [];
    const elsewhere = (account !== '' && account !== accountId) || (itsRegion !== '' && itsRegion !== region);
    const message = elsewhere
      ? `${what} is ${arn}, in another account or region than ${accountId} in ${region}, which is all that is here.`
      : `${what} is the ${word} ${rest.join(':').replace(/^(function:|event-bus\/|stream\/)/, '')}, which no template declares here: declare it, or create it while the engine runs.`;
    return [{ severity: 'information', message, ...place }];
  });
}
