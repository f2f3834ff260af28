/** What the roles of a template allow: their own policies, attached ones, and managed policies of AWS. Each is resolved once. */
import type { PolicyStatement } from '../contracts/permissions.ts';
import { list, record } from './function-properties.ts';
import type { Properties } from './function-properties.ts';
import type { IntrinsicResolver } from './intrinsics.ts';
import { textOf } from './intrinsics.ts';
import { member } from './nodes.ts';
import { managedPolicy, statementsOf, texts, unknownPolicy } from './policy-statements.ts';
import type { ResourceTable, TemplateResource } from './resource-table.ts';

export class RolePermissions {
  readonly #table: ResourceTable;
  readonly #resolver: IntrinsicResolver;
  /** Of roles that several functions share. */
  readonly #roles = new Map<string, PolicyStatement[] | undefined>();
  #attached: { roles: string[]; statements: PolicyStatement[] }[] | undefined;
  /** By ARN. */
  #managed: Map<string, PolicyStatement[]> | undefined;

  constructor(table: ResourceTable, resolver: IntrinsicResolver) {
    this.#table = table;
    this.#resolver = resolver;
  }

  /** Undefined for a role that is not of this template. */
  ofRole(arn: string): PolicyStatement[] | undefined {
    if (!this.#roles.has(arn)) this.#roles.set(arn, this.#read(arn));
    return this.#roles.get(arn);
  }

  /** Policies of the template that are attached to a role by its name. */
  attachedTo(roleName: string): PolicyStatement[] {
    this.#attached ??= this.#table.created('AWS::IAM::Policy', 'AWS::IAM::ManagedPolicy', 'AWS::IAM::RolePolicy').map((policy) => {
      const properties = this.#properties(policy);
      return { roles: [...texts(properties['Roles']), ...texts(properties['RoleName'])], statements: statementsOf(properties['PolicyDocument']) };
    });
    return this.#attached.flatMap(({ roles, statements }) => (roles.includes(roleName) ? statements : []));
  }

  /** Managed policies by ARN: of this template, else of AWS. */
  managed(arns: unknown): PolicyStatement[] {
    this.#managed ??= new Map(this.#table.created('AWS::IAM::ManagedPolicy').map((policy) =>
      [this.#table.identity(policy).ref, statementsOf(this.#properties(policy)['PolicyDocument'])]));
    return list(arns).flatMap((each) => {
      const arn = textOf(each) ?? '';
      const own = this.#managed?.get(arn);
      if (own !== undefined) return own;
      return /:iam::aws:policy\//.test(arn) || /^\w+$/.test(arn) ? managedPolicy(arn) : [unknownPolicy(arn)];
    });
  }

  #read(arn: string): PolicyStatement[] | undefined {
    const role = this.#table.created('AWS::IAM::Role').find((each) => this.#table.identity(each).attributes['Arn'] === arn);
    if (role === undefined) return undefined;
    const properties = this.#properties(role);
    // A boundary takes away what policies give; what is left is not worked out here.
    if (properties['PermissionsBoundary'] !== undefined) return undefined;
    return [
      ...list(properties['Policies']).flatMap((policy) => statementsOf(record(policy)['PolicyDocument'])),
      ...this.managed(properties['ManagedPolicyArns']),
      ...this.attachedTo(this.#table.identity(role).name),
    ];
  }

  #properties(resource: TemplateResource): Properties {
    return record(this.#resolver.value(member(resource.node, 'Properties')));
  }
}
