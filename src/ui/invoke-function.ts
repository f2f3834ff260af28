/** Invoking from the editor: save, pick the event, ask the engine, show the record. */
import * as vscode from 'vscode';
import { UserError } from '../contracts/faults.ts';
import type { FunctionSummary } from '../contracts/lambda-api.ts';
import { invoke, listExecutions, type InvokeParams, type InvokeResult } from '../protocol/engine.ts';
import type { EngineClient } from './engine-client.ts';
import type { EventPicker } from './event-picker.ts';
import { editorSettings } from './settings.ts';
import type { TestEvents } from './test-events.ts';

/** An invocation that runs this long shows its record before it ends, so that its log can be read live. Milliseconds. */
const slowAfter = 1000;

export interface InvokeChoice {
  /** Ask for the event even when one was used before. */
  ask?: boolean;
  /** JSON text to send instead of a test event. */
  payload?: string;
  /** Queue the event (`InvocationType: Event`) instead of waiting for the answer. */
  asynchronous?: boolean;
}

export class FunctionInvoker {
  readonly #engine: EngineClient;
  readonly #events: TestEvents;
  readonly #picker: EventPicker;
  readonly #showRecord: (id: string) => Promise<void>;

  constructor(engine: EngineClient, events: TestEvents, picker: EventPicker, showRecord: (id: string) => Promise<void>) {
    this.#engine = engine;
    this.#events = events;
    this.#picker = picker;
    this.#showRecord = showRecord;
  }

  /**
   * Resolves with the function's answer, function errors included, or when its event is queued; undefined when the user
   * gave up.
   * @throws UserError and ResponseError for what keeps the function from running.
   */
  async invoke(fn: FunctionSummary, choice: InvokeChoice = {}): Promise<InvokeResult | undefined> {
    const payload = choice.payload ?? await this.#payload(fn, choice.ask ?? false);
    if (payload === undefined) return undefined;
    await saveEdits();
    const options = await this.#events.options(fn);
    const invocationType = choice.asynchronous ? 'Event' : 'RequestResponse';
    const parameters: InvokeParams = { functionName: fn.name, invocationType, payload, ...options };
    if (choice.asynchronous) return this.#queue(parameters);
    // Tree, lens and status bar show that it runs; progress in the view would hide the badge that counts.
    let shown: string | undefined;
    const slow = setTimeout(() => {
      if (editorSettings().openRecordAfterInvoke !== 'always') return;
      this.#runningRecord(fn).then(async (id) => {
        shown = id;
        if (id !== undefined) await this.#showRecord(id);
        // A failure here is no failure of the invocation, which shows its record when it ends.
      }).catch(() => {});
    }, slowAfter);
    try {
      const result = await this.#engine.request(invoke, parameters);
      const { openRecordAfterInvoke } = editorSettings();
      const wanted = openRecordAfterInvoke === 'always' || (openRecordAfterInvoke === 'onFailure' && result.functionError !== undefined);
      // Shown already: who has gone on to another record since is not called back.
      if (wanted && result.executionId !== shown) await this.#showRecord(result.executionId);
      return result;
    } finally {
      clearTimeout(slow);
    }
  }

  async #queue(parameters: InvokeParams): Promise<InvokeResult> {
    const result = await this.#engine.request(invoke, parameters);
    // What comes of it is seen there; a failure in the end is told apart.
    if (editorSettings().openRecordAfterInvoke === 'always') await this.#showRecord(result.executionId);
    return result;
  }

  /** The newest execution of a function that was started in the editor and still runs. */
  async #runningRecord(fn: FunctionSummary): Promise<string | undefined> {
    const running = await this.#engine.request(listExecutions, { functionName: fn.name, status: 'running', limit: 10 });
    return running.find(({ source }) => source === 'editor')?.id;
  }

  async #payload(fn: FunctionSummary, ask: boolean): Promise<string | undefined> {
    const event = await this.#picker.forInvoke(fn, ask);
    if (!event) return undefined;
    // An event that is being edited is sent as it stands in the editor.
    const open = vscode.workspace.textDocuments.find(({ uri }) => uri.toString() === event.uri.toString());
    return open ? open.getText() : this.#events.read(event);
  }
}

/** What is being edited is what runs. `saveAll` would pass over changed documents that stand in no editor. */
async function saveEdits(): Promise<void> {
  const edited = vscode.workspace.textDocuments.filter(({ isDirty, uri }) => isDirty && uri.scheme === 'file' && vscode.workspace.getWorkspaceFolder(uri));
  for (const document of edited) {
    if (!await document.save()) {
      throw new UserError(`${vscode.workspace.asRelativePath(document.uri)} could not be saved, so nothing was run: save it, then invoke again.`);
    }
  }
}
