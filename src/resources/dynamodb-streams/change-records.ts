/** From a change of an item to the record of a table's stream, as it is stored and as it goes out. */
import { createHash } from 'node:crypto';
import type { StreamRecord as PolledRecord } from '../../contracts/event-sources.ts';
import type { StreamViewType } from '../../contracts/resource-views.ts';
import type { ServiceOutput, TableChange } from '../../contracts/resources.ts';
import type { NewStreamRecord, StoredStreamRecord } from '../../contracts/stream-records.ts';
import { validation } from '../input-check.ts';
import { canonical, checkedItem, keysOf, sizeOf, type Item, type KeyAttribute } from './attribute-values.ts';

export type EventName = 'INSERT' | 'MODIFY' | 'REMOVE';

/** The JSON text that is a stored record's data. */
export interface StoredChange {
  eventName: EventName;
  keys: Item;
  newImage?: Item;
  oldImage?: Item;
  sizeBytes: number;
  viewType: StreamViewType;
  /** Removed because its time to live has passed. */
  expired?: true;
}

/** 21 digits. @param position 0 stands before the first record. */
export const sequenceNumber = (position: number): string => String(100_000_000_000_000_000_000n + BigInt(position));

/** undefined for what is no sequence number of a record here. */
export function positionOf(text: string): number | undefined {
  if (!/^1\d{20}$/.test(text)) return undefined;
  const position = BigInt(text) - 100_000_000_000_000_000_000n;
  return position <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(position) : undefined;
}

/** @returns undefined when both images are the same: DynamoDB writes no record then. @throws AwsFault ValidationException */
export function changeRecord(
  { oldImage, newImage, expired = false }: TableChange,
  { keySchema, viewType }: { keySchema: readonly KeyAttribute[]; viewType: StreamViewType },
): Omit<NewStreamRecord, 'arrivedAt'> | undefined {
  const before = oldImage === undefined ? undefined : checkedItem(oldImage, keySchema);
  const after = newImage === undefined ? undefined : checkedItem(newImage, keySchema);
  const item = after ?? before;
  if (item === undefined) throw validation('A change has a new image, an old image, or both.');
  if (expired && after !== undefined) throw validation('An item whose time to live has passed is removed: it has no new image.');
  const keys = keysOf(item, keySchema);
  if (before !== undefined && after !== undefined) {
    for (const { name } of keySchema) {
      if (canonical(keysOf(before, [{ name, keyType: 'HASH' }])) !== canonical(keysOf(after, [{ name, keyType: 'HASH' }]))) {
        throw validation(`One or more parameter values were invalid: Cannot update attribute ${name}. This attribute is part of the key`);
      }
    }
    if (canonical(before) === canonical(after)) return undefined;
  }
  const shown = { ...images(before, after, viewType) };
  const change: StoredChange = {
    eventName: before === undefined ? 'INSERT' : after === undefined ? 'REMOVE' : 'MODIFY',
    keys, ...shown, viewType, sizeBytes: sizeOf(keys) + sizeOf(shown.newImage ?? {}) + sizeOf(shown.oldImage ?? {}),
    ...(expired ? { expired } : {}),
  };
  return { partitionKey: canonical(keys), data: Buffer.from(JSON.stringify(change)) };
}

function images(before: Item | undefined, after: Item | undefined, viewType: StreamViewType): Pick<StoredChange, 'newImage' | 'oldImage'> {
  const withNew = after !== undefined && (viewType === 'NEW_IMAGE' || viewType === 'NEW_AND_OLD_IMAGES');
  const withOld = before !== undefined && (viewType === 'OLD_IMAGE' || viewType === 'NEW_AND_OLD_IMAGES');
  return { ...(withNew ? { newImage: after } : {}), ...(withOld ? { oldImage: before } : {}) };
}

export interface RecordPlace {
  streamArn: string;
  region: string;
}

export const storedChange = ({ data }: Pick<StoredStreamRecord, 'data'>): StoredChange => JSON.parse(Buffer.from(data).toString()) as StoredChange;

/** As GetRecords answers it. */
export function apiRecord(record: StoredStreamRecord, place: RecordPlace): ServiceOutput {
  const change = storedChange(record);
  return {
    ...common(record, change, place),
    dynamodb: { ApproximateCreationDateTime: seconds(record), ...body(record, change) },
    ...(change.expired ? { userIdentity: { PrincipalId: 'dynamodb.amazonaws.com', Type: 'Service' } } : {}),
  };
}

/** As a function gets it (lambda-facts §3.5), but for `eventSourceARN`. */
export function polledRecord(record: StoredStreamRecord, place: RecordPlace): PolledRecord {
  const change = storedChange(record);
  const head = JSON.stringify(common(record, change, place)).slice(0, -1);
  // Recorded with a fraction that is always zero: some languages tell such a number from a whole one.
  const time = `{"ApproximateCreationDateTime":${seconds(record)}.0,`;
  const identity = change.expired ? ',"userIdentity":{"type":"Service","principalId":"dynamodb.amazonaws.com"}' : '';
  return {
    sequenceNumber: sequenceNumber(record.position), partitionKey: record.partitionKey, arrivedAt: record.arrivedAt,
    json: `${head},"dynamodb":${time}${JSON.stringify(body(record, change)).slice(1)}${identity}}`,
  };
}

function common({ position }: StoredStreamRecord, { eventName }: StoredChange, { streamArn, region }: RecordPlace): ServiceOutput {
  return {
    eventID: createHash('md5').update(`${streamArn}\n${position}`).digest('hex'),
    eventName, eventVersion: '1.1', eventSource: 'aws:dynamodb', awsRegion: region,
  };
}

function body({ position }: StoredStreamRecord, { keys, newImage, oldImage, sizeBytes, viewType }: StoredChange): ServiceOutput {
  return {
    Keys: keys,
    ...(newImage === undefined ? {} : { NewImage: newImage }), ...(oldImage === undefined ? {} : { OldImage: oldImage }),
    SequenceNumber: sequenceNumber(position), SizeBytes: sizeBytes, StreamViewType: viewType,
  };
}

/** DynamoDB knows the time to the second. */
const seconds = ({ arrivedAt }: StoredStreamRecord): number => Math.floor(arrivedAt / 1000);
