/** What may stand as a destination or dead-letter queue, and what AWS says of the rest (lambda-facts §2.2, §2.5). */
import { AwsFault } from '../contracts/faults.ts';
import { validationFault } from './function-names.ts';
import { optionalObject, optionalText, type Input } from './input.ts';

export type TargetKind = 'sqs' | 'sns' | 'lambda' | 'events' | 's3';

const destinationPattern = '$|kafka://([^.]([a-zA-Z0-9\\-_.]{0,248}))|arn:(aws[a-zA-Z0-9-]*):([a-zA-Z0-9\\-])+:((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\\d{1})?:(\\d{12})?:(.*)';
const destinationExpression = new RegExp(`^(?:${destinationPattern})$`);
const longestDestination = 350;

/** The service that a target's ARN belongs to; undefined for one that cannot be a target. */
export function targetKind(arn: string): TargetKind | undefined {
  const [, , service = '', , , resource = ''] = arn.split(':');
  if (service === 'events') return resource.startsWith('event-bus/') ? 'events' : undefined;
  return service === 'sqs' || service === 'sns' || service === 'lambda' || service === 's3' ? service : undefined;
}

export interface DestinationContext {
  /** Unqualified ARN of the function whose destinations these are. */
  functionArn: string;
  functionExists(arn: string): boolean;
}

/**
 * The destinations of `DestinationConfig`, as far as they are given; undefined without one.
 * @throws AwsFault ValidationException, InvalidParameterValueException
 */
export function checkedDestinations(input: Input, context: DestinationContext): { onSuccess?: string; onFailure?: string } | undefined {
  const config = optionalObject(input, 'DestinationConfig');
  if (config === undefined) return undefined;
  const destination = (member: 'OnSuccess' | 'OnFailure') => optionalText(optionalObject(config, member) ?? {}, 'Destination');
  const success = destination('OnSuccess');
  const failure = destination('OnFailure');
  for (const [member, arn] of [['onSuccess', success], ['onFailure', failure]] as const) {
    if (arn === undefined || arn === '') continue;
    if (arn.length > longestDestination || !destinationExpression.test(arn)) {
      throw validationFault(arn, `destinationConfig.${member}.destination`, arn.length > longestDestination
        ? `Member must have length less than or equal to ${longestDestination}` : `Member must satisfy regular expression pattern: ${destinationPattern}`);
    }
    if (unqualified(arn) === context.functionArn) throw invalid("You can't specify the function as a destination for itself.");
    if (!mayBeDestination(arn, member)) throw invalid(`The provided destination config ${shown(success, failure)} is invalid.`);
    if (targetKind(arn) === 'lambda' && !exists(arn, context)) throw invalid(`The destination ARN ${arn} is invalid.`);
  }
  return { ...(success ? { onSuccess: success } : {}), ...(failure ? { onFailure: failure } : {}) };
}

/**
 * DOUBT: that AWS refuses FIFO targets is documented, the text it does so with is not recorded; the one for an
 * unsupported kind is used.
 */
function mayBeDestination(arn: string, member: 'onSuccess' | 'onFailure'): boolean {
  const kind = targetKind(arn);
  if (kind === undefined || arn.endsWith('.fifo')) return false;
  return kind !== 's3' || member === 'onFailure';
}

function exists(arn: string, context: DestinationContext): boolean {
  try {
    return context.functionExists(arn);
  } catch {
    // A function of another region or account.
    return false;
  }
}

/** As the service prints its own request object. */
function shown(success: string | undefined, failure: string | undefined): string {
  const part = (type: string, arn: string | undefined) => (arn === undefined ? 'null' : `${type}(destination=${arn})`);
  return `DestinationConfig(onSuccess=${part('OnSuccess', success)}, onFailure=${part('OnFailure', failure)})`;
}

/**
 * The target of `DeadLetterConfig`; empty removes it.
 * @throws AwsFault ValidationException, InvalidParameterValueException
 */
export function checkedDeadLetterTarget(arn: string): string | undefined {
  if (arn === '') return undefined;
  if (!/^(arn:(aws[a-zA-Z0-9-]*):[a-z0-9-.]+:.*)$/.test(arn)) {
    throw validationFault(arn, 'deadLetterConfig.targetArn', 'Member must satisfy regular expression pattern: (arn:(aws[a-zA-Z0-9-]*):[a-z0-9-.]+:.*)|()');
  }
  const kind = targetKind(arn);
  if ((kind !== 'sqs' && kind !== 'sns') || arn.endsWith('.fifo')) throw invalid(`The provided dead letter target ARN ${arn} is invalid: a standard SQS queue or SNS topic is wanted.`);
  return arn;
}

function unqualified(arn: string): string {
  return arn.split(':').slice(0, 7).join(':');
}

function invalid(message: string): AwsFault {
  return new AwsFault('InvalidParameterValueException', 400, message);
}
