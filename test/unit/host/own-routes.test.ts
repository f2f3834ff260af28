/** The engine's own routes that need no engine. */
import assert from 'node:assert/strict';
import { ownRoutes, type OwnRouteParts } from '../../../src/host/own-routes.ts';

function post(body: unknown) {
  const route = ownRoutes({} as OwnRouteParts).get('POST /_local-lambda/patterns/test');
  assert.ok(route);
  return route({ query: new URLSearchParams(), body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)) });
}

describe('POST /_local-lambda/mapping', () => {
  const calls: unknown[] = [];
  const noted = (name: string) => (...parameters: unknown[]) => { calls.push([name, ...parameters]); };
  const lambda = { mappings: { pause: noted('pause'), resume: noted('resume'), reset: noted('reset'), pollOnce: noted('pollOnce'), resetPosition: noted('resetPosition') } };
  const act = async (body: object) => ownRoutes({ lambda } as unknown as OwnRouteParts).get('POST /_local-lambda/mapping')
    ?.({ query: new URLSearchParams(), body: Buffer.from(JSON.stringify(body)) });

  it('does to a mapping what is asked', async () => {
    for (const action of ['poll-once', 'pause', 'resume', 'reset', 'trim-horizon', 'latest']) assert.deepEqual(await act({ uuid: 'u', action }), { status: 200, body: { result: null } });
    await act({ uuid: 'u', action: 'at-timestamp', at: 1000 });
    assert.deepEqual(calls.splice(0), [
      ['pollOnce', 'u'], ['pause', 'u'], ['resume', 'u'], ['reset', 'u'], ['resetPosition', 'u', { kind: 'TRIM_HORIZON' }], ['resetPosition', 'u', { kind: 'LATEST' }],
      ['resetPosition', 'u', { kind: 'AT_TIMESTAMP', at: 1000 }],
    ]);
  });

  it('refuses what it does not know, and a moment that is none, with one sentence', async () => {
    await assert.rejects(act({ uuid: 'u', action: 'explode' }), /The body is \{"uuid": …, "action": …\} with an action of poll-once, /);
    await assert.rejects(act({ action: 'pause' }), /The body is/);
    for (const at of [undefined, 'now', null]) await assert.rejects(act({ uuid: 'u', action: 'at-timestamp', at }), /^UserError: at-timestamp wants "at" beside it/);
    assert.deepEqual(calls, []);
  });
});

describe('POST /_local-lambda/patterns/test', () => {
  it('answers match, nomatch and invalid', () => {
    const dialect = 'eventbridge';
    assert.deepEqual(post({ dialect, pattern: '{"a":[1.0]}', event: '{"a":1}' }), { status: 200, body: { result: 'match' } });
    assert.deepEqual(post({ dialect, pattern: '{"a":[1]}', event: '{"a":2}' }), { status: 200, body: { result: 'nomatch' } });
    assert.deepEqual(post({ dialect, pattern: '{"a":[]}', event: '{}' }), { status: 200, body: { result: 'invalid', message: 'Empty arrays are not allowed' } });
  });

  it('refuses an unknown dialect and missing members with one sentence', () => {
    const dialects = 'dialect is one of eventbridge, sns-attributes, sns-body, esm-sqs, esm-dynamodb, esm-kinesis.';
    for (const body of ['not JSON', '[]', 'null']) assert.throws(() => post(body), { name: 'UserError', message: 'The body must be a JSON object.' });
    for (const body of [{ dialect: 'sns', pattern: '{}', event: '{}' }, {}]) assert.deepEqual(post(body), { status: 400, body: { message: dialects } });
    for (const body of [{ dialect: 'sns-body', pattern: '{}' }, { dialect: 'sns-body', pattern: {}, event: '{}' }]) {
      assert.deepEqual(post(body), { status: 400, body: { message: 'pattern and event are the texts to match, as strings.' } });
    }
  });
});
