/** Commands about objects of buckets. */
import { UserError } from '../../contracts/faults.ts';
import { deleteBucketObject } from '../../protocol/engine.ts';
import { isNode } from './chooser.ts';
import type { ObjectNode } from './nodes.ts';
import type { DestinationParts } from './parts.ts';
import { confirm } from './queue-commands.ts';

export function registerBucketCommands({ commands, engine, documents, inform }: DestinationParts): void {
  commands.register('openObject', async (argument) => {
    const { bucketArn, object } = objectOf(argument);
    await documents.openObject(bucketArn, object.key);
  });
  commands.register('deleteObject', async (argument, confirmed) => {
    const { bucketArn, bucketName, object } = objectOf(argument);
    if (confirmed !== true && !await confirm(`Delete this object of ${bucketName}?`, object.key, 'Delete')) return;
    if (!await engine.request(deleteBucketObject, { bucketArn, key: object.key })) inform('The object was gone already.');
  });
}

function objectOf(argument: unknown): ObjectNode {
  if (isNode(argument) && argument.kind === 'object') return argument;
  throw new UserError('Choose an object in the Destinations view.');
}
