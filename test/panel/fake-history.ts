/** A history for the panel's page: answers its messages as the extension's host would, from executions made up here. */
import type { ClockState } from '../../src/contracts/clock.ts';
import { isFinal, type Execution, type ExecutionContent, type ExecutionQuery } from '../../src/contracts/executions.ts';
import type { PanelMessageBody, PanelRequest } from '../../src/protocol/panel.ts';
import { batchDetail, type BatchSurroundings } from '../../src/ui/panel-batch.ts';
import { BatchRecords, sourceOf } from '../../src/ui/panel-batch-records.ts';
import { detailContent } from '../../src/ui/panel-content.ts';
import { chainOf } from '../../src/ui/panel-chain.ts';
import { matches, rowOf } from '../../src/ui/panel-feed.ts';

export interface Entry {
  execution: Execution;
  content: ExecutionContent;
}

const functions = ['PlaceOrder', 'PriceBasket', 'ChargeCard', 'ShipOrder'] as const;
/** Like a morning's work: mostly fine, now and then a declined card. */
/** Nine o'clock of today: the page shows other days with their date. */
const epoch = new Date().setHours(9, 0, 0, 0);

function uuid(sequence: number): string {
  return `7b1d4f0e-52c3-4a0f-9d6e-${sequence.toString(16).padStart(12, '0')}`;
}

/** One finished or running execution; the same number always gives the same. */
export function entry(sequence: number, change: Partial<Execution> = {}): Entry {
  const functionName = functions[sequence % functions.length] ?? 'PlaceOrder';
  const status = change.status ?? (sequence % 7 === 2 ? 'failed' : 'succeeded');
  const receivedAt = epoch + sequence * 1733;
  const durationMs = 3 + ((sequence * 37) % 900) / 3;
  const running = !isFinal(status);
  const failed = status === 'failed';
  const id = uuid(sequence);
  const error = failed && { functionError: 'Unhandled', errorType: 'CardDeclinedError', errorMessage: 'The card issuer declined the charge of 41.20 EUR (code 51, insufficient funds).' };
  const execution: Execution = {
    id, sequence, functionName,
    invokedFunctionArn: `arn:aws:lambda:us-east-1:123456789012:function:${functionName}`,
    executedVersion: '$LATEST', invocationType: 'RequestResponse', logType: 'Tail',
    source: 'editor', traceId: `Root=1-6924a3c1-1f2e3d4c5b6a7988${sequence.toString(16).padStart(8, '0')}`, status, receivedAt, requestBytes: 412,
    ...(!running && { finishedAt: receivedAt + durationMs, statusCode: 200, durationMs, responseBytes: 918 }),
    ...error,
    attempts: [{
      number: 1, startedAt: receivedAt, status, executedVersion: '$LATEST', coldStart: sequence % 11 === 0,
      ...(!running && { finishedAt: receivedAt + durationMs, durationMs, billedDurationMs: Math.ceil(durationMs), maxMemoryUsedMb: 64 + (sequence % 30) }),
      ...(sequence % 11 === 0 && { initDurationMs: 138.4 }),
      logStreamName: '2026/11/24/[$LATEST]3f7a9c21d0b84e6f9a5c2e8d71b60c34',
      binary: '/usr/local/lib/nodejs/node-v22.13.1/bin/node', binaryVersion: 'v22.13.1',
      ...(functionName === 'ChargeCard' && { note: 'nodejs20.x is not installed: Node 22.13.1 ran this function.' }),
    }],
    ...change,
  };
  const request = JSON.stringify({
    orderId: `ord-${sequence}`, placedAt: new Date(receivedAt).toISOString(), express: sequence % 3 === 0, coupon: null,
    customer: { id: 90071992547409919n.toString(), name: 'Łucja Müller', country: 'PT' },
    items: [{ sku: 'tea-earl-grey', quantity: 2, price: 6.4 }, { sku: 'tea-sencha', quantity: 1, price: 9.9 }],
  });
  const response = failed
    ? JSON.stringify({ errorType: error && error.errorType, errorMessage: error && error.errorMessage, trace: ['CardDeclinedError: The card issuer declined', '    at charge (/workspace/functions/charge-card/index.js:31:11)', '    at async handler (/workspace/functions/charge-card/index.js:12:3)'] })
    : JSON.stringify({ statusCode: 201, headers: { 'content-type': 'application/json' }, body: { orderId: `ord-${sequence}`, total: 22.7, currency: 'EUR', warehouse: 'lisbon', accepted: true, discount: null } });
  const at = new Date(receivedAt).toISOString();
  const log = [
    `START RequestId: ${id} Version: $LATEST`,
    `${at}\t${id}\tINFO\tpricing basket of 2 lines`,
    `${at}\t${id}\tDEBUG\tcache miss for tea-sencha`,
    `${at}\t${id}\tWARN\tstock of tea-sencha is low: 3 left`,
    ...(failed ? [`${at}\t${id}\tERROR\tInvoke Error \t{"errorType":"CardDeclinedError","errorMessage":"The card issuer declined"}`] : []),
    `END RequestId: ${id}`,
    `REPORT RequestId: ${id}\tDuration: ${durationMs.toFixed(2)} ms\tBilled Duration: ${Math.ceil(durationMs)} ms\tMemory Size: 256 MB\tMax Memory Used: 64 MB`,
    '',
  ];
  return {
    execution,
    content: { request, ...(!running && { response }), log: running ? log.slice(0, 3).join('\n') + '\n' : log.join('\n'), logTruncated: false },
  };
}

export class FakeHistory {
  readonly entries: Entry[] = [];
  /** Everything the page sent. */
  readonly requests: PanelRequest[] = [];
  readonly #waiting: ((request: PanelRequest) => void)[] = [];
  readonly #post: (body: PanelMessageBody) => Promise<void>;
  engine: Extract<PanelMessageBody, { type: 'engine' }> = {
    type: 'engine', state: 'ready', functionNames: [...functions].sort(), endpoint: 'http://127.0.0.1:34567',
  };
  /** One AWS minute a second; waits in made-up executions are placed on this axis. */
  clock: ClockState = { scale: 60, now: Date.now(), waitNow: 0 };
  pausedSince: number | undefined;
  /** What batches of polled executions are shown with. */
  around: Pick<BatchSurroundings, 'mappings' | 'resources' | 'why'> = {
    mappings: [], resources: { queues: [], topics: [], buses: [], buckets: [], streams: [], tableStreams: [] }, why: () => Promise.resolve([]),
  };
  /** Makes `list` fail with this sentence. */
  listFailure: string | undefined;

  constructor(post: (body: PanelMessageBody) => Promise<void>) {
    this.#post = post;
  }

  /** Newest last, as they happened. */
  fill(count: number): this {
    for (let sequence = this.entries.length + 1; sequence <= count; sequence += 1) this.entries.push(entry(sequence));
    return this;
  }

  /** Adds an execution or changes one, and tells the page. */
  async happen(next: Entry): Promise<void> {
    const index = this.entries.findIndex(({ execution }) => execution.sequence === next.execution.sequence);
    if (index < 0) this.entries.push(next);
    else this.entries[index] = next;
    await this.#post({ type: 'rows-changed', rows: [rowOf(next.execution)], removed: [] });
  }

  /** Sends the newest state and texts of an execution. */
  async sendDetail(id: string): Promise<void> {
    const found = this.entries.find(({ execution }) => execution.id === id);
    if (!found) return this.#post({ type: 'detail-missing', executionId: id });
    const { execution, content } = found;
    const record = !isFinal(execution.status) ? null : JSON.stringify({
      version: '1.0', timestamp: new Date(execution.receivedAt).toISOString(),
      requestContext: { requestId: id, functionArn: `${execution.invokedFunctionArn}:$LATEST`, condition: execution.asynchronous?.condition ?? 'Success', approximateInvokeCount: execution.asynchronous?.invokeCount ?? 1 },
      requestPayload: JSON.parse(content.request) as unknown,
      responseContext: { statusCode: 200, executedVersion: '$LATEST' },
      responsePayload: JSON.parse(content.response ?? 'null') as unknown,
    });
    await this.#post({ type: 'detail', execution, content: detailContent(content, record) });
    const { polled } = execution;
    if (polled) {
      const batch = await batchDetail({ ...execution, polled }, new BatchRecords(content.request, sourceOf(polled.sourceArn)), {
        ...this.around, get: (wanted) => Promise.resolve(this.entries.find((candidate) => candidate.execution.id === wanted)?.execution ?? null),
      });
      await this.#post({ type: 'batch', executionId: id, batch });
    }
    const { links, cut } = await chainOf(execution, {
      get: (cause) => Promise.resolve(this.entries.find((candidate) => candidate.execution.id === cause)?.execution ?? null),
      list: ({ causedBy, limit }: ExecutionQuery) => Promise.resolve(this.entries.map((candidate) => candidate.execution).filter((candidate) => candidate.causedBy === causedBy).slice(-limit).reverse()),
    });
    await this.#post({ type: 'chain', executionId: id, links, cut });
  }

  /** Tells how fast waits pass. */
  async tellClock(change: Partial<ClockState> = {}, pausedSince?: number): Promise<void> {
    this.clock = { ...this.clock, ...change };
    this.pausedSince = pausedSince;
    await this.#post({ type: 'clock', clock: this.clock, ...(pausedSince !== undefined && { pausedSince }) });
  }

  /** Settles when the page has sent such a request. */
  received(isIt: (request: PanelRequest) => boolean): Promise<void> {
    if (this.requests.some(isIt)) return Promise.resolve();
    return new Promise((resolve) => { this.#waiting.push((request) => { if (isIt(request)) resolve(); }); });
  }

  post(body: PanelMessageBody): Promise<void> {
    return this.#post(body);
  }

  async receive(request: PanelRequest): Promise<void> {
    this.requests.push(request);
    for (const listener of this.#waiting) listener(request);
    switch (request.type) {
      case 'ready':
        await this.#post(this.engine);
        return this.tellClock({}, this.pausedSince);
      case 'list': {
        if (this.listFailure !== undefined) return this.#post({ type: 'page-failed', request: request.request, message: this.listFailure });
        const { before = Infinity, limit, filter } = request;
        const rows = this.entries.filter(({ execution }) => execution.sequence < before && matches(execution, filter)).slice(-limit).reverse();
        return this.#post({ type: 'page', request: request.request, rows: rows.map(({ execution }) => rowOf(execution)), complete: rows.length < limit });
      }
      case 'batch-rows': {
        const { executionId, from, limit, outcome } = request;
        const found = this.entries.find(({ execution }) => execution.id === executionId);
        const polled = found?.execution.polled;
        if (!found || !polled) return undefined;
        const only = outcome === undefined ? {} : { outcome };
        const page = new BatchRecords(found.content.request, sourceOf(polled.sourceArn)).rows(polled, { from, limit, ...only });
        return this.#post({ type: 'batch-rows', executionId, from, ...only, ...page });
      }
      case 'select': return request.executionId === undefined ? undefined : this.sendDetail(request.executionId);
      default: return undefined;
    }
  }
}
