/** The host's side of the tab "Batch": sends the batch of the selected execution, and again when anything about it changes. */
import type { Execution, PolledBatch } from '../contracts/executions.ts';
import { explainRecord, getExecution } from '../protocol/engine.ts';
import type { PanelMessageBody, PanelRequest } from '../protocol/panel.ts';
import type { BatchDetail } from '../protocol/panel-batch.ts';
import { batchDetail } from './panel-batch.ts';
import { BatchRecords, sourceOf } from './panel-batch-records.ts';
import type { PanelEngine } from './panel-engine.ts';
import { sentence } from './sentences.ts';

interface Followed {
  executionId: string;
  polled: PolledBatch;
  records: BatchRecords;
  /** Ids of the invocations that had its records, before and after it. */
  family: ReadonlySet<string>;
}

/** A batch is read again at most so often while its invocations come and change, milliseconds. */
const rest = 300;

export class BatchFollower {
  readonly #engine: PanelEngine;
  readonly #post: (body: PanelMessageBody) => void;
  readonly #report: (message: string) => void;
  #followed: Followed | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Of the newest reading: an older one that ends after it is out of date. */
  #turn = 0;
  /** What came while a reading was under way: whether it belongs to the family is known when that ends. */
  #meanwhile: Execution[] | undefined;

  constructor(engine: PanelEngine, post: (body: PanelMessageBody) => void, report: (message: string) => void) {
    this.#engine = engine;
    this.#post = post;
    this.#report = report;
  }

  /** Follows nothing until the next `show`. */
  clear(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#followed = undefined;
    this.#meanwhile = undefined;
    this.#turn += 1;
  }

  /** Follows an execution when it is a polled one. @param request Its event, JSON text. */
  async show(execution: Execution, request: string): Promise<void> {
    const { id, polled } = execution;
    if (!polled) return;
    if (this.#followed?.executionId === id) this.#followed.polled = polled;
    else this.#followed = { executionId: id, polled, records: new BatchRecords(request, sourceOf(polled.sourceArn)), family: new Set([id]) };
    await this.#send(this.#followed, execution);
  }

  /** Executions came or changed. */
  take(executions: readonly Execution[]): void {
    const followed = this.#followed;
    if (!followed) return;
    const { executionId, family } = followed;
    this.#meanwhile?.push(...executions.filter(({ polled }) => polled?.mappingUuid === followed.polled.mappingUuid));
    const related = ({ id, polled }: Execution) => polled !== undefined && id !== executionId && (family.has(id) || (polled.previous ?? []).some((before) => family.has(before)));
    if (!executions.some(related)) return;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#again().catch((error: unknown) => this.#report(`The batch could not be read: ${sentence(error)}`));
    }, rest);
  }

  sendRows({ executionId, from, limit, outcome }: Extract<PanelRequest, { type: 'batch-rows' }>): void {
    // Of one that is not shown any more: nobody waits for it.
    if (this.#followed?.executionId !== executionId) return;
    const { records, polled } = this.#followed;
    const only = outcome === undefined ? {} : { outcome };
    this.#post({ type: 'batch-rows', executionId, from, ...only, ...records.rows(polled, { from, limit, ...only }) });
  }

  async #again(): Promise<void> {
    const followed = this.#followed;
    if (!followed) return;
    const execution = await this.#engine.request(getExecution, { id: followed.executionId });
    if (!execution?.polled || this.#followed?.executionId !== followed.executionId) return;
    this.#followed.polled = execution.polled;
    await this.#send(this.#followed, execution);
  }

  async #send(followed: Followed, execution: Execution): Promise<void> {
    const { mappings, resources } = this.#engine;
    const { polled, records } = followed;
    const turn = this.#turn += 1;
    this.#meanwhile ??= [];
    let batch: BatchDetail;
    try {
      batch = await batchDetail({ ...execution, polled }, records, {
        mappings, resources,
        get: (id) => this.#engine.request(getExecution, { id }),
        why: (id, sourceArn) => this.#engine.request(explainRecord, { id, sourceArn }),
      });
    } catch (error) {
      if (this.#turn === turn) this.#meanwhile = undefined;
      throw error;
    }
    if (this.#turn !== turn) return;
    followed.family = new Set(batch.family.map(({ id }) => id));
    this.#post({ type: 'batch', executionId: execution.id, batch });
    const came = this.#meanwhile;
    this.#meanwhile = undefined;
    this.take(came);
  }
}
