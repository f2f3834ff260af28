/** Whether the policies of a template allow something, as far as templates can tell. For hints: nothing is refused by it. */
import type { PermissionAnswer, PermissionRequest, PolicyStatement } from '../contracts/permissions.ts';
import { isSymbolic } from './intrinsics.ts';

/** Applies, does not, or depends on what is not known here. */
type Match = 'yes' | 'no' | 'maybe';

/** `statements` undefined: nobody here knows the policy. A Deny wins over every Allow, as in IAM. */
export function isPermitted(statements: readonly PolicyStatement[] | undefined, request: PermissionRequest): PermissionAnswer {
  if (statements === undefined) return 'unknown';
  const match = (effect: PolicyStatement['effect']): Match =>
    any(statements.filter((each) => each.effect === effect), (each) => applies(each, request));
  const denied = match('Deny');
  const allowed = match('Allow');
  if (denied === 'yes' || allowed === 'no') return 'denied';
  return denied === 'maybe' || allowed === 'maybe' ? 'unknown' : 'allowed';
}

/** What AWS asks a function's role for before it delivers to a destination or dead-letter queue. Undefined for other services. */
export function deliveryRequest(targetArn: string): PermissionRequest | undefined {
  const action = deliveryActions[targetArn.split(':')[2] ?? ''];
  return action === undefined ? undefined : { action, resource: action === 's3:PutObject' ? `${targetArn}/*` : targetArn };
}

const deliveryActions: Readonly<Record<string, string>> = {
  sqs: 'sqs:SendMessage', sns: 'sns:Publish', lambda: 'lambda:InvokeFunction', events: 'events:PutEvents', s3: 's3:PutObject',
};

/**
 * One sentence with the missing statement when AWS would surely refuse; undefined when it would not, or nobody here knows.
 * `whose` names the policy, for example `the role of ChargeCard`.
 */
export function denialHint(statements: readonly PolicyStatement[] | undefined, request: PermissionRequest | undefined, whose: string): string | undefined {
  if (request === undefined || isPermitted(statements, request) !== 'denied') return undefined;
  return `AWS would deny this: ${whose} needs the statement ${missingStatement(request)}.`;
}

/** JSON of the statement that would allow the request. */
export function missingStatement({ action, resource, principal, sourceArn }: PermissionRequest): string {
  return JSON.stringify({
    Effect: 'Allow',
    ...(principal === undefined ? {} : { Principal: { Service: principal } }),
    Action: action,
    Resource: resource,
    ...(sourceArn === undefined ? {} : { Condition: { ArnEquals: { 'aws:SourceArn': sourceArn } } }),
  });
}

function applies(statement: PolicyStatement, request: PermissionRequest): Match {
  const { actions, notActions, resources, notResources, principals, conditions = {} } = statement;
  const action = any(actions, (pattern) => matches(pattern.toLowerCase(), request.action.toLowerCase()));
  const resource = any(resources, (pattern) => matches(pattern, request.resource));
  return all([
    notActions === true ? not(action) : action,
    notResources === true ? not(resource) : resource,
    request.principal === undefined ? 'yes' : any(principals ?? [], (principal) => (principal === '*' ? 'yes' : matches(principal, request.principal!))),
    ...Object.entries(conditions).flatMap(([operator, keys]) => Object.entries(keys).map(([key, values]) => holds(operator, key, values, request))),
  ]);
}

/** Conditions on the source are looked at; all others depend on the call. */
function holds(operator: string, key: string, values: readonly string[], { sourceArn }: PermissionRequest): Match {
  const source = { 'aws:sourcearn': sourceArn, 'aws:sourceaccount': sourceArn?.split(':')[4] || undefined }[key.toLowerCase()];
  if (source === undefined || !/^(Arn|String)(Equals|Like)(IfExists)?$/.test(operator)) return 'maybe';
  // ArnEquals and ArnLike are the same; StringEquals takes no wildcards.
  return any(values, (value) => (operator.startsWith('StringEquals') && !isSymbolic(value) ? (value === source ? 'yes' : 'no') : matches(value, source)));
}

/** `pattern` with IAM's wildcards against `text`; a pattern with an unknown part may match whatever fits around it. */
function matches(pattern: string, text: string): Match {
  const wild = pattern.replace(/\$\{[^}]*\}/g, '*');
  let at = 0;
  let star = -1;
  let from = 0;
  for (let position = 0; position < text.length;) {
    if (wild[at] === '*') [star, from, at] = [at, position, at + 1];
    else if (wild[at] === '?' || wild[at] === text[position]) [at, position] = [at + 1, position + 1];
    // The last star takes one letter more.
    else if (star !== -1) [at, from, position] = [star + 1, from + 1, from + 1];
    else return 'no';
  }
  while (wild[at] === '*') at += 1;
  if (at < wild.length) return 'no';
  return isSymbolic(pattern) ? 'maybe' : 'yes';
}

function any<T>(items: readonly T[], match: (item: T) => Match): Match {
  let result: Match = 'no';
  for (const item of items) {
    const found = match(item);
    if (found === 'yes') return 'yes';
    if (found === 'maybe') result = 'maybe';
  }
  return result;
}

function all(matches: readonly Match[]): Match {
  return matches.includes('no') ? 'no' : matches.includes('maybe') ? 'maybe' : 'yes';
}

function not(match: Match): Match {
  return match === 'yes' ? 'no' : match === 'no' ? 'yes' : 'maybe';
}
