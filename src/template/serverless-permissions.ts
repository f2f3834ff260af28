/** The role of a function in serverless.yml, and what it allows. */
import type { EventInvokeConfigDefinition } from '../contracts/functions.ts';
import type { PolicyStatement } from '../contracts/permissions.ts';
import { record } from './function-properties.ts';
import { textOf } from './intrinsics.ts';
import { member, memberAt } from './nodes.ts';
import type { MapEntry, TemplateNode } from './nodes.ts';
import { roleArn } from './physical-ids.ts';
import type { StackIdentity } from './physical-ids.ts';
import { statementsOf } from './policy-statements.ts';
import type { RolePermissions } from './role-permissions.ts';
import { allowDeliveries } from './sam-permissions.ts';
import type { OpenServerless } from './serverless.ts';

/** Name of the role that the framework makes for all functions that name none. */
export function frameworkRoleName({ stackName, region }: StackIdentity): string {
  return `${stackName}-${region}-lambdaRole`;
}

export interface ServerlessRole {
  arn: string;
  /** True for the role that the framework makes. */
  made: boolean;
}

/** `role` of the function or the provider: an ARN, or the logical id of a role in `resources`. */
export function serverlessRole({ resolver, provider, table, stack }: OpenServerless, entry: MapEntry): ServerlessRole {
  const whole = memberAt(provider, 'iam', 'role');
  const node = member(entry.value, 'role') ?? member(provider, 'role') ?? (whole?.kind === 'map' ? undefined : whole);
  const named = textOf(resolver.value(node));
  if (named === undefined || named === '') return { arn: roleArn(stack, frameworkRoleName(stack)), made: true };
  if (named.startsWith('arn:')) return { arn: named, made: false };
  const own = table.resources.get(named);
  return { arn: own === undefined ? named : (table.identity(own).attributes['Arn'] ?? named), made: false };
}

/** Undefined when the role is not of this file. The framework lets its role deliver to destinations and dead letters. */
export function serverlessPermissions(
  { resolver, provider, stack }: OpenServerless,
  entry: MapEntry,
  role: ServerlessRole,
  roles: RolePermissions,
  deliveries: { configs: readonly EventInvokeConfigDefinition[]; deadLetterTargetArn: string | undefined },
): PolicyStatement[] | undefined {
  if (!role.made) return roles.ofRole(role.arn);
  if (memberAt(provider, 'iam', 'role', 'permissionsBoundary') !== undefined || member(provider, 'rolePermissionsBoundary') !== undefined) return undefined;
  const statements = (node: TemplateNode | undefined) => statementsOf({ Statement: resolver.value(node) });
  const shared = [
    ...statements(memberAt(provider, 'iam', 'role', 'statements') ?? member(provider, 'iamRoleStatements')),
    ...roles.managed(resolver.value(memberAt(provider, 'iam', 'role', 'managedPolicies') ?? member(provider, 'iamManagedPolicies'))),
    ...roles.attachedTo(frameworkRoleName(stack)),
  ];
  // Statements of one function are a plugin's (serverless-iam-roles-per-function), which gives it a role of its own.
  const own = member(entry.value, 'iamRoleStatements');
  const inherits = own === undefined || record(resolver.value(entry.value))['iamRoleStatementsInherit'] === true;
  return [...(inherits ? shared : []), ...statements(own), ...allowDeliveries(deliveries.configs, deliveries.deadLetterTargetArn)];
}
