/** Answers of S3 that are XML documents. */
import type { BucketPage, ListQuery, ObjectHead, ObjectPage } from '../contracts/buckets.ts';
import { escapeXml } from './error-shapes.ts';
import { element } from './query-service.ts';
import { escapeUri } from './canonical-request.ts';

const namespace = 'http://s3.amazonaws.com/doc/2006-03-01/';
/** Who owns everything here. */
const owner = 'local-lambda';

export function listBucketsXml({ buckets, continuationToken }: BucketPage, prefix: string): string {
  const each = buckets.map(({ name, createdAt }) => `<Bucket>${element('Name', name)}${element('CreationDate', timeOf(createdAt))}</Bucket>`).join('');
  return document('ListAllMyBucketsResult', `${ownerXml()}<Buckets>${each}</Buckets>${element('ContinuationToken', continuationToken)}${element('Prefix', prefix === '' ? undefined : prefix)}`);
}

/** @param parameters Of the request: what it named comes back. */
export function listObjectsXml(bucket: string, { prefix, delimiter, startAfter, continuationToken, maxKeys }: ListQuery, page: ObjectPage, parameters: Readonly<Record<string, string>>): string {
  const { objects, commonPrefixes, nextToken } = page;
  const url = parameters['encoding-type'] === 'url';
  // Slashes stay: they are what keys are read by.
  const text = (value: string) => (url ? escapeUri(value).replaceAll('%2F', '/') : value);
  const named = (name: string, value: string) => (value === '' ? '' : element(name, text(value)));
  const contents = objects.map((object) => `<Contents>${element('Key', text(object.key))}${contentXml(object)}`
    + `${parameters['fetch-owner'] === 'true' ? ownerXml() : ''}<StorageClass>STANDARD</StorageClass></Contents>`);
  return document('ListBucketResult', [
    element('Name', bucket), `<Prefix>${escapeXml(text(prefix))}</Prefix>`, named('StartAfter', startAfter), element('ContinuationToken', continuationToken),
    element('NextContinuationToken', nextToken), element('KeyCount', objects.length + commonPrefixes.length), element('MaxKeys', maxKeys), named('Delimiter', delimiter),
    url ? element('EncodingType', 'url') : '', element('IsTruncated', nextToken !== undefined),
    ...contents, ...commonPrefixes.map((group) => `<CommonPrefixes>${element('Prefix', text(group))}</CommonPrefixes>`),
  ].join(''));
}

function contentXml({ bytes, etag, modifiedAt, headers }: ObjectHead): string {
  const algorithms = Object.keys(headers).filter((name) => name.startsWith('x-amz-checksum-'))
    .map((name) => element('ChecksumAlgorithm', name.slice('x-amz-checksum-'.length).toUpperCase())).join('');
  return `${element('LastModified', timeOf(modifiedAt))}${element('ETag', `"${etag}"`)}${algorithms}${algorithms === '' ? '' : element('ChecksumType', 'FULL_OBJECT')}${element('Size', bytes)}`;
}

/** S3 has whole seconds, and writes three zeros. */
function timeOf(time: number): string {
  return `${new Date(time).toISOString().slice(0, 19)}.000Z`;
}

function ownerXml(): string {
  return `<Owner>${element('ID', owner)}</Owner>`;
}

function document(name: string, content: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${name} xmlns="${namespace}">${content}</${name}>`;
}
