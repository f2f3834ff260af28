/** Tells whose request it is, and answers for the AWS services that are not here, each in its own words. */
import { AwsFault } from '../contracts/faults.ts';
import { shapedError, type ErrorShape } from './error-shapes.ts';
import { parseQuery } from './lambda-operations.ts';
import type { Answer, RequestHead, ServiceCall, ServiceProtocol } from './service-protocol.ts';
import { claimedService } from './signature-claim.ts';

/** What people call a service, by its name in credential scopes. Others are called by that name itself. */
const serviceNames: Readonly<Record<string, string>> = {
  'apigateway': 'API Gateway', 'appsync': 'AppSync', 'athena': 'Athena', 'bedrock': 'Bedrock', 'cloudformation': 'CloudFormation',
  'cloudfront': 'CloudFront', 'cognito-identity': 'Cognito', 'cognito-idp': 'Cognito', 'dynamodb': 'DynamoDB', 'ec2': 'EC2',
  'ecr': 'ECR', 'ecs': 'ECS', 'es': 'OpenSearch', 'events': 'EventBridge', 'execute-api': 'API Gateway', 'firehose': 'Firehose',
  'glue': 'Glue', 'iam': 'IAM', 'kinesis': 'Kinesis', 'kms': 'KMS', 'logs': 'CloudWatch Logs', 'monitoring': 'CloudWatch',
  'rds': 'RDS', 'route53': 'Route 53', 's3': 'S3', 'scheduler': 'EventBridge Scheduler', 'secretsmanager': 'Secrets Manager',
  'ses': 'SES', 'sns': 'SNS', 'sqs': 'SQS', 'ssm': 'Systems Manager', 'states': 'Step Functions', 'sts': 'STS', 'xray': 'X-Ray',
};

/** Services of the Query protocol by their API version, for requests without a credential scope. */
const queryVersions: Readonly<Record<string, string>> = {
  '2012-11-05': 'sqs', '2010-03-31': 'sns', '2011-06-15': 'sts', '2010-05-08': 'iam', '2010-05-15': 'cloudformation',
  '2016-11-15': 'ec2', '2010-08-01': 'monitoring', '2010-12-01': 'ses', '2014-10-31': 'rds',
};

/** The largest form of a service that is here has to fit: whose it is shows in the body only. */
const queryBodyLimit = 8 * 1024 * 1024;

/**
 * The service that answers: the one that the credential scope names, else the one whose request it looks like.
 *
 * @param services By signing name. The first that recognises an unsigned request gets it.
 */
export function serviceOf(head: RequestHead, services: ReadonlyMap<string, ServiceProtocol>): ServiceProtocol {
  const named = claimedService(head);
  if (named !== undefined) return services.get(named) ?? new AbsentService(named, head);
  for (const service of services.values()) {
    if (service.recognises(head)) return service;
  }
  if (isForeign(head) || isForm(head)) return new AbsentService(undefined, head);
  return services.values().next().value ?? new AbsentService(undefined, head);
}

/**
 * The service of an unsigned form that says only in its body whose it is; undefined when that is none that is here.
 *
 * @param service What `serviceOf` found by the head.
 */
export function serviceOfForm(service: ServiceProtocol, head: RequestHead, body: Buffer, services: ReadonlyMap<string, ServiceProtocol>): ServiceProtocol | undefined {
  if (!(service instanceof AbsentService) || service.signingName !== '' || !isForm(head)) return undefined;
  const { Version: version } = parseQuery(body.toString('latin1'));
  return version === undefined ? undefined : [...services.values()].find(({ queryVersion }) => queryVersion === version);
}

/** Marks of the protocols that no REST JSON service uses. */
export function isForeign({ headers, query }: RequestHead): boolean {
  return headers['x-amz-target'] !== undefined
    || headers['smithy-protocol'] !== undefined
    || (query !== '' && /(?:^|&)Action=/.test(query));
}

/** A body of the Query protocol, or only what curl says of any body: the path decides. */
function isForm({ headers }: RequestHead): boolean {
  return headers['content-type']?.startsWith('application/x-www-form-urlencoded') === true;
}

/** An AWS service that Local Lambda does not have. Nothing is checked and nothing sent on: the answer is always no. */
export class AbsentService implements ServiceProtocol {
  readonly signingName: string;
  readonly #contentType: string | undefined;
  readonly #shape: ErrorShape;

  constructor(signingName: string | undefined, head: RequestHead) {
    this.#contentType = head.headers['content-type'];
    this.#shape = shapeOf(signingName, head);
    this.signingName = signingName ?? unsignedService(head);
  }

  recognises(): boolean {
    return false;
  }

  open(head: RequestHead): ServiceCall {
    const action = actionInHead(head, this.#shape);
    if (action !== undefined) throw this.#absent(action);
    const absent = (body: Buffer): AwsFault => {
      const parameters = parseQuery(body.toString('latin1'));
      const service = parameters.Version === undefined ? undefined : queryVersions[parameters.Version];
      return this.#absent(parameters.Action ?? `${head.method} ${head.path}`, this.signingName === '' ? service : undefined);
    };
    return {
      operation: `${this.signingName} (absent)`,
      maxBodyBytes: queryBodyLimit,
      tooLarge: () => absent(Buffer.alloc(0)),
      answer: (body) => Promise.reject(absent(body)),
    };
  }

  fault(error: unknown, requestId: string): Answer {
    const { name, status, message } = error instanceof AwsFault ? error : new AwsFault('InternalFailure', 500, `Local Lambda failed to answer; its log has the error under request ${requestId}.`);
    return shapedError(this.#shape, { code: name, status, message }, requestId, this.#contentType);
  }

  #absent(action: string, service = this.signingName): AwsFault {
    const name = service === '' ? 'this service' : serviceNames[service] ?? service;
    const [code, status] = absentCodes[this.#shape];
    return new AwsFault(code, status, `Local Lambda does not have ${name}: ${action} was refused here, and nothing was sent to AWS.`);
  }
}

/** What the protocol has for an operation that does not exist. None of these statuses makes an SDK try again. */
const absentCodes: Readonly<Record<ErrorShape, readonly [code: string, status: number]>> = {
  'rest-json': ['UnknownOperationException', 404],
  json: ['UnknownOperationException', 400],
  query: ['InvalidAction', 400],
  ec2: ['InvalidAction', 400],
  s3: ['NotImplemented', 501],
  cbor: ['UnknownOperationException', 400],
};

function shapeOf(signingName: string | undefined, head: RequestHead): ErrorShape {
  if (head.headers['smithy-protocol'] === 'rpc-v2-cbor') return 'cbor';
  if (head.headers['x-amz-target'] !== undefined) return 'json';
  if (signingName?.startsWith('s3')) return 's3';
  if (isForeign(head) || isForm(head)) return signingName === 'ec2' ? 'ec2' : 'query';
  if (signingName === 'cloudfront' || signingName === 'route53') return 'query';
  return 'rest-json';
}

/** A name for a service whose request carries no scope; empty string when there is none. */
function unsignedService(head: RequestHead): string {
  const target = head.headers['x-amz-target'];
  if (typeof target === 'string') return target.split(/[._]/)[0] ?? '';
  const version = parseQuery(head.query).Version;
  return (version === undefined ? undefined : queryVersions[version]) ?? '';
}

/** The action when the head says it; undefined when the body does. */
function actionInHead(head: RequestHead, shape: ErrorShape): string | undefined {
  const target = head.headers['x-amz-target'];
  if (shape === 'json' && typeof target === 'string') return target.slice(target.lastIndexOf('.') + 1);
  if (shape === 'cbor') return head.path.slice(head.path.lastIndexOf('/') + 1);
  const action = parseQuery(head.query).Action;
  if (action !== undefined) return action;
  return isForm(head) ? undefined : `${head.method} ${head.path}`;
}
