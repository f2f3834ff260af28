/** The errors of Amazon Kinesis, in AWS's words. */
import { AwsFault } from '../../contracts/faults.ts';

export const invalidArgument = (message: string): AwsFault => new AwsFault('InvalidArgumentException', 400, message);

export const resourceNotFound = (message: string): AwsFault => new AwsFault('ResourceNotFoundException', 400, message);

export const resourceInUse = (message: string): AwsFault => new AwsFault('ResourceInUseException', 400, message);

export const limitExceeded = (message: string): AwsFault => new AwsFault('LimitExceededException', 400, message);

export const streamNotFound = (name: string, accountId: string): AwsFault => resourceNotFound(`Stream ${name} under account ${accountId} not found.`);

export const streamExists = (name: string, accountId: string): AwsFault => resourceInUse(`Stream ${name} under account ${accountId} already exists.`);

/** What operations on records say. */
export const shardDoesNotExist = (shardId: string, stream: string, accountId: string): AwsFault =>
  resourceNotFound(`Shard ${shardId} in stream ${stream} under account ${accountId} does not exist`);

/** What operations on shards say. */
export const shardNotFound = (shardId: string, stream: string, accountId: string): AwsFault =>
  resourceNotFound(`Could not find shard ${shardId} in stream ${stream} under account ${accountId}.`);

export const shardIsClosed = (shardId: string, stream: string, accountId: string): AwsFault =>
  invalidArgument(`Shard ${shardId} in stream ${stream} under account ${accountId} has already been merged or split, and thus is not eligible for merging or splitting.`);

export const invalidIterator = (): AwsFault => invalidArgument('Invalid ShardIterator.');

/** @param issued Epoch milliseconds. */
export const expiredIterator = (issued: number, now: number, lifetime: number): AwsFault => new AwsFault(
  'ExpiredIteratorException', 400,
  `Iterator expired. The iterator was created at time ${javaDate(issued)} while right now it is ${javaDate(now)} which is further in the future than the tolerated delay of ${lifetime} milliseconds.`,
);

export const expiredToken = (): AwsFault => new AwsFault('ExpiredNextTokenException', 400, 'The pagination token has expired.');

/** `Thu Jan 22 01:22:02 UTC 2015`. */
function javaDate(at: number): string {
  const [, week, day, month, year, time] = /^(\w+), (\d+) (\w+) (\d+) ([\d:]+) GMT$/.exec(new Date(at).toUTCString()) ?? [];
  return `${week} ${month} ${day} ${time} UTC ${year}`;
}
