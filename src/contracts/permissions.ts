/**
 * One statement of a policy that a template gives to a role, queue, topic or function. IAM is not enforced here: statements
 * serve hints only.
 */
export interface PolicyStatement {
  effect: 'Allow' | 'Deny';
  /** `*` and `?` are IAM's wildcards; `${…}` stands for what only a deployment knows. The same holds for resources. */
  actions: readonly string[];
  /** True for `NotAction`: everything but `actions`. */
  notActions?: boolean;
  resources: readonly string[];
  /** True for `NotResource`: everything but `resources`. */
  notResources?: boolean;
  /** Policies of queues, topics and functions: services such as `sns.amazonaws.com`, ARNs, account ids, `*`. Absent in policies of roles. */
  principals?: readonly string[];
  /** Operator, then key (for example `aws:SourceArn`), then values. */
  conditions?: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
}

/** `unknown` when only an account could tell: a role or a value that no template has, a condition that is not looked at. */
export type PermissionAnswer = 'allowed' | 'denied' | 'unknown';

/** Something that AWS would look at policies for. */
export interface PermissionRequest {
  /** For example `sqs:SendMessage`. */
  action: string;
  /** ARN; for `s3:PutObject` of the object. */
  resource: string;
  /** Service that acts for itself, for example `events.amazonaws.com`; absent when a function's role is asked. */
  principal?: string;
  /** What the service acts for: the topic, the rule. */
  sourceArn?: string;
}
