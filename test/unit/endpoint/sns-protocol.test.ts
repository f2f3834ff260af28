import assert from 'node:assert/strict';
import { AwsFault } from '../../../src/contracts/faults.ts';
import type { CallContext, EmbeddedService, ServiceInput, ServiceOutput } from '../../../src/contracts/resources.ts';
import { SnsProtocol } from '../../../src/endpoint/sns-protocol.ts';
import type { RequestHead } from '../../../src/endpoint/service-protocol.ts';

const head = (query = '', more: Partial<RequestHead> = {}): RequestHead => ({ method: 'POST', path: '/', query, headers: {}, ...more });
const get = (query: string, more: Partial<RequestHead> = {}) => head(query, { method: 'GET', ...more });

describe('SNS on the wire', () => {
  let calls: { operation: string; input: ServiceInput; context: CallContext }[];
  let output: ServiceOutput;
  let protocol: SnsProtocol;
  beforeEach(() => {
    calls = [];
    output = {};
    const service: EmbeddedService = {
      signingName: 'sns',
      hasOperation: (name) => name !== 'Nonsense',
      call: (operation, input, context) => {
        calls.push({ operation, input, context });
        return output;
      },
    };
    protocol = new SnsProtocol(service, () => ({ name: 'SimpleNotificationService-ab.pem', pem: 'the certificate' }), () => 'http://127.0.0.1:4000');
  });

  async function ask(form: Record<string, string>, request = head()): Promise<string> {
    const { body } = await protocol.open(request).answer(Buffer.from(new URLSearchParams({ Version: '2010-03-31', ...form }).toString()));
    return String(body).replace(/<RequestId>.*<\/RequestId>/, '<RequestId/>').replace(/^.*\n/, '');
  }

  it('reads maps, lists, structures and message attributes', async () => {
    await ask({
      'Action': 'PublishBatch', 'TopicArn': 'arn', 'Attributes.entry.1.key': 'DisplayName', 'Attributes.entry.1.value': 'a b+c', 'Attributes.entry.2.key': 'Policy', 'Attributes.entry.2.value': '',
      'Tags.member.1.Key': 'k', 'Tags.member.1.Value': 'v', 'TagKeys.member.1': 'one', 'TagKeys.member.2': 'two', 'AWSAccountId.member.1': '1', 'ActionName.member.1': 'Publish',
      'MessageAttributes.entry.1.Name': 'n', 'MessageAttributes.entry.1.Value.DataType': 'Number', 'MessageAttributes.entry.1.Value.StringValue': '7',
      'PublishBatchRequestEntries.member.1.Id': '1', 'PublishBatchRequestEntries.member.1.MessageAttributes.entry.1.Name': 'b',
      'PublishBatchRequestEntries.member.1.MessageAttributes.entry.1.Value.DataType': 'Binary', 'PublishBatchRequestEntries.member.1.MessageAttributes.entry.1.Value.BinaryValue': 'AgME',
      'PublishBatchRequestEntries.member.2.Id': '2', 'PublishBatchRequestEntries.member.2.Message': '&=%',
    });
    assert.deepEqual(calls[0]?.input, {
      TopicArn: 'arn', Attributes: { DisplayName: 'a b+c', Policy: '' }, Tags: [{ Key: 'k', Value: 'v' }], TagKeys: ['one', 'two'], AWSAccountId: ['1'], ActionName: ['Publish'],
      MessageAttributes: { n: { DataType: 'Number', StringValue: '7' } },
      PublishBatchRequestEntries: [{ Id: '1', MessageAttributes: { b: { DataType: 'Binary', BinaryValue: 'AgME' } } }, { Id: '2', Message: '&=%' }],
    });
  });

  it('writes maps as entries, lists as members, and no result for operations without one', async () => {
    output = { Attributes: { DisplayName: '<&>', Owner: '1' } };
    assert.equal(await ask({ Action: 'GetTopicAttributes' }), '<GetTopicAttributesResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><GetTopicAttributesResult><Attributes>'
      + '<entry><key>DisplayName</key><value>&lt;&amp;&gt;</value></entry><entry><key>Owner</key><value>1</value></entry></Attributes></GetTopicAttributesResult><ResponseMetadata><RequestId/></ResponseMetadata></GetTopicAttributesResponse>');
    output = { Successful: [{ Id: '1', MessageId: 'm', SequenceNumber: '10' }], Failed: [{ Id: '2', Code: 'InvalidParameter', Message: 'x', SenderFault: true }] };
    assert.match(await ask({ Action: 'PublishBatch' }), /<PublishBatchResult><Successful><member><Id>1<\/Id><MessageId>m<\/MessageId><SequenceNumber>10<\/SequenceNumber><\/member><\/Successful><Failed><member><Id>2<\/Id><Code>InvalidParameter<\/Code><Message>x<\/Message><SenderFault>true<\/SenderFault><\/member><\/Failed><\/PublishBatchResult>/);
    output = { Subscriptions: [], NextToken: 't==' };
    assert.match(await ask({ Action: 'ListSubscriptions' }), /<ListSubscriptionsResult><Subscriptions><\/Subscriptions><NextToken>t==<\/NextToken><\/ListSubscriptionsResult>/);
    output = {};
    assert.match(await ask({ Action: 'Unsubscribe' }), /^<UnsubscribeResponse xmlns="[^"]*"><ResponseMetadata>/);
    assert.match(await ask({ Action: 'TagResource' }), /<TagResourceResult><\/TagResourceResult>/);
  });

  it('errors have type, code and message, and nothing else (recorded)', () => {
    const { status, body } = protocol.fault(new AwsFault('NotFoundException', 404, 'Topic does not exist', { queryCode: 'NotFound' }), 'r');
    assert.equal(status, 404);
    assert.match(String(body), /<ErrorResponse xmlns="http:\/\/sns.amazonaws.com\/doc\/2010-03-31\/"><Error><Type>Sender<\/Type><Code>NotFound<\/Code><Message>Topic does not exist<\/Message><\/Error><RequestId>r<\/RequestId><\/ErrorResponse>$/);
  });

  it('takes parameters from the URL too (recorded), and refuses what is no action', async () => {
    await protocol.open(head('Action=Publish&Version=2010-03-31&TopicArn=arn%3Aaws&Message=direct%20post')).answer(Buffer.alloc(0));
    assert.deepEqual(calls[0]?.input, { TopicArn: 'arn:aws', Message: 'direct post' });
    await assert.rejects(ask({ Action: 'Nonsense' }), { name: 'InvalidAction', status: 400 });
  });

  it('the URLs of messages work without signature; they come as from nobody', async () => {
    for (const query of ['Action=ConfirmSubscription&TopicArn=arn&Token=t', 'Action=Unsubscribe&SubscriptionArn=arn']) {
      assert.deepEqual([protocol.recognises(get(query)), protocol.isPublic(get(query))], [true, true]);
      await protocol.open(get(query)).answer(Buffer.alloc(0));
      assert.equal(calls.pop()?.context.anonymous, true);
    }
  });

  it('everything else wants a signature', () => {
    const refused = [
      get('Action=Publish&Version=2010-03-31'), get('Action=DeleteTopic'), head('Action=Unsubscribe&SubscriptionArn=arn'), get('Action=Unsubscribe&X-Amz-Signature=0'),
      get('Action=Unsubscribe', { headers: { authorization: 'AWS4-HMAC-SHA256 …' } }), get(''), get('', { path: '/SimpleNotificationService-../x.pem' }),
    ];
    assert.deepEqual(refused.map((one) => protocol.isPublic(one)), refused.map(() => false));
  });

  it('a public request cannot smuggle another action in its body', async () => {
    await assert.rejects(ask({ Action: 'DeleteTopic', TopicArn: 'arn' }, get('Action=Unsubscribe&SubscriptionArn=arn')), { name: 'InvalidAction' });
    assert.deepEqual(calls, []);
  });

  it('serves its certificate by name, and no other', async () => {
    const answer = await protocol.open(get('', { path: '/SimpleNotificationService-ab.pem' })).answer(Buffer.alloc(0));
    assert.deepEqual([answer.status, answer.body], [200, 'the certificate']);
    await assert.rejects(protocol.open(get('', { path: '/SimpleNotificationService-cd.pem' })).answer(Buffer.alloc(0)), { status: 404 });
  });
});
