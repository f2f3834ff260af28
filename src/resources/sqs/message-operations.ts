/** Operations on messages: send, receive, delete, change visibility, singly and in batches. */
import type { QueueMessageStore } from '../../contracts/queue-messages.ts';
import type { CallContext, ServiceInput, ServiceOutput } from '../../contracts/resources.ts';
import { batchEntries, eachEntry } from './batches.ts';
import { batchFault, invalidValue, missingParameter } from './faults.ts';
import { attributeMap, optionalInteger, optionalText, optionalTexts, requiredText } from './input.ts';
import type { QueueOperations } from './queue-operations.ts';
import type { Queue } from './queue-registry.ts';
import { longestVisibility, type Receipts } from './receipts.ts';
import type { Receiver } from './receiving.ts';
import { checkFifo, messageSize, optional, type Outgoing, type Sender, type Sent } from './sending.ts';

const largestBatch = 1_048_576;

export interface MessageOperationParts {
  messages: QueueMessageStore;
  queues: QueueOperations;
  sender: Sender;
  receiver: Receiver;
  receipts: Receipts;
}

export class MessageOperations {
  readonly #parts: MessageOperationParts;

  constructor(parts: MessageOperationParts) {
    this.#parts = parts;
  }

  send(input: ServiceInput, context: CallContext): ServiceOutput {
    return sentOutput(this.#parts.sender.send(this.#parts.queues.queueOf(input), outgoing(input, context)));
  }

  sendBatch(input: ServiceInput, context: CallContext): ServiceOutput {
    const queue = this.#parts.queues.queueOf(input);
    const entries = batchEntries(input, 'SendMessageBatchRequestEntry');
    // What a FIFO queue needs is asked of every entry before any is sent, as is the size of all together.
    if (queue.fifo) for (const entry of entries) checkFifo(queue, { ...optional('groupId', optionalText(entry, 'MessageGroupId')), ...optional('deduplicationId', optionalText(entry, 'MessageDeduplicationId')) });
    const size = entries.reduce((sum, entry) => sum + messageSize({ body: optionalText(entry, 'MessageBody') ?? '', attributes: attributeMap(entry, 'MessageAttributes') }), 0);
    if (size > largestBatch) throw batchFault('BatchRequestTooLong', `Batch requests cannot be longer than ${largestBatch} bytes. You have sent ${size} bytes.`);
    return this.#together(entries, (entry) => sentOutput(this.#parts.sender.send(queue, outgoing(entry, context))));
  }

  receive(input: ServiceInput, context: CallContext): ServiceOutput | Promise<ServiceOutput> {
    const queue = this.#parts.queues.queueOf(input);
    const max = optionalInteger(input, 'MaxNumberOfMessages') ?? 1;
    if (max < 1 || max > 10) throw invalidValue(max, 'MaxNumberOfMessages', 'Must be between 1 and 10, if provided.');
    const waitSeconds = optionalInteger(input, 'WaitTimeSeconds') ?? Number(queue.attributes.ReceiveMessageWaitTimeSeconds);
    if (waitSeconds < 0 || waitSeconds > 20) throw invalidValue(waitSeconds, 'WaitTimeSeconds', 'Must be >= 0 and <= 20, if provided.');
    return this.#parts.receiver.receive(queue, {
      max, waitSeconds,
      visibilityTimeoutSeconds: visibility(input) ?? Number(queue.attributes.VisibilityTimeout),
      systemAttributes: [...optionalTexts(input, 'AttributeNames'), ...optionalTexts(input, 'MessageSystemAttributeNames')],
      messageAttributes: optionalTexts(input, 'MessageAttributeNames'),
      ...optional('attemptId', queue.fifo ? optionalText(input, 'ReceiveRequestAttemptId') : undefined),
    }, context);
  }

  delete(input: ServiceInput): ServiceOutput {
    const queue = this.#parts.queues.queueOf(input);
    this.#parts.receipts.delete(queue, requiredText(input, 'ReceiptHandle'));
    return {};
  }

  deleteBatch(input: ServiceInput): ServiceOutput {
    const queue = this.#parts.queues.queueOf(input);
    return this.#together(batchEntries(input, 'DeleteMessageBatchRequestEntry'), (entry) => {
      this.#parts.receipts.delete(queue, requiredText(entry, 'ReceiptHandle'));
      return {};
    });
  }

  changeVisibility(input: ServiceInput): ServiceOutput {
    const queue = this.#parts.queues.queueOf(input);
    this.#change(queue, input);
    return {};
  }

  changeVisibilityBatch(input: ServiceInput): ServiceOutput {
    const queue = this.#parts.queues.queueOf(input);
    return this.#together(batchEntries(input, 'ChangeMessageVisibilityBatchRequestEntry'), (entry) => {
      this.#change(queue, entry);
      return {};
    });
  }

  #change(queue: Queue, input: ServiceInput): void {
    const handle = requiredText(input, 'ReceiptHandle');
    const seconds = visibility(input);
    if (seconds === undefined) throw missingParameter('VisibilityTimeout');
    this.#parts.receipts.changeVisibility(queue, handle, seconds);
  }

  /** One commit for all entries. */
  #together(entries: readonly ServiceInput[], work: (entry: ServiceInput) => ServiceOutput): ServiceOutput {
    return this.#parts.messages.transaction(() => eachEntry(entries, work));
  }
}

function visibility(input: ServiceInput): number | undefined {
  const seconds = optionalInteger(input, 'VisibilityTimeout');
  if (seconds !== undefined && (seconds < 0 || seconds > longestVisibility)) throw invalidValue(seconds, 'VisibilityTimeout', `Must be between 0 and ${longestVisibility}, if provided.`);
  return seconds;
}

function outgoing(input: ServiceInput, context: CallContext): Outgoing {
  const systemAttributes = attributeMap(input, 'MessageSystemAttributes');
  return {
    body: optionalText(input, 'MessageBody') ?? '',
    attributes: attributeMap(input, 'MessageAttributes'),
    systemAttributes,
    ...optional('traceHeader', systemAttributes.AWSTraceHeader?.StringValue ?? context.traceHeader),
    ...optional('groupId', optionalText(input, 'MessageGroupId')),
    ...optional('deduplicationId', optionalText(input, 'MessageDeduplicationId')),
    ...optional('delaySeconds', optionalInteger(input, 'DelaySeconds')),
  };
}

function sentOutput(sent: Sent): ServiceOutput {
  return {
    ...optional('MD5OfMessageAttributes', sent.attributesMd5),
    MD5OfMessageBody: sent.bodyMd5,
    ...optional('MD5OfMessageSystemAttributes', sent.systemAttributesMd5),
    MessageId: sent.messageId,
    ...optional('SequenceNumber', sent.sequenceNumber),
  };
}
