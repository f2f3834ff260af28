/** The errors of Amazon EventBridge, in AWS's words. All are answered with 400. */
import { AwsFault } from '../../contracts/faults.ts';

export const validation = (message: string): AwsFault => new AwsFault('ValidationException', 400, message);

export const busDoesNotExist = (name: string): AwsFault => new AwsFault('ResourceNotFoundException', 400, `Event bus ${name} does not exist.`);

export const busAlreadyExists = (name: string): AwsFault => new AwsFault('ResourceAlreadyExistsException', 400, `Event bus ${name} already exists.`);

export const ruleDoesNotExist = (rule: string, bus: string): AwsFault =>
  new AwsFault('ResourceNotFoundException', 400, `Rule ${rule} does not exist on EventBus ${bus}.`);

export const statementDoesNotExist = (): AwsFault => new AwsFault('ResourceNotFoundException', 400, 'Statement with the provided id does not exist.');

export const limitExceeded = (): AwsFault => new AwsFault('LimitExceededException', 400, 'The requested resource exceeds the maximum number allowed.');

export const invalidPattern = (reason: string): AwsFault =>
  new AwsFault('InvalidEventPatternException', 400, `Event pattern is not valid. Reason: ${reason}`);

export const serialization = (message: string): AwsFault => new AwsFault('SerializationException', 400, message);
