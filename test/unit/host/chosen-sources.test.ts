/** Which source answers for an ARN. No call leaves the machine in these tests. */
import assert from 'node:assert/strict';
import { defaultSettings } from '../../../src/contracts/default-settings.ts';
import type { EventSources, QueueSource, StreamSource } from '../../../src/contracts/event-sources.ts';
import type { EventSourceChoice } from '../../../src/contracts/settings.ts';
import { ChosenSources } from '../../../src/host/chosen-sources.ts';
import { FakeClock } from '../../support/fake-clock.ts';

const queue = 'arn:aws:sqs:eu-west-1:111122223333:orders';
const stream = 'arn:aws:kinesis:eu-west-1:111122223333:stream/clicks';

function sources(eventSources: Record<string, EventSourceChoice>, trusted = true) {
  const embedded: EventSources = { queue: () => ({ here: 'queue' }) as unknown as QueueSource, stream: () => ({ here: 'stream' }) as unknown as StreamSource, place: () => undefined };
  const settings = { ...defaultSettings, eventSources };
  return { settings, chosen: new ChosenSources({ embedded, settings: () => settings, clock: new FakeClock(), trusted: () => trusted, changed: () => {} }) };
}

describe('chosen event sources', () => {
  it('are embedded unless an entry says otherwise', () => {
    const { chosen } = sources({ other: { profile: 'dev' } });
    assert.deepEqual([chosen.queue(queue), chosen.stream(stream), chosen.place(queue)], [{ here: 'queue' }, { here: 'stream' }, undefined]);
  });

  it('are one for each place, and follow the setting', () => {
    const { chosen, settings } = sources({ '*': { endpoint: 'http://127.0.0.1:1' } });
    const first = chosen.queue(queue);
    assert.equal(chosen.queue(queue.replace('orders', 'others')), first);
    assert.notEqual(chosen.stream(stream), first);
    settings.eventSources = { '*': { endpoint: 'http://127.0.0.1:2' } };
    assert.notEqual(chosen.queue(queue), first);
    settings.eventSources = {};
    assert.deepEqual(chosen.queue(queue), { here: 'queue' });
  });

  it('refuse an entry that cannot be followed', () => {
    assert.throws(() => sources({ orders: {} }).chosen.queue(queue), { name: 'UserError' });
  });

  it('ask nothing while the workspace is not trusted', async () => {
    const { chosen } = sources({ '*': { endpoint: 'http://127.0.0.1:1' } }, false);
    await assert.rejects(chosen.queue(queue).describe(queue), { name: 'SourceUnavailable', message: /The workspace is not trusted/ });
    await assert.rejects(chosen.stream(stream).shards(stream), { name: 'SourceUnavailable', message: /The workspace is not trusted/ });
  });

  it('say that a profile gives no credentials, by the setting that names it', async () => {
    const before = { file: process.env['AWS_SHARED_CREDENTIALS_FILE'], config: process.env['AWS_CONFIG_FILE'] };
    process.env['AWS_SHARED_CREDENTIALS_FILE'] = process.env['AWS_CONFIG_FILE'] = '/nowhere/at-all';
    const { chosen } = sources({ '*': { endpoint: 'http://127.0.0.1:1', profile: 'nobody' } });
    try {
      await assert.rejects(chosen.queue(queue).describe(queue), { kind: 'access', message: /^The AWS profile nobody \(setting localLambda\.eventSources\) gives no credentials/ });
    } finally {
      chosen.close();
      for (const [name, value] of [['AWS_SHARED_CREDENTIALS_FILE', before.file], ['AWS_CONFIG_FILE', before.config]] as const) {
        if (value === undefined) delete process.env[name];
        else process.env[name] = value;
      }
    }
  });
});
