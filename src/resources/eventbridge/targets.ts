/** What PutTargets asks of targets, and in which words it refuses them. */
import type { ServiceInput } from '../../contracts/resources.ts';
import { serviceOf } from './arns.ts';
import { bounds, type Constraints } from './constraints.ts';
import { validation } from './faults.ts';
import { optionalMap, optionalNumber, optionalText } from './input.ts';
import { parseTemplate, reserved, templateFault } from './input-template.ts';
import { parsePath } from './json-path.ts';
import type { Target } from './rule-registry.ts';

/** Services that AWS delivers to; Local Lambda delivers to the first four. */
const targetServices = new Set([
  'lambda', 'sqs', 'sns', 'events', 'appsync', 'batch', 'codebuild', 'codepipeline', 'ecs', 'execute-api', 'firehose', 'glue', 'imagebuilder',
  'inspector', 'kinesis', 'logs', 'redshift', 'redshift-serverless', 'sagemaker', 'ssm', 'ssm-incidents', 'states', 'swf',
]);

/** Services that AWS calls in a role only (measured in 2026). */
const roleServices = new Set([
  'batch', 'codebuild', 'codepipeline', 'ecs', 'events', 'firehose', 'glue', 'inspector', 'kinesis', 'redshift', 'sagemaker', 'ssm', 'ssm-incidents', 'states',
]);

const mostPaths = 100;
const mostRetries = 185;
const [leastAge, mostAge] = [60, 86_400];

/** Checks a target against the service model. @param path For example `targets.1.member`. */
export function constrainTarget(target: ServiceInput, path: string, constraints: Constraints): void {
  const text = (name: string, from: ServiceInput = target) => optionalText(from, name);
  constraints.text(`${path}.id`, text('Id'), { ...bounds.targetId, required: true })
    .text(`${path}.arn`, text('Arn'), { ...bounds.arn, required: true })
    .text(`${path}.roleArn`, text('RoleArn'), bounds.arn)
    .text(`${path}.input`, text('Input'), bounds.input)
    .text(`${path}.inputPath`, text('InputPath'), bounds.inputPath);
  const transformer = optionalMap(target, 'InputTransformer');
  if (transformer) {
    const map = optionalMap(transformer, 'InputPathsMap') ?? {};
    const entries = Object.keys(map).map((key) => [key, text(key, map)] as const);
    const shown = () => `{${entries.map(([key, value]) => `${key}=${value ?? 'null'}`).join(', ')}}`;
    constraints.keys(`${path}.inputTransformer.inputPathsMap`, entries.map(([key]) => key), mostPaths, bounds.pathKey, shown);
    for (const [, value] of entries) constraints.text(`${path}.inputTransformer.inputPathsMap`, value, bounds.inputPath);
    constraints.text(`${path}.inputTransformer.inputTemplate`, text('InputTemplate', transformer), bounds.inputTemplate);
  }
  const sqs = optionalMap(target, 'SqsParameters');
  if (sqs) constraints.text(`${path}.sqsParameters.messageGroupId`, text('MessageGroupId', sqs), bounds.messageGroupId);
  const deadLetters = optionalMap(target, 'DeadLetterConfig');
  if (deadLetters) constraints.text(`${path}.deadLetterConfig.arn`, text('Arn', deadLetters), bounds.arn);
  const retries = optionalMap(target, 'RetryPolicy');
  if (retries) {
    constraints.number(`${path}.retryPolicy.maximumRetryAttempts`, optionalNumber(retries, 'MaximumRetryAttempts'), 0, mostRetries)
      .number(`${path}.retryPolicy.maximumEventAgeInSeconds`, optionalNumber(retries, 'MaximumEventAgeInSeconds'), leastAge, mostAge);
  }
}

/**
 * Checks what the service itself asks of a target that fits the model.
 * @param withRole False lets a missing RoleArn pass: no role is ever assumed here.
 * @throws AwsFault ValidationException
 */
export function checkTarget(target: Target, withRole: boolean): void {
  const { Id, Arn, Input, InputPath, InputTransformer } = target;
  const service = serviceOf(Arn);
  if (service === undefined) throw validation(`Parameter ${Arn} is not valid. Reason: Provided Arn is not in correct format.`);
  if (!targetServices.has(service)) throw validation(`${service} is not a supported service for a target.`);
  if (withRole && roleServices.has(service) && target.RoleArn === undefined) throw validation(`RoleArn is required for target ${Arn}.`);
  if (service === 'sqs' && Arn.endsWith('.fifo') && target.SqsParameters?.MessageGroupId === undefined) {
    throw validation(`Parameter(s) SqsParameters must be specified for target: ${Id}.`);
  }
  if ([Input, InputPath, InputTransformer].filter((member) => member !== undefined).length > 1) {
    throw validation(`Only one of Input, InputPath, or InputTransformer must be provided for target ${Id}.`);
  }
  if (Input !== undefined && !isJson(Input)) throw validation(`JSON syntax error in input for target ${Id}.`);
  if (InputPath !== undefined) checkPath(InputPath, Id);
  if (InputTransformer !== undefined) checkTransformer(InputTransformer, Id);
  checkDeadLetterQueue(target.DeadLetterConfig?.Arn);
}

/** Of a target or a bus. @throws AwsFault ValidationException */
export function checkDeadLetterQueue(arn: string | undefined): void {
  if (arn === undefined) return;
  const service = serviceOf(arn);
  if (service === undefined) throw validation(`Parameter ${arn} is not valid. Reason: Provided Arn is not in correct format.`);
  if (service !== 'sqs') throw validation(`${service} is not supported as a dead letter resource.`);
  if (arn.endsWith('.fifo')) throw validation('SQS FIFO is not supported by Dead Letter Queues.');
}

function checkTransformer({ InputPathsMap = {}, InputTemplate }: NonNullable<Target['InputTransformer']>, id: string): void {
  for (const path of Object.values(InputPathsMap)) checkPath(path, id);
  const template = parseTemplate(InputTemplate);
  const known = new Set<string>([...Object.keys(InputPathsMap), ...Object.values(reserved)]);
  const unknown = template.placeholders.find(({ name }) => !known.has(name));
  if (unknown) throw validation(`InputTemplate for target ${id} contains invalid placeholder ${unknown.name}.`);
  const wantsObject = template.placeholders.some(({ name }) => name === reserved.eventJson);
  if (wantsObject && !/^\s*\{/.test(InputTemplate)) {
    throw validation(`InputTemplate for target ${id} contains placeholder ${reserved.eventJson} valid only for JSON template.`);
  }
  const fault = templateFault(template);
  if (fault) throw validation(`Invalid InputTemplate for target ${id} : [Source: (String)"${InputTemplate}"; line: 1, column: ${fault.column}].`);
}

function checkPath(path: string, id: string): void {
  if (parsePath(path) === undefined) throw validation(`InputPath for target ${id} is invalid.`);
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    // Said by the caller, in AWS's words.
    return false;
  }
}
