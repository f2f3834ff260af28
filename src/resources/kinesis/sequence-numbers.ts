/**
 * Sequence numbers: 56 digits, in the layout that AWS's were seen to have. In hexadecimal: `2`, nine digits of the second
 * in which the shard was made, one of the shard's number, sixteen that count, two of zero, nine of the record's second,
 * eight of the shard's number, `2`. So they grow within a shard, and a child's are all larger than its parents'.
 */

export interface ShardIdentity {
  /** From 0. */
  number: number;
  /** Seconds of the epoch that begin all its sequence numbers. */
  epoch: number;
}

/** Counted above any record: the end of a shard that was closed. */
const endCount = 0x7fff_ffff_ffff_ffffn;

const hex = (value: number | bigint, digits: number): string => value.toString(16).padStart(digits, '0');

/** @param at Epoch milliseconds. */
export function sequenceNumber({ number, epoch }: ShardIdentity, position: number | bigint, at: number): string {
  return BigInt(`0x2${hex(epoch, 9)}${hex(number % 16, 1)}${hex(position, 16)}00${hex(Math.floor(at / 1000), 9)}${hex(number, 8)}2`).toString();
}

export const startingSequenceNumber = (shard: ShardIdentity): string => sequenceNumber(shard, 0, shard.epoch * 1000);

/** @param at When it was closed, epoch milliseconds. */
export const endingSequenceNumber = (shard: ShardIdentity, at: number): string => sequenceNumber(shard, endCount, at);

export interface ReadSequenceNumber extends ShardIdentity {
  /** Of the record; larger than any when it is the end of a shard. */
  position: number;
}

/** undefined for what is no sequence number of this kind. */
export function readSequenceNumber(text: string): ReadSequenceNumber | undefined {
  if (!/^[1-9]\d{55}$/.test(text)) return undefined;
  const digits = BigInt(text).toString(16);
  if (digits.length !== 47 || !digits.startsWith('2') || !digits.endsWith('2')) return undefined;
  const count = BigInt(`0x${digits.slice(11, 27)}`);
  if (count > endCount) return undefined;
  return {
    epoch: Number.parseInt(digits.slice(1, 10), 16),
    number: Number.parseInt(digits.slice(38, 46), 16),
    position: count > BigInt(Number.MAX_SAFE_INTEGER) ? Number.MAX_SAFE_INTEGER : Number(count),
  };
}
