/** Names, partial ARNs and full ARNs of functions, as every operation takes them (lambda-facts §1.1). */
import { AwsFault } from '../contracts/faults.ts';

const namePattern = '(arn:(aws[a-zA-Z-]*)?:lambda:)?((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\\d{1}:)?(\\d{12}:)?(function:)?([a-zA-Z0-9-_\\.]+)(:(\\$LATEST(\\.PUBLISHED)?|[a-zA-Z0-9-_]+))?';
const qualifierPattern = '\\$(LATEST(\\.PUBLISHED)?)|[a-zA-Z0-9-_$]+';
const nameExpression = new RegExp(`^(?:${namePattern})$`);
const qualifierExpression = new RegExp(`^(?:${qualifierPattern})$`);

export interface FunctionReference {
  name: string;
  qualifier?: string;
}

export interface AccountContext {
  accountId: string;
  region: string;
}

/** @param parameter As `AwsFault.parameter` has it; else the member. */
export function validationFault(value: string, member: string, constraint: string, parameter = `${member.charAt(0).toUpperCase()}${member.slice(1)}`): AwsFault {
  return new AwsFault(
    'ValidationException', 400, `1 validation error detected: Value '${value}' at '${member}' failed to satisfy constraint: ${constraint}`,
    { parameter },
  );
}

/**
 * Reads a function's name and qualifier out of what the caller wrote.
 * @throws AwsFault ValidationException, ResourceNotFoundException for another region or account, and
 * InvalidParameterValueException when two qualifiers disagree.
 */
export function parseFunctionName(text: string, account: AccountContext, explicitQualifier?: string): FunctionReference {
  const match = nameExpression.exec(text);
  if (!match || text.length > 256) {
    throw validationFault(text, 'functionName', match ? 'Member must have length less than or equal to 256' : `Member must satisfy regular expression pattern: ${namePattern}`);
  }
  const region = match[3]?.slice(0, -1);
  const owner = match[9]?.slice(0, -1);
  const name = match[11] ?? '';
  const inName = match[13];
  if (name.length > 64) throw validationFault(text, 'functionName', 'Member must have length less than or equal to 64');
  if (region !== undefined && region !== account.region) {
    throw new AwsFault('ResourceNotFoundException', 404, `Functions from '${region}' are not reachable in this region ('${account.region}')`, { messageKey: 'Message' });
  }
  if (owner !== undefined && owner !== account.accountId) {
    throw new AwsFault('ResourceNotFoundException', 404, `Function not found: arn:aws:lambda:${account.region}:${owner}:function:${name}`, { messageKey: 'Message' });
  }
  if (explicitQualifier !== undefined && explicitQualifier !== '') {
    if (explicitQualifier.length > 128 || !qualifierExpression.test(explicitQualifier)) {
      throw validationFault(explicitQualifier, 'qualifier', `Member must satisfy regular expression pattern: ${qualifierPattern}`);
    }
    if (inName !== undefined && inName !== explicitQualifier) {
      throw new AwsFault('InvalidParameterValueException', 400, 'The derived qualifier from the function name does not match the specified qualifier.');
    }
    return { name, qualifier: explicitQualifier };
  }
  return inName === undefined ? { name } : { name, qualifier: inName };
}

export function functionArn(name: string, { accountId, region }: AccountContext): string {
  return `arn:aws:lambda:${region}:${accountId}:function:${name}`;
}

/** AWS appends `:$LATEST` for unqualified calls of Invoke since November 2025 (lambda-facts §1.5). */
export function functionNotFound(name: string, qualifier: string | undefined, account: AccountContext): AwsFault {
  return new AwsFault(
    'ResourceNotFoundException', 404, `Function not found: ${functionArn(name, account)}${qualifier === undefined ? '' : `:${qualifier}`}`,
    { messageKey: 'Message' },
  );
}
