/** "AWS would deny this": what the policies of the workspace's templates lack for deliveries that work here, as IAM is not enforced. */
import type { PolicyStatement } from '../contracts/permissions.ts';
import type { ServiceDelivery } from '../contracts/resources.ts';
import type { WorkspaceModel } from '../contracts/workspace.ts';
import { deliveryRequest, denialHint } from './permission-check.ts';

/** Of a function's destination or dead-letter queue: its role is what AWS looks at. Undefined when AWS would deliver, or nobody here knows. */
export function functionDeliveryHint({ functions }: WorkspaceModel, functionName: string, targetArn: string): string | undefined {
  const definition = functions.find(({ configuration }) => configuration.functionName === functionName);
  return definition && denialHint(definition.permissions, deliveryRequest(targetArn), `the role of ${functionName}`);
}

/** Of a topic or rule: the policy of its target is what AWS looks at. Undefined as above, and for targets that are asked for by a role. */
export function serviceDeliveryHint(model: WorkspaceModel, { principal, sourceArn, targetArn }: ServiceDelivery): string | undefined {
  const request = deliveryRequest(targetArn);
  const target = targetOf(model, targetArn);
  return request && target && denialHint(target.policy, { ...request, principal, sourceArn }, target.named);
}

function targetOf({ functions, resources }: WorkspaceModel, arn: string): { policy: readonly PolicyStatement[] | undefined; named: string } | undefined {
  const [, , service, , , kind, name] = arn.split(':');
  if (service === 'lambda' && kind === 'function') {
    const definition = functions.find(({ configuration }) => configuration.functionName === name);
    return definition && { policy: definition.resourcePolicy, named: `the function ${name}` };
  }
  const resource = service === 'sqs' || service === 'sns' ? resources.find((each) => each.arn === arn) : undefined;
  return resource && { policy: resource.policy, named: `the ${service === 'sqs' ? 'queue' : 'topic'} ${resource.name}` };
}
