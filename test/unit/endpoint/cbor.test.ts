/** CBOR as the SDK for Java speaks it with Kinesis. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { cbor } from '@smithy/core/cbor';
import { decodeCbor, encodeCbor } from '../../../src/endpoint/cbor.ts';
import { KinesisProtocol } from '../../../src/endpoint/kinesis-protocol.ts';
import type { EmbeddedService, ServiceInput } from '../../../src/contracts/resources.ts';
import { AwsFault } from '../../../src/contracts/faults.ts';
import { Fixture } from './fixtures.ts';

const members = { blobs: new Set(['Data']), timestamps: new Set(['Timestamp']) };
const none = { blobs: new Set<string>(), timestamps: new Set<string>() };
const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');

describe('CBOR', () => {
  it('reads the examples of RFC 8949 appendix A', () => {
    for (const [bytes, value] of [
      ['00', 0], ['1818', 24], ['1903e8', 1000], ['1a000f4240', 1_000_000], ['1b000000e8d4a51000', 1_000_000_000_000], ['3863', -100], ['20', -1],
      ['f90000', 0], ['f93c00', 1], ['f97bff', 65504], ['f90001', 5.960464477539063e-8], ['fa47c35000', 100000], ['fbc010666666666666', -4.1],
      ['f4', false], ['f5', true], ['f6', null], ['60', ''], ['62c3bc', 'ü'], ['80', []], ['83010203', [1, 2, 3]],
      ['a26161016162820203', { a: 1, b: [2, 3] }], ['7f657374726561646d696e67ff', 'streaming'], ['9fff', []], ['9f018202039f0405ffff', [1, [2, 3], [4, 5]]],
      ['bf61610161629f0203ffff', { a: 1, b: [2, 3] }],
    ] as const) assert.deepEqual(decodeCbor(hex(bytes)), value, bytes);
  });

  it('byte strings are blobs in base64, also in chunks; tag 1 is a time, in milliseconds as AWS writes it', () => {
    assert.equal(decodeCbor(hex('4401020304')), 'AQIDBA==');
    assert.equal(decodeCbor(hex('5f42010243030405ff')), 'AQIDBAU=');
    assert.equal(decodeCbor(hex('c11b000001679c0a6a2b')), 0x1679c0a6a2b / 1000);
    assert.equal(decodeCbor(hex('c1fb41d452d9ec000000')), 1363896240);
    assert.deepEqual(encodeCbor({ Data: 'AQIDBA==', Timestamp: 1545084650.987 }, members), Buffer.concat([
      hex('a2 6444617461 4401020304 6954696d657374616d70 c1 1b'), hex((1545084650987).toString(16).padStart(16, '0')),
    ]));
  });

  it('what is broken is a SerializationException', () => {
    for (const bytes of ['', 'a1', '61', 'ff', '9f01', 'bf01ff', '1c', '7f01ff', '0000', 'a10102', '81'.repeat(40)]) {
      assert.throws(() => decodeCbor(hex(bytes)), (error) => error instanceof AwsFault && error.name === 'SerializationException', bytes);
    }
  });

  it('property: what is written reads back, by this codec and by that of the SDK', () => {
    fc.assert(fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
      const plain = JSON.parse(JSON.stringify(value)) as unknown;
      const bytes = encodeCbor(plain, none);
      assert.deepEqual(JSON.stringify(decodeCbor(bytes)), JSON.stringify(plain));
      assert.equal(JSON.stringify(cbor.deserialize(bytes)), JSON.stringify(plain));
    }));
  });

  it('property: no bytes make it fail in another way', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      try {
        decodeCbor(Buffer.from(bytes));
      } catch (error) {
        assert.ok(error instanceof AwsFault);
      }
    }), { numRuns: 2000 });
  });

  it('Kinesis on the endpoint: CBOR in, CBOR out, faults too', async () => {
    const calls: ServiceInput[] = [];
    const service: EmbeddedService = {
      signingName: 'kinesis',
      hasOperation: () => true,
      call: (operation, input) => {
        calls.push(input);
        if (operation === 'Fail') throw new AwsFault('ResourceNotFoundException', 400, 'Stream x under account 1 not found.');
        return { Records: [{ Data: '/wA=', ApproximateArrivalTimestamp: 1545084650.987, PartitionKey: 'p' }] };
      },
    };
    const fixture = await Fixture.start({ services: [new KinesisProtocol(service, () => '')] });
    try {
      const send = (operation: string) => fixture.send('/', {
        method: 'POST', headers: { 'content-type': 'application/x-amz-cbor-1.1', 'x-amz-target': `Kinesis_20131202.${operation}` },
        body: hex('bf 6444617461 42ff00 6954696d657374616d70 c1 1b 000001679c0a6a2b ff'),
      });
      const good = await send('GetRecords');
      assert.deepEqual(calls[0], { Data: '/wA=', Timestamp: 0x1679c0a6a2b / 1000 });
      assert.equal(good.headers['content-type'], 'application/x-amz-cbor-1.1');
      assert.deepEqual(decodeCbor(good.body), { Records: [{ Data: '/wA=', ApproximateArrivalTimestamp: 1545084650.987, PartitionKey: 'p' }] });
      assert.ok(good.body.includes(hex('42ff00')), 'a byte string, not base64');
      const bad = await send('Fail');
      assert.equal(bad.status, 400);
      assert.deepEqual(decodeCbor(bad.body), { __type: 'ResourceNotFoundException', message: 'Stream x under account 1 not found.' });
    } finally {
      await fixture.stop();
    }
  });
});
