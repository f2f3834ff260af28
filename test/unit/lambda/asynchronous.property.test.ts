/** For any mix of outcomes, scales, restarts and interventions, every accepted event ends exactly once, as AWS would end it. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { isFinal } from '../../../src/contracts/executions.ts';
import type { RunOutcome } from '../../../src/contracts/runner.ts';
import { definition, harness, invoke, json, memoryDocuments, type Harness } from './fakes.ts';

const queueArn = 'arn:aws:sqs:us-east-1:123456789012:results';

const outcomes: Record<string, RunOutcome> = {
  ok: { kind: 'response', payload: json('ok') },
  fails: { kind: 'function-error', errorType: 'E', payload: json({ errorType: 'E', errorMessage: 'no' }) },
  timeout: { kind: 'timeout', phase: 'invoke' },
  exit: { kind: 'exit', phase: 'invoke', code: 1, signal: null },
  missing: { kind: 'no-runtime', message: 'not here' },
};

/** What the function does at its n-th run of one event; after the last one it succeeds. */
const script = fc.array(fc.constantFrom(...Object.keys(outcomes)), { maxLength: 5 });
const config = fc.record({ retries: fc.integer({ min: 0, max: 2 }), age: fc.constantFrom(60, 75, 90, 200, 21_600) });

async function prepared(made: Harness, { retries, age }: { retries: number; age: number }, scripts: Map<string, string[]>): Promise<void> {
  made.script = (request) => outcomes[scripts.get(Buffer.from(request.payload).toString())?.shift() ?? 'ok'] as RunOutcome;
  made.service.setBaseline([definition('fn', {}, {
    eventInvokeConfigs: [{ qualifier: '$LATEST', maximumRetryAttempts: retries, maximumEventAgeInSeconds: age, onSuccess: queueArn, onFailure: queueArn }],
  })]);
  made.service.start();
  await made.clock.pass(0);
}

const send = async (made: Harness, name: string) => (await invoke(made, 'fn', { invocationType: 'Event', payload: json(name) })).requestId;

function endOf(made: Harness, id: string) {
  const execution = made.history.get(id);
  assert.ok(execution && isFinal(execution.status), `${id} is ${execution?.status}`);
  return [execution.status, execution.asynchronous?.condition, execution.asynchronous?.invokeCount] as const;
}

function recordsOf(made: Harness, id: string) {
  return made.delivered.map(({ what }) => JSON.parse(what['body'] as string) as { requestContext: { requestId: string; condition: string; approximateInvokeCount: number } })
    .filter(({ requestContext }) => requestContext.requestId === id);
}

describe('asynchronous invocation, for any course of events', () => {
  it('ends each event once, with one delivery that says what the history says', async () => {
    await fc.assert(fc.asyncProperty(fc.array(script, { minLength: 1, maxLength: 6 }), config, fc.constantFrom(1, 60, 600), async (scripts, rules, scale) => {
      const made = harness();
      made.clock.scale = scale;
      await prepared(made, rules, new Map(scripts.map((steps, index) => [JSON.stringify(`e${index}`), [...steps]])));
      const ids: string[] = [];
      for (let index = 0; index < scripts.length; index += 1) ids.push(await send(made, `e${index}`));
      await made.clock.pass(3_600_000);
      for (const id of ids) {
        const [, condition, count] = endOf(made, id);
        const records = recordsOf(made, id);
        assert.deepEqual(records.map(({ requestContext }) => [requestContext.condition, requestContext.approximateInvokeCount]), [[condition, count]]);
      }
      assert.deepEqual([made.service.status().queued, made.queue.counts().size], [0, 0]);
    }), { numRuns: 60 });
  });

  it('ends the same at ×1 and ×600', async () => {
    await fc.assert(fc.asyncProperty(script, config, async (steps, rules) => {
      const ends = [];
      for (const scale of [1, 600]) {
        const made = harness();
        made.clock.scale = scale;
        await prepared(made, rules, new Map([['"e"', [...steps]]]));
        const id = await send(made, 'e');
        await made.clock.pass(3_600_000);
        ends.push(endOf(made, id));
      }
      assert.deepEqual(ends[0], ends[1]);
    }), { numRuns: 60 });
  });

  it('loses nothing when the engine ends at any moment, and repeats only what had not ended', async () => {
    await fc.assert(fc.asyncProperty(fc.array(script, { minLength: 1, maxLength: 5 }), config, fc.array(fc.integer({ min: 0, max: 5000 }), { maxLength: 4 }), async (scripts, rules, lives) => {
      const left = new Map(scripts.map((steps, index) => [JSON.stringify(`e${index}`), [...steps]]));
      const documents = memoryDocuments();
      let made = harness({}, documents);
      made.clock.scale = 60;
      await prepared(made, rules, left);
      const ids: string[] = [];
      for (let index = 0; index < scripts.length; index += 1) ids.push(await send(made, `e${index}`));
      const delivered = made.delivered;
      for (const life of lives) {
        await made.clock.pass(life);
        // As if killed: nothing of it runs on, and what it had not committed is gone.
        const { queue, history, clock, gate } = made;
        const ended = made.service.close();
        await clock.pass(50);
        await ended;
        made = harness({}, documents, { queue, history, clock, gate });
        made.delivered = delivered;
        await prepared(made, rules, left);
      }
      await made.clock.pass(3_600_000);
      for (const id of ids) {
        endOf(made, id);
        assert.equal(recordsOf(made, id).length, 1, id);
      }
    }), { numRuns: 40 });
  });
});
