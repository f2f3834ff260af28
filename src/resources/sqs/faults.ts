/** The errors of Amazon SQS, in AWS's words. Names are those of the JSON protocol; Query codes are what the older protocol calls them. */
import { AwsFault } from '../../contracts/faults.ts';

const older = (code: string): string => `AWS.SimpleQueueService.${code}`;

export const queueDoesNotExist = (): AwsFault =>
  new AwsFault('QueueDoesNotExist', 400, 'The specified queue does not exist.', { queryCode: older('NonExistentQueue') });

export const queueNameExists = (attribute: string): AwsFault =>
  new AwsFault('QueueNameExists', 400, `A queue already exists with the same name and a different value for attribute ${attribute}`, { queryCode: 'QueueAlreadyExists' });

/** Not in the service model, yet what SQS answers to most wrong parameters. */
export const invalidParameter = (message: string): AwsFault =>
  new AwsFault('InvalidParameterValueException', 400, message, { queryCode: 'InvalidParameterValue' });

/** @param value As it was given. */
export const invalidValue = (value: unknown, parameter: string, reason: string): AwsFault =>
  invalidParameter(`Value ${String(value)} for parameter ${parameter} is invalid. Reason: ${reason}`);

export const missingParameter = (parameter: string): AwsFault =>
  new AwsFault('MissingRequiredParameterException', 400, `The request must contain the parameter ${parameter}.`, { queryCode: 'MissingParameter' });

export const invalidAttributeName = (message: string): AwsFault => new AwsFault('InvalidAttributeName', 400, message);

export const invalidAttributeValue = (attribute: string): AwsFault =>
  new AwsFault('InvalidAttributeValue', 400, `Invalid value for the parameter ${attribute}.`);

export const serializationFault = (member: string, wanted: string): AwsFault =>
  new AwsFault('SerializationException', 400, `${member} should be ${wanted}.`, { queryCode: 'MalformedInput' });

export const invalidMessageContents = (): AwsFault => new AwsFault('InvalidMessageContents', 400, invalidCharacters);

export const invalidCharacters
  = 'Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF';

export const receiptHandleIsInvalid = (handle: string): AwsFault =>
  new AwsFault('ReceiptHandleIsInvalid', 404, `The input receipt handle "${handle}" is not a valid receipt handle.`);

export const unsupportedOperation = (message: string): AwsFault =>
  new AwsFault('UnsupportedOperation', 400, message, { queryCode: older('UnsupportedOperation') });

export const overLimit = (message: string): AwsFault => new AwsFault('OverLimit', 403, message);

export const purgeInProgress = (queue: string): AwsFault =>
  new AwsFault('PurgeQueueInProgress', 403, `Only one PurgeQueue operation on ${queue} is allowed every 60 seconds.`, { queryCode: older('PurgeQueueInProgress') });

export const resourceNotFound = (message: string): AwsFault => new AwsFault('ResourceNotFoundException', 404, message);

export const batchFault = (
  name: 'EmptyBatchRequest' | 'TooManyEntriesInBatchRequest' | 'BatchEntryIdsNotDistinct' | 'InvalidBatchEntryId' | 'BatchRequestTooLong',
  message: string,
): AwsFault => new AwsFault(name, 400, message, { queryCode: older(name) });
