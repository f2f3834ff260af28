/** ARNs that a function's events are sent to: destinations of asynchronous invocation and dead-letter queues. */
import type { FileDiagnostics } from './diagnostics.ts';
import { isSymbolic, textOf } from './intrinsics.ts';
import type { TextRange } from './nodes.ts';

export interface DeliveryTarget {
  /** As the start of a sentence: `The on-failure destination`. */
  what: string;
  /** Resolved value of the property; undefined gives undefined. */
  value: unknown;
  /** Services that AWS takes here. */
  services: readonly Service[];
  /** Of the function whose events are sent. */
  functionArn: string;
  range: TextRange;
}

const serviceNames = { sqs: 'SQS queue', sns: 'SNS topic', lambda: 'Lambda function', events: 'EventBridge bus', s3: 'S3 bucket' } as const;

type Service = keyof typeof serviceNames;

/** Shape of a destination (Lambda API reference, OnFailure: Destination). */
const arnPattern = /^arn:aws[a-zA-Z0-9-]*:([a-z0-9-]+):[a-z0-9-]*:(?:\d{12})?:(.+)$/;

/** The ARN, or undefined with the reason reported when AWS would refuse it or nobody here knows it. */
export function deliveryTarget({ what, value, services, functionArn, range }: DeliveryTarget, diagnostics: FileDiagnostics): string | undefined {
  if (value === undefined || value === null || value === '') return undefined;
  const arn = textOf(value);
  const refuse = (message: string) => void diagnostics.add('error', message, range);
  if (arn !== undefined && isSymbolic(arn)) {
    return void diagnostics.add('information', `${what} ${arn} is known to a deployment only, so it is left out here.`, range);
  }
  const [, service = '', resource = ''] = arnPattern.exec(arn ?? '') ?? [];
  if (arn === undefined || service === '') return refuse(`${what} must be an ARN, not ${arn ?? 'a map or list'}, so it is left out.`);
  if (!services.includes(service as Service)) {
    const allowed = services.map((each) => serviceNames[each]);
    return refuse(`${what} must be an ${allowed.slice(0, -1).join(', ')} or ${allowed.at(-1)}, not ${arn}, so it is left out.`);
  }
  if ((service === 'sqs' || service === 'sns') && arn.endsWith('.fifo')) {
    return refuse(`${what} is the FIFO ${service === 'sqs' ? 'queue' : 'topic'} ${resource}, which AWS refuses here, so it is left out: name a standard one.`);
  }
  if (service === 'lambda' && unqualified(arn) === unqualified(functionArn)) {
    return refuse(`${what} is the function itself, which AWS refuses, so it is left out.`);
  }
  diagnostics.refer(arn, what, range);
  return arn;
}

/** A function's ARN without version or alias. */
export function unqualified(functionArn: string): string {
  return functionArn.split(':').slice(0, 7).join(':');
}

/** `DeadLetterConfig.TargetArn`. */
export function deadLetterTarget(value: unknown, functionArn: string, range: TextRange, diagnostics: FileDiagnostics): string | undefined {
  return deliveryTarget({ what: 'The dead-letter queue', value, services: ['sqs', 'sns'], functionArn, range }, diagnostics);
}
