/** Finds the stream that an operation names, by its name or its ARN. */
import type { InputCheck } from '../input-check.ts';
import { invalidArgument, streamNotFound } from './faults.ts';
import type { Stream, StreamRegistry } from './stream-registry.ts';

export const streamNameRules = { least: 1, most: 128, pattern: '[a-zA-Z0-9_.-]+' } as const;
export const shardIdRules = { least: 1, most: 128, pattern: '[a-zA-Z0-9_.-]+' } as const;
const arnRules = { least: 1, most: 2048, pattern: 'arn:aws.*:kinesis:.*:\\d{12}:stream/\\S+' } as const;

/** What an operation said of its stream; nothing is looked up yet. */
export interface StreamReference {
  name?: string;
  arn?: string;
}

export function streamReference(check: InputCheck): StreamReference {
  const name = check.text('StreamName', streamNameRules);
  const arn = check.text('StreamARN', arnRules);
  return { ...(name === undefined ? {} : { name }), ...(arn === undefined ? {} : { arn }) };
}

/** @throws AwsFault InvalidArgumentException, ResourceNotFoundException */
export function findStream(registry: StreamRegistry, reference: StreamReference): Stream {
  const { name, arn } = reference;
  if (name === undefined && arn === undefined) throw invalidArgument('Either StreamName or StreamARN should be provided.');
  const itsName = nameOf(reference);
  if (name !== undefined && name !== itsName) throw invalidArgument('StreamName and StreamARN name different streams.');
  const stream = registry.get(itsName);
  if (!stream || (arn !== undefined && arn !== registry.arnOf(itsName))) throw streamNotFound(itsName, registry.accountId);
  return stream;
}

/** The name, also of a stream that does not exist. */
export const nameOf = ({ name, arn }: StreamReference): string => (arn === undefined ? name ?? '' : arn.slice(arn.indexOf('/') + 1));
