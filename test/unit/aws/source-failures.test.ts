import assert from 'node:assert/strict';
import { SourceNotFound, SourceUnavailable } from '../../../src/contracts/event-sources.ts';
import { UserError } from '../../../src/contracts/faults.ts';
import { sourceFailure } from '../../../src/aws/source-failures.ts';
import { sdkError } from './fake-client.ts';

const facts = (error: Error) => {
  const failure = sourceFailure(error);
  return failure instanceof SourceUnavailable ? [failure.kind, failure.code, failure.message] : [failure.name, failure.message];
};

describe('what went wrong elsewhere', () => {
  it('is a source that is not there, by each service\'s name for it', () => {
    for (const name of ['QueueDoesNotExist', 'AWS.SimpleQueueService.NonExistentQueue', 'ResourceNotFoundException']) {
      assert.ok(sourceFailure(sdkError(name)) instanceof SourceNotFound, name);
    }
  });

  it('is throttling', () => {
    for (const name of ['ThrottlingException', 'ProvisionedThroughputExceededException', 'RequestThrottled', 'LimitExceededException', 'OverLimit']) {
      assert.deepEqual(facts(sdkError(name)), ['throttled', name, `Requests are throttled (${name}).`]);
    }
    assert.equal(facts(sdkError('Unknown', '', { $metadata: { httpStatusCode: 429 } }))[0], 'throttled');
  });

  it('is access that was denied, or a profile without credentials', () => {
    assert.deepEqual(facts(sdkError('AccessDenied', 'No.')), ['access', 'AccessDenied', 'Access was denied: AccessDenied: No.']);
    for (const name of ['UnrecognizedClientException', 'InvalidClientTokenId', 'SignatureDoesNotMatch', 'ExpiredTokenException', 'CredentialsProviderError']) assert.equal(facts(sdkError(name))[0], 'access', name);
    assert.deepEqual(facts(new UserError('The AWS profile dev gives no credentials: none')), ['access', 'NoCredentials', 'The AWS profile dev gives no credentials: none']);
  });

  it('is a server that does not answer', () => {
    assert.deepEqual(facts(sdkError('Error', 'connect ECONNREFUSED 127.0.0.1:1', { code: 'ECONNREFUSED' })), ['connection', 'ECONNREFUSED', 'There is no answer: connect ECONNREFUSED 127.0.0.1:1']);
    const both = sdkError('AggregateError', '', { code: 'ECONNREFUSED', errors: [new Error('connect ECONNREFUSED ::1:1'), new Error('connect ECONNREFUSED 127.0.0.1:1')] });
    assert.equal(facts(both)[2], 'There is no answer: connect ECONNREFUSED ::1:1; connect ECONNREFUSED 127.0.0.1:1');
    assert.equal(facts(sdkError('TimeoutError', 'Connection timed out'))[0], 'connection');
    assert.equal(facts(sdkError('Error', 'self-signed certificate', { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' }))[0], 'connection');
  });

  it('is an answer that is not AWS\'s', () => {
    const html = Object.assign(new SyntaxError('Unexpected token \'<\', "<html>" is not valid JSON\n  Deserialization error: to see the raw response, inspect the hidden field'), { $response: { statusCode: 502 } });
    assert.deepEqual(facts(html), ['other', 'UnreadableAnswer', 'The answer (status 502) is not one that AWS would give: Unexpected token \'<\', "<html>" is not valid JSON']);
  });

  it('is any other error, with its name and status', () => {
    assert.deepEqual(facts(sdkError('InternalFailure', 'Oh no.', { $metadata: { httpStatusCode: 500 } })), ['other', 'InternalFailure', 'The answer is an error: InternalFailure (status 500): Oh no.']);
  });

  it('is said in one line of bounded length', () => {
    const [, , message = ''] = facts(sdkError('Odd', `${'x'.repeat(1000)}\nmore`));
    assert.ok(message.length < 400 && !message.includes('\n'));
  });
});
