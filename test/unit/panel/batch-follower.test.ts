/** The host's side of the tab "Batch": what changes is sent, whenever it comes. */
import assert from 'node:assert/strict';
import type { Execution } from '../../../src/contracts/executions.ts';
import { getExecution } from '../../../src/protocol/engine.ts';
import type { PanelMessageBody } from '../../../src/protocol/panel.ts';
import { BatchFollower } from '../../../src/ui/panel-batch-follower.ts';
import type { PanelEngine } from '../../../src/ui/panel-engine.ts';
import { bisectEntries } from '../../panel/fake-batches.ts';

/** An engine whose history grows by hand, and whose answers wait for `answer` while `holds` is set. */
class FakeEngine {
  readonly history = new Map<string, Execution>();
  readonly posted: PanelMessageBody[] = [];
  readonly reports: string[] = [];
  holds = false;
  readonly #held: (() => void)[] = [];
  readonly follower: BatchFollower;

  constructor() {
    const engine: Partial<PanelEngine> = {
      mappings: [], resources: { queues: [], topics: [], buses: [], buckets: [], streams: [], tableStreams: [] },
      request: (async (type: unknown, { id }: { id: string }) => {
        assert.equal(type, getExecution);
        if (this.holds) await new Promise<void>((resolve) => { this.#held.push(resolve); });
        return this.history.get(id) ?? null;
      }) as PanelEngine['request'],
    };
    this.follower = new BatchFollower(engine as PanelEngine, (body) => this.posted.push(body), (message) => this.reports.push(message));
  }

  add(...executions: readonly Execution[]): void {
    for (const execution of executions) this.history.set(execution.id, execution);
    this.follower.take(executions);
  }

  answer(): void {
    this.holds = false;
    for (const resolve of this.#held.splice(0)) resolve();
  }

  /** The family as it was sent last: which of its members have run. */
  async family(length: number): Promise<boolean[]> {
    for (;;) {
      const last = this.posted.findLast((body) => body.type === 'batch');
      const family = last?.type === 'batch' ? last.batch.family.map(({ run }) => run !== undefined) : [];
      if (family.filter(Boolean).length === length) return family;
      await new Promise((resolve) => { setTimeout(resolve, 20); });
    }
  }
}

const executions = bisectEntries(1, Date.UTC(2026, 10, 24, 9)).map(({ execution }) => execution);
const [whole, left, first, second] = executions as [Execution, Execution, Execution, Execution];
const request = bisectEntries(1, 0)[0]?.content.request ?? '';

describe('following a batch', () => {
  let engine: FakeEngine;
  beforeEach(() => { engine = new FakeEngine(); });
  afterEach(() => {
    engine.follower.clear();
    assert.deepEqual(engine.reports, []);
  });

  it('sends it again as the halves of a split run', async () => {
    engine.add(whole);
    await engine.follower.show(whole, request);
    assert.deepEqual(await engine.family(1), [true, false, false]);
    engine.add(left);
    engine.add(first, second);
    await engine.family(4);
    for (const execution of executions.slice(4)) engine.add(execution);
    await engine.family(8);
  });

  it('misses nothing that comes while it is being read', async () => {
    engine.add(whole, left);
    engine.holds = true;
    const shown = engine.follower.show(whole, request);
    engine.history.delete(left.id);
    // The parent of what comes is not known to be of the family yet.
    engine.add(first);
    engine.history.set(left.id, left);
    engine.answer();
    await shown;
    engine.add(second);
    await engine.family(4);
  });

  it('sends nothing of an execution that is not selected any more', async () => {
    engine.add(whole);
    engine.holds = true;
    const shown = engine.follower.show(whole, request);
    engine.follower.clear();
    engine.answer();
    await shown;
    assert.deepEqual(engine.posted, []);
    engine.follower.sendRows({ version: 1, type: 'batch-rows', executionId: whole.id, from: 0, limit: 10 });
    assert.deepEqual(engine.posted, []);
  });

  it('sends the records that are asked for', async () => {
    engine.add(whole);
    await engine.follower.show(whole, request);
    engine.follower.sendRows({ version: 1, type: 'batch-rows', executionId: whole.id, from: 6, limit: 10, outcome: 'failed' });
    const rows = engine.posted.at(-1);
    assert.ok(rows?.type === 'batch-rows');
    assert.deepEqual([rows.from, rows.outcome, rows.total, rows.rows.map(({ index }) => index)], [6, 'failed', 8, [6, 7]]);
  });
});
