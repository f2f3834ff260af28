/** The engine's own routes that need no engine. */
import assert from 'node:assert/strict';
import { ownRoutes, type OwnRouteParts } from '../../../src/host/own-routes.ts';

function post(body: unknown) {
  const route = ownRoutes({} as OwnRouteParts).get('POST /_local-lambda/patterns/test');
  assert.ok(route);
  return route({ query: new URLSearchParams(), body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)) });
}

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
