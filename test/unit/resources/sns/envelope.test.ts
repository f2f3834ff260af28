import assert from 'node:assert/strict';
import { createVerify, X509Certificate } from 'node:crypto';
import fc from 'fast-check';
import { confirmationText, confirmationToSign, notificationText, notificationToSign } from '../../../../src/resources/sns/envelope.ts';
import { awsOrder } from '../../../../src/resources/sns/message-attributes.ts';
import { Fixture, parse } from './fixture.ts';

describe('SNS: envelopes', () => {
  it('has the white space of AWS\'s writer, each attribute on one line', () => {
    const text = notificationText({
      messageId: 'dc1e94d9-56c5-5e96-808d-cc7f68faa162', topicArn: 'arn:aws:sns:us-east-2:123456789012:ExampleTopic1', subject: 'TestSubject',
      message: 'This is a "test" message.\nöß', timestamp: '2021-02-16T21:41:19.978Z', attributes: { color: { DataType: 'String', StringValue: 'orange' }, raw: { DataType: 'Binary', BinaryValue: 'AgME' } },
      signature: { version: '1', value: 'FMG5t=', certificateUrl: 'https://sns/cert.pem' },
    }, 'https://sns/?Action=Unsubscribe');
    assert.equal(text, [
      '{', '  "Type" : "Notification",', '  "MessageId" : "dc1e94d9-56c5-5e96-808d-cc7f68faa162",', '  "TopicArn" : "arn:aws:sns:us-east-2:123456789012:ExampleTopic1",',
      '  "Subject" : "TestSubject",', '  "Message" : "This is a \\"test\\" message.\\nöß",', '  "Timestamp" : "2021-02-16T21:41:19.978Z",', '  "SignatureVersion" : "1",',
      '  "Signature" : "FMG5t=",', '  "SigningCertURL" : "https://sns/cert.pem",', '  "UnsubscribeURL" : "https://sns/?Action=Unsubscribe",', '  "MessageAttributes" : {',
      '    "color" : {"Type":"String","Value":"orange"},', '    "raw" : {"Type":"Binary","Value":"AgME"}', '  }', '}',
    ].join('\n'));
  });

  it('what is signed is the documented string', () => {
    const about = { messageId: 'id', topicArn: 'arn', message: 'text', timestamp: 'time' };
    assert.equal(notificationToSign({ ...about, attributes: {} }), 'Message\ntext\nMessageId\nid\nTimestamp\ntime\nTopicArn\narn\nType\nNotification\n');
    assert.equal(notificationToSign({ ...about, subject: 'subject', attributes: {} }), 'Message\ntext\nMessageId\nid\nSubject\nsubject\nTimestamp\ntime\nTopicArn\narn\nType\nNotification\n');
    const confirmation = { ...about, type: 'SubscriptionConfirmation' as const, token: 'token', subscribeUrl: 'url' };
    assert.equal(confirmationToSign(confirmation), 'Message\ntext\nMessageId\nid\nSubscribeURL\nurl\nTimestamp\ntime\nToken\ntoken\nTopicArn\narn\nType\nSubscriptionConfirmation\n');
    assert.equal(JSON.stringify(Object.keys(parse(confirmationText(confirmation, { version: '1', value: 's', certificateUrl: 'c' })))),
      '["Type","MessageId","Token","TopicArn","Message","SubscribeURL","Timestamp","SignatureVersion","Signature","SigningCertURL"]');
  });

  // Names of attributes in the order in which messages from AWS were seen to have them.
  const seen = [
    ['attr2', 'attr1'], ['an-attribute-key', 'binary-attribute'], ['def', 'store'], ['service', 'module', 'customerId', 'action'], ['eventId', 'context', 'correlationId'],
    ['attachmentRegion', 'coreUplinkArn', 'coreNetworkArn', 'changeType'], ['forecast_reference_time', 'name', 'model'], ['code', 'publishedAt', 'traceparent', 'eventType'],
    ['Command', 'Prefix'], ['SDLCEnv', 'CirrusVersion'],
  ];
  for (const names of seen) {
    it(`writes ${names.join(', ')} in AWS's order`, () => {
      assert.deepEqual(awsOrder([...names].reverse()), names);
      assert.deepEqual(awsOrder(names), names);
    });
  }

  it('property: the order keeps every name once', () => {
    fc.assert(fc.property(fc.uniqueArray(fc.string({ minLength: 1 }), { maxLength: 40 }), (names) => {
      assert.deepEqual(awsOrder(names).sort(), [...names].sort());
    }));
  });
});

describe('SNS: signatures', () => {
  for (const [version, algorithm] of [['1', 'RSA-SHA1'], ['2', 'RSA-SHA256']] as const) {
    it(`SignatureVersion ${version} is ${algorithm} with the key of the certificate (recorded)`, () => {
      const sns = new Fixture();
      const topic = sns.topic('orders', { SignatureVersion: version });
      const queue = sns.queue('q');
      sns.subscribe(topic, 'sqs', queue);
      sns.call('Publish', { TopicArn: topic, Message: 'test signature value with attributes', Subject: 'signed', MessageAttributes: { attr1: { DataType: 'Number', StringValue: '1' } } });
      const message = parse<Record<string, string>>(sns.receive(queue)[0]?.body);
      const { name, pem } = sns.service.signingCertificate();
      assert.ok(message['SigningCertURL']?.endsWith(`/${name}`));
      const signed = ['Message', 'MessageId', 'Subject', 'Timestamp', 'TopicArn', 'Type'].map((field) => `${field}\n${message[field]}\n`).join('');
      assert.equal(message['SignatureVersion'], version);
      const { publicKey } = new X509Certificate(pem);
      assert.equal(createVerify(algorithm).update(signed).verify(publicKey, message['Signature'] ?? '', 'base64'), true);
      assert.equal(createVerify(algorithm).update(`${signed} `).verify(publicKey, message['Signature'] ?? '', 'base64'), false);
    });
  }

  it('the certificate is a valid X.509 one, signed by itself, and the same in the next run', () => {
    const sns = new Fixture();
    const { pem, name } = sns.service.signingCertificate();
    const certificate = new X509Certificate(pem);
    assert.equal(certificate.verify(certificate.publicKey), true);
    assert.equal(certificate.subject, 'CN=sns.local-lambda');
    assert.equal(certificate.issuer, certificate.subject);
    assert.ok(certificate.validFromDate.getTime() < sns.clock.now() && certificate.validToDate.getTime() > sns.clock.now() + 10 * 365 * 24 * 3600 * 1000);
    assert.deepEqual(sns.restart().signingCertificate(), { pem, name });
  });
});
