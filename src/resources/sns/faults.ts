/** SNS's errors: the exception's name, and the code that the Query protocol has for it. */
import { AwsFault } from '../../contracts/faults.ts';

/** `Invalid parameter: <detail>`, by far the most frequent. */
export function invalidParameter(detail: string): AwsFault {
  return new AwsFault('InvalidParameterException', 400, `Invalid parameter: ${detail}`, { queryCode: 'InvalidParameter' });
}

/** The one text that stands without its usual beginning. */
export function invalidToken(): AwsFault {
  return new AwsFault('InvalidParameterException', 400, 'Invalid token', { queryCode: 'InvalidParameter' });
}

/** What is wrong with a message attribute. */
export function invalidValue(message: string): AwsFault {
  return new AwsFault('InvalidParameterValueException', 400, message, { queryCode: 'ParameterValueInvalid' });
}

export function validationError(message: string): AwsFault {
  return new AwsFault('ValidationException', 400, message, { queryCode: 'ValidationError' });
}

export function topicNotFound(): AwsFault {
  return new AwsFault('NotFoundException', 404, 'Topic does not exist', { queryCode: 'NotFound' });
}

export function subscriptionNotFound(): AwsFault {
  return new AwsFault('NotFoundException', 404, 'Subscription does not exist', { queryCode: 'NotFound' });
}

export function resourceNotFound(): AwsFault {
  return new AwsFault('ResourceNotFoundException', 404, 'Resource does not exist', { queryCode: 'ResourceNotFound' });
}

export function authorizationError(message: string): AwsFault {
  return new AwsFault('AuthorizationErrorException', 403, message, { queryCode: 'AuthorizationError' });
}

export function tagLimitExceeded(): AwsFault {
  return new AwsFault('TagLimitExceededException', 400, 'Could not complete request: tag quota of per resource exceeded', { queryCode: 'TagLimitExceeded' });
}

const batchTexts = {
  TooManyEntriesInBatchRequest: 'The batch request contains more entries than permissible.',
  BatchEntryIdsNotDistinct: 'Two or more batch entries in the request have the same Id.',
  BatchRequestTooLong: 'The length of all the messages put together is more than the limit.',
  EmptyBatchRequest: 'The batch request doesn\'t contain any entries.',
  InvalidBatchEntryId: 'The Id of a batch entry in a batch request doesn\'t abide by the specification.',
} as const;

export function batchFault(code: keyof typeof batchTexts): AwsFault {
  return new AwsFault(`${code}Exception`, 400, batchTexts[code], { queryCode: code });
}
