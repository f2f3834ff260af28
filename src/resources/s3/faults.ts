/** Errors of Amazon S3. Members beside the message are what the error's XML names after it. */
import { AwsFault } from '../../contracts/faults.ts';

export function noSuchBucket(bucket: string): AwsFault {
  return new AwsFault('NoSuchBucket', 404, 'The specified bucket does not exist', { fields: { BucketName: bucket } });
}

export function noSuchKey(key: string): AwsFault {
  return new AwsFault('NoSuchKey', 404, 'The specified key does not exist.', { fields: { Key: key } });
}

export function invalidBucketName(bucket: string): AwsFault {
  return new AwsFault('InvalidBucketName', 400, 'The specified bucket is not valid.', { fields: { BucketName: bucket } });
}

export function invalidArgument(message: string, name: string, value: string): AwsFault {
  return new AwsFault('InvalidArgument', 400, message, { fields: { ArgumentName: name, ArgumentValue: value } });
}

export function preconditionFailed(condition: string): AwsFault {
  return new AwsFault('PreconditionFailed', 412, 'At least one of the pre-conditions you specified did not hold', { fields: { Condition: condition } });
}
