/**
 * The host's side of one records panel: answers its requests from the engine and sends it what changes, as far as it
 * is visible (the rows that match its filter, the one execution it shows). Knows no VS Code, so Node can test it.
 */
import type { Execution, ExecutionContent } from '../contracts/executions.ts';
import { UserError } from '../contracts/faults.ts';
import type { EventAction } from '../contracts/lambda-api.ts';
import {
  actOnEvent, cancelExecution, getExecution, getExecutionContent, getInvocationRecord, listExecutions, replayExecution, type LogBatch,
} from '../protocol/engine.ts';
import {
  panelVersion,
  type ExecutionAction, type ExecutionPart, type PanelAction, type PanelEngineState, type PanelMessage, type PanelMessageBody, type PanelRequest,
} from '../protocol/panel.ts';
import { BatchFollower } from './panel-batch-follower.ts';
import { chainOf } from './panel-chain.ts';
import { detailContent, linesAfter } from './panel-content.ts';
import type { PanelEngine } from './panel-engine.ts';
import { ExecutionFeed, rowOf } from './panel-feed.ts';
import { readPanelRequest } from './panel-validation.ts';
import { sentence } from './sentences.ts';

/** What the session asks of the editor. */
export interface PanelEditor {
  readonly trusted: boolean;
  readonly hasFolder: boolean;
  post(message: PanelMessage): void;
  perform(action: PanelAction): Promise<void>;
  openPart(execution: Execution, part: ExecutionPart): Promise<void>;
  /** Shows a resource or function where it stands. */
  openTarget(arn: string): Promise<void>;
  copy(text: string): Promise<void>;
  copyAsCli(execution: Execution, payload: string): Promise<void>;
  saveAsTestEvent(functionName: string, payload: string): Promise<void>;
  /** The user looks at this execution. */
  seen(executionId: string): void;
  /** A short confirmation that needs no answer. */
  inform(message: string): void;
  /** Shows what went wrong, and logs it. */
  fail(what: string, error: unknown): void;
  /** Logs an error of the panel's own code. */
  report(message: string): void;
}

interface Selection {
  id: string;
  /** True once its texts were sent; until then the answer under way has all log lines. */
  loaded: boolean;
  /** Log as last fetched, and when (`performance.now()`), to leave out lines that the next batch repeats. */
  fetchedLog?: { text: string; at: number };
  /** Lines to send with the next flush. */
  lines: string[];
  /** Newest state, to send with the next flush. */
  changed?: Execution;
  /** Ids of the chain that it belongs to, its own among them; undefined until the chain was sent. */
  chain?: ReadonlySet<string>;
}

/** Changes are gathered for so long before they are sent, milliseconds. */
const flushDelay = 100;
/** The engine gathers log lines for up to 50 ms; batches later than this cannot repeat what was fetched. Milliseconds. */
const repeatedLogWindow = 250;
/** Lines of a log kept for one flush; the panel shows the last part of a long log anyway. */
const maxLinesPerFlush = 2000;
/** A chain is read again at most so often while its executions change, milliseconds. */
const chainDelay = 300;

export class PanelSession {
  readonly #engine: PanelEngine;
  readonly #editor: PanelEditor;
  readonly #feed = new ExecutionFeed();
  readonly #batch: BatchFollower;
  readonly #subscriptions: { dispose(): unknown }[];
  /** False until the panel's document has loaded, and while it is hidden. */
  #ready = false;
  /** True once the list was asked for: until then changes have nowhere to go. */
  #listing = false;
  #selection: Selection | undefined;
  #revealing: string | undefined;
  #flushTimer: ReturnType<typeof setTimeout> | undefined;
  #chainTimer: ReturnType<typeof setTimeout> | undefined;
  #pausedSince: number | undefined;

  constructor(engine: PanelEngine, editor: PanelEditor) {
    this.#engine = engine;
    this.#editor = editor;
    this.#batch = new BatchFollower(engine, (body) => this.#post(body), (message) => editor.report(message));
    this.#subscriptions = [
      engine.onDidChangeState(() => this.#sendEngine()),
      engine.onDidChangeFunctions(() => this.#sendEngine()),
      engine.onDidChangeExecutions((executions) => this.#takeExecutions(executions)),
      engine.onDidWriteLog((batches) => this.#takeLog(batches)),
      engine.onDidClearExecutions(() => this.#takeCleared()),
      engine.onDidChangeClock(() => this.#sendClock()),
      engine.onDidChangeStatus(({ pausedSince }) => { if (pausedSince !== this.#pausedSince) this.#sendClock(); }),
    ];
  }

  dispose(): void {
    this.pause();
    for (const subscription of this.#subscriptions) subscription.dispose();
  }

  /** Shows an execution now, or as soon as the panel can. */
  reveal(executionId: string): void {
    if (this.#ready) this.#post({ type: 'reveal', executionId });
    else this.#revealing = executionId;
  }

  /** The panel was hidden: its document is gone, and the next one asks anew. */
  pause(): void {
    this.#ready = false;
    this.#listing = false;
    this.#selection = undefined;
    this.#feed.clear();
    clearTimeout(this.#flushTimer);
    clearTimeout(this.#chainTimer);
    this.#batch.clear();
    this.#flushTimer = undefined;
    this.#chainTimer = undefined;
  }

  /** Trust or folders changed. */
  surroundingsChanged(): void {
    this.#sendEngine();
    this.#startEngine();
  }

  /** Takes one message of the panel; answers come through `post`. Settles when it has been dealt with, never rejects. */
  async receive(value: unknown): Promise<void> {
    const request = readPanelRequest(value);
    if (!request) {
      this.#editor.report('The panel sent a message that is not part of its protocol; it was ignored.');
      return;
    }
    try {
      await this.#handle(request);
    } catch (error) {
      this.#editor.fail(failureOf(request), error);
    }
  }

  async #handle(request: PanelRequest): Promise<void> {
    switch (request.type) {
      case 'ready': {
        this.pause();
        this.#ready = true;
        this.#sendEngine();
        this.#sendClock();
        const revealing = this.#revealing;
        this.#revealing = undefined;
        if (revealing !== undefined) this.#post({ type: 'reveal', executionId: revealing });
        this.#startEngine();
        return;
      }
      case 'list': return this.#list(request);
      case 'select': {
        this.#selection = request.executionId === undefined ? undefined : { id: request.executionId, loaded: false, lines: [] };
        this.#batch.clear();
        if (this.#selection) await this.#sendDetail(this.#selection);
        return;
      }
      case 'execution-action': return this.#act(request.action, request.executionId);
      case 'open-part': return this.#editor.openPart(await this.#find(request.executionId), request.part);
      case 'batch-rows': return this.#batch.sendRows(request);
      case 'open-target': return this.#editor.openTarget(request.arn);
      case 'copy': return this.#editor.copy(request.text);
      case 'action': return this.#editor.perform(request.action);
      case 'problem': return this.#editor.report(request.message);
    }
  }

  async #list({ request, before, limit, filter }: Extract<PanelRequest, { type: 'list' }>): Promise<void> {
    this.#feed.filter = filter;
    this.#listing = true;
    try {
      const executions = await this.#engine.request(listExecutions, { ...filter, limit, ...(before !== undefined && { before }) });
      this.#post({ type: 'page', request, rows: executions.map(rowOf), complete: executions.length < limit });
    } catch (error) {
      this.#post({ type: 'page-failed', request, message: sentence(error) });
    }
  }

  async #sendDetail(selection: Selection): Promise<void> {
    const { id } = selection;
    try {
      const [execution, content, record] = await Promise.all([
        this.#engine.request(getExecution, { id }),
        this.#engine.request(getExecutionContent, { id }),
        this.#engine.request(getInvocationRecord, { id }),
      ]);
      if (this.#selection !== selection) return;
      if (!execution || !content) {
        this.#post({ type: 'detail-missing', executionId: id });
        return;
      }
      // What was gathered before this answer is in it.
      selection.lines = [];
      selection.loaded = true;
      selection.fetchedLog = { text: content.log, at: performance.now() };
      this.#post({ type: 'detail', execution, content: detailContent(content, record) });
      this.#editor.seen(id);
      await this.#batch.show(execution, content.request);
      await this.#sendChain(selection, execution);
    } catch (error) {
      if (this.#selection === selection) this.#post({ type: 'detail-failed', executionId: id, message: sentence(error) });
    }
  }

  async #sendChain(selection: Selection, execution: Execution): Promise<void> {
    const { links, cut } = await chainOf(execution, {
      get: (id) => this.#engine.request(getExecution, { id }),
      list: (query) => this.#engine.request(listExecutions, query),
    });
    if (this.#selection !== selection) return;
    selection.chain = new Set([execution.id, ...links.map(({ id }) => id)]);
    this.#post({ type: 'chain', executionId: execution.id, links, cut });
  }

  /** Executions of the chain came or changed. */
  #chainSoon(): void {
    this.#chainTimer ??= setTimeout(() => {
      this.#chainTimer = undefined;
      const selection = this.#selection;
      if (!selection) return;
      this.#engine.request(getExecution, { id: selection.id })
        .then((execution) => (execution ? this.#sendChain(selection, execution) : undefined))
        .catch((error: unknown) => this.#editor.report(`The chain could not be read: ${sentence(error)}`));
    }, chainDelay);
  }

  async #act(action: ExecutionAction, id: string): Promise<void> {
    switch (action) {
      case 'replay':
        await this.#engine.request(replayExecution, { id });
        return;
      case 'replay-async':
        await this.#engine.request(replayExecution, { id, invocationType: 'Event' });
        return;
      case 'replay-sync':
        await this.#engine.request(replayExecution, { id, invocationType: 'RequestResponse' });
        return;
      case 'cancel':
        if ((await this.#find(id)).status === 'queued') return this.#actOnEvent('cancel', id);
        if (!await this.#engine.request(cancelExecution, { id })) this.#editor.inform('The execution had already finished.');
        return;
      case 'try-now': case 'expire-now': case 'deliver-twice':
        return this.#actOnEvent(action, id);
      case 'copy-as-cli':
        return this.#editor.copyAsCli(await this.#find(id), (await this.#content(id)).request);
      case 'save-as-test-event':
        return this.#editor.saveAsTestEvent((await this.#find(id)).functionName, (await this.#content(id)).request);
    }
  }

  async #actOnEvent(action: EventAction, id: string): Promise<void> {
    if (await this.#engine.request(actOnEvent, { id, action })) return;
    this.#editor.inform(action === 'deliver-twice' ? 'This event cannot be delivered again.' : 'The event does not wait any more.');
  }

  async #find(id: string): Promise<Execution> {
    const execution = await this.#engine.request(getExecution, { id });
    if (!execution) throw new UserError('The history no longer has this execution.');
    return execution;
  }

  async #content(id: string): Promise<ExecutionContent> {
    const content = await this.#engine.request(getExecutionContent, { id });
    if (!content) throw new UserError('The history no longer has this execution.');
    return content;
  }

  #takeExecutions(executions: readonly Execution[]): void {
    if (!this.#ready) return;
    if (this.#listing) this.#feed.add(executions);
    const selection = this.#selection;
    const changed = selection && executions.findLast(({ id }) => id === selection.id);
    if (changed) selection.changed = changed;
    const chain = selection?.chain;
    if (chain && executions.some(({ id, causedBy }) => (id !== selection.id && chain.has(id)) || (causedBy !== undefined && chain.has(causedBy)))) this.#chainSoon();
    this.#batch.take(executions);
    if (this.#feed.waiting || changed) this.#flushSoon();
  }

  #takeLog(batches: readonly LogBatch[]): void {
    const selection = this.#selection;
    if (!this.#ready || !selection?.loaded) return;
    for (const batch of batches) {
      if (batch.executionId !== selection.id) continue;
      const fetched = selection.fetchedLog;
      delete selection.fetchedLog;
      const repeats = fetched !== undefined && performance.now() - fetched.at < repeatedLogWindow;
      selection.lines.push(...(repeats ? linesAfter(fetched.text, batch.lines) : batch.lines));
    }
    if (selection.lines.length > maxLinesPerFlush) selection.lines.splice(0, selection.lines.length - maxLinesPerFlush);
    if (selection.lines.length > 0) this.#flushSoon();
  }

  #takeCleared(): void {
    this.#feed.clear();
    this.#post({ type: 'cleared' });
  }

  #flushSoon(): void {
    this.#flushTimer ??= setTimeout(() => {
      this.#flushTimer = undefined;
      this.#flush();
    }, flushDelay);
  }

  #flush(): void {
    if (this.#feed.waiting) this.#post({ type: 'rows-changed', ...this.#feed.take() });
    const selection = this.#selection;
    if (!selection) return;
    if (selection.lines.length > 0) this.#post({ type: 'log', executionId: selection.id, lines: selection.lines.splice(0) });
    const { changed } = selection;
    delete selection.changed;
    if (!changed) return;
    this.#post({ type: 'execution-changed', execution: changed });
    // What its last attempt left exists now; with the end result, record and the whole log. #sendDetail deals with its own failures.
    if (changed.status !== 'running') void this.#sendDetail(selection);
  }

  #sendEngine(): void {
    const { failure, functions, info } = this.#engine;
    this.#post({
      type: 'engine',
      state: this.#engineState(),
      functionNames: functions.map(({ name }) => name).toSorted(),
      ...(failure !== undefined && { failure }),
      ...(info && info.endpoint !== '' && { endpoint: info.endpoint }),
    });
  }

  #sendClock(): void {
    const { clock, status } = this.#engine;
    this.#pausedSince = status.pausedSince;
    if (!clock) return;
    const now = Date.now();
    this.#post({
      type: 'clock',
      clock: { scale: clock.scale, now, waitNow: clock.waitNow + Math.max(0, now - clock.now) * clock.scale },
      ...(status.pausedSince !== undefined && { pausedSince: status.pausedSince }),
    });
  }

  #engineState(): PanelEngineState {
    if (!this.#editor.hasFolder) return 'no-folder';
    if (!this.#editor.trusted) return 'untrusted';
    return this.#engine.state;
  }

  /** An open panel wants its history, so the engine is started for it; a failure shows as the engine's state. */
  #startEngine(): void {
    if (this.#ready && this.#engineState() === 'stopped') this.#engine.start().catch(() => {});
  }

  #post(body: PanelMessageBody): void {
    if (this.#ready) this.#editor.post({ version: panelVersion, ...body });
  }
}

function failureOf(request: PanelRequest): string {
  switch (request.type) {
    case 'execution-action':
      switch (request.action) {
        case 'replay': case 'replay-async': case 'replay-sync': return 'The event could not be replayed.';
        case 'try-now': return 'The event could not be tried now.';
        case 'expire-now': return 'The event could not be expired.';
        case 'deliver-twice': return 'The event could not be delivered again.';
        case 'cancel': return 'The execution could not be cancelled.';
        case 'copy-as-cli': return 'The command could not be copied.';
        case 'save-as-test-event': return 'The test event could not be saved.';
      }
    case 'open-part': return 'The text could not be opened.';
    case 'copy': return 'The text could not be copied.';
    default: return 'The records panel could not do that.';
  }
}
