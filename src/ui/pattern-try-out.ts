/**
 * A pattern and an event side by side in two editors. While they are written, lenses say whether the pattern matches (of
 * several filters, which), and what did not match is marked in the pattern. What a try-out is for can be done from it: the
 * filters of an event source mapping are put to use.
 */
import * as vscode from 'vscode';
import { UserError } from '../contracts/faults.ts';
import { explainPattern, type PatternAnswer } from '../protocol/engine.ts';
import type { EngineClient } from './engine-client.ts';
import { patternsIn } from './pattern-positions.ts';
import { marksOf, single, verdictOf, type Judged, type Mark } from './pattern-verdicts.ts';
import { sentence } from './sentences.ts';

/** An event to try patterns with. */
export interface TryOutEvent {
  text: string;
  /** Where it is from, a few words. */
  note?: string;
}

export interface TryOutOptions {
  dialect?: string;
  pattern?: string;
  event?: string;
  /** Where the event is from, a few words. */
  note?: string;
  /** Says of an event as it stands what patterns see of it. */
  about?(event: string): string | undefined;
  /** The event as the pattern gets it, where it is written otherwise. */
  wire?(event: string): string;
  /** Asks for another event; undefined when the user gave up. */
  another?(): Promise<TryOutEvent | undefined>;
  use?: TryOutUse;
}

/** What the patterns are for. */
export interface TryOutUse {
  /** `orders → ShipOrder`. */
  title: string;
  /** Both editors close before it is done. */
  closes: boolean;
  /** One sentence when the patterns cannot be used as they stand. */
  problem(pattern: string): string | undefined;
  /** Does it. @throws UserError when it was refused */
  run(pattern: string): Promise<unknown>;
}

interface TryOut extends TryOutOptions {
  patternDocument: vscode.TextDocument;
  eventDocument: vscode.TextDocument;
  dialect: string;
  judged?: readonly Judged[];
  failure?: string;
  /** The patterns that were put to use last. */
  used?: string;
}

/** Asked anew when typing rests for so long, milliseconds. */
const typingRest = 200;

const dialects: readonly { dialect: string; label: string; detail: string }[] = [
  { dialect: 'eventbridge', label: 'EventBridge', detail: 'Event pattern of a rule; the event as it arrives on the bus' },
  { dialect: 'sns-attributes', label: 'SNS, message attributes', detail: 'Filter policy of a subscription; {"name": {"Type", "Value"}}' },
  { dialect: 'sns-body', label: 'SNS, message body', detail: 'Filter policy with FilterPolicyScope MessageBody' },
  { dialect: 'esm-sqs', label: 'Event source mapping, SQS', detail: 'Filters of a mapping, one or a list; one record' },
  { dialect: 'esm-kinesis', label: 'Event source mapping, Kinesis', detail: 'Filters of a mapping, one or a list; one record' },
  { dialect: 'esm-dynamodb', label: 'Event source mapping, DynamoDB', detail: 'Filters of a mapping, one or a list; one record' },
];

const samplePattern = `{
  "source": ["my.application"],
  "detail": {
    "status": [{ "anything-but": "draft" }],
    "total": [{ "numeric": [">=", 100] }]
  }
}
`;
const sampleEvent = `{
  "source": "my.application",
  "detail-type": "Order Placed",
  "detail": {
    "status": "placed",
    "total": 120
  }
}
`;

export class PatternTryOut implements vscode.CodeLensProvider, vscode.Disposable {
  readonly #engine: EngineClient;
  readonly #tryOuts: TryOut[] = [];
  readonly #diagnostics = vscode.languages.createDiagnosticCollection('local-lambda-patterns');
  readonly #changed = new vscode.EventEmitter<void>();
  readonly #disposables: vscode.Disposable[];
  readonly #timers = new Map<TryOut, ReturnType<typeof setTimeout>>();

  readonly onDidChangeCodeLenses = this.#changed.event;

  constructor(engine: EngineClient) {
    this.#engine = engine;
    this.#disposables = [
      this.#diagnostics,
      this.#changed,
      vscode.languages.registerCodeLensProvider({ scheme: 'untitled', language: 'json' }, this),
      vscode.workspace.onDidChangeTextDocument(({ document }) => {
        const tryOut = this.#find(document);
        if (!tryOut) return;
        clearTimeout(this.#timers.get(tryOut));
        this.#timers.set(tryOut, setTimeout(() => void this.#ask(tryOut), typingRest));
      }),
      vscode.workspace.onDidCloseTextDocument((document) => this.#close(document)),
    ];
  }

  /** Opens both editors. Texts that are not given are samples. */
  async open({ dialect = 'eventbridge', pattern = samplePattern, event = sampleEvent, ...more }: TryOutOptions = {}): Promise<{ pattern: vscode.TextDocument; event: vscode.TextDocument }> {
    const patternDocument = await shown(pattern, { viewColumn: vscode.ViewColumn.One, preview: false });
    const eventDocument = await shown(event, { viewColumn: vscode.ViewColumn.Beside, preview: false, preserveFocus: true });
    const tryOut: TryOut = { ...more, patternDocument, eventDocument, dialect };
    this.#tryOuts.push(tryOut);
    this.#setContext();
    await this.#ask(tryOut);
    return { pattern: tryOut.patternDocument, event: tryOut.eventDocument };
  }

  /** Asks for the dialect of the try-out in the active editor. */
  async chooseDialect(): Promise<void> {
    const document = vscode.window.activeTextEditor?.document;
    const tryOut = document && this.#find(document);
    if (!tryOut) return;
    const picked = await vscode.window.showQuickPick(dialects.map((entry) => ({ ...entry, picked: entry.dialect === tryOut.dialect })), { title: 'Kind of Pattern', placeHolder: 'Which rules hold' });
    if (!picked) return;
    tryOut.dialect = picked.dialect;
    await this.#ask(tryOut);
  }

  /** Puts the patterns of the try-out in this document, or in the active editor, to use. @throws UserError when there is nothing to use them for */
  async use(uri: unknown): Promise<void> {
    const tryOut = this.#of(uri);
    if (!tryOut?.use) throw new UserError('This editor holds no filters of an event source mapping: begin with "Try Filters of an Event Source Mapping…".');
    await this.#ask(tryOut);
    const invalid = tryOut.judged?.find(({ answer }) => answer.result === 'invalid');
    const text = tryOut.patternDocument.getText();
    const problem = tryOut.use.problem(text) ?? tryOut.failure ?? invalid?.answer.message;
    if (problem !== undefined) throw new UserError(problem);
    if (tryOut.use.closes) await this.#shut(tryOut);
    await tryOut.use.run(text);
    tryOut.used = text;
    this.#changed.fire();
  }

  /** Puts another event beside the patterns. */
  async another(uri: unknown): Promise<void> {
    const tryOut = this.#of(uri);
    const event = await tryOut?.another?.();
    if (!tryOut || !event) return;
    if (event.note === undefined) delete tryOut.note;
    else tryOut.note = event.note;
    const { eventDocument } = tryOut;
    const edit = new vscode.WorkspaceEdit();
    edit.replace(eventDocument.uri, new vscode.Range(0, 0, eventDocument.lineCount, 0), event.text);
    await vscode.workspace.applyEdit(edit);
    await this.#ask(tryOut);
  }

  provideCodeLenses(document: vscode.TextDocument): vscode.CodeLens[] {
    const tryOut = this.#find(document);
    if (!tryOut) return [];
    const lens = (title: string, command = '', line = 0) => new vscode.CodeLens(new vscode.Range(line, 0, line, 0), { command, title, ...(command !== '' && { arguments: [document.uri] }) });
    if (document === tryOut.eventDocument) return eventLenses(tryOut, lens);
    const kind = dialects.find(({ dialect }) => dialect === tryOut.dialect)?.label ?? tryOut.dialect;
    const { judged = [], use } = tryOut;
    const valid = tryOut.failure === undefined && judged.every(({ answer }) => answer.result !== 'invalid');
    // What is one pattern after the other may be no JSON as a whole yet.
    const problem = valid ? use?.problem(document.getText()) : undefined;
    const used = tryOut.used === document.getText();
    return [
      lens(problem === undefined ? verdict(tryOut) : `$(error) ${problem}`),
      ...(!use || problem !== undefined ? [] : used ? [lens(`$(pass-filled) In use in ${use.title}`)] : valid ? [lens(`$(check) Use in ${use.title}`, 'localLambda.useFilters')] : []),
      lens(`${isFilter(tryOut) ? 'Filters' : 'Pattern'} of ${kind}`, use ? '' : 'localLambda.choosePatternDialect'),
      ...(judged.length < 2 ? [] : judged.map((each, index) => lens(`Filter ${index + 1} · ${single(each)}`, '', document.positionAt(each.pattern.offset).line))),
    ];
  }

  dispose(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    for (const disposable of this.#disposables) disposable.dispose();
  }

  #of(uri: unknown): TryOut | undefined {
    const wanted = uri instanceof vscode.Uri ? uri : vscode.window.activeTextEditor?.document.uri;
    return this.#tryOuts.find(({ patternDocument, eventDocument }) => [patternDocument, eventDocument].some((document) => document.uri.toString() === wanted?.toString()));
  }

  #find(document: vscode.TextDocument): TryOut | undefined {
    return this.#tryOuts.find(({ patternDocument, eventDocument }) => patternDocument === document || eventDocument === document);
  }

  #close(document: vscode.TextDocument): void {
    const tryOut = this.#find(document);
    if (!tryOut) return;
    this.#tryOuts.splice(this.#tryOuts.indexOf(tryOut), 1);
    clearTimeout(this.#timers.get(tryOut));
    this.#timers.delete(tryOut);
    this.#diagnostics.delete(tryOut.patternDocument.uri);
    this.#setContext();
  }

  /** Without asking what to do with the texts: they were put to use. */
  async #shut({ patternDocument, eventDocument }: TryOut): Promise<void> {
    for (const document of [eventDocument, patternDocument]) {
      await vscode.window.showTextDocument(document, { preview: false });
      await vscode.commands.executeCommand('workbench.action.revertAndCloseActiveEditor');
    }
  }

  async #ask(tryOut: TryOut): Promise<void> {
    clearTimeout(this.#timers.get(tryOut));
    this.#timers.delete(tryOut);
    const { patternDocument, eventDocument, dialect } = tryOut;
    const versions = [patternDocument.version, eventDocument.version];
    const text = patternDocument.getText();
    const patterns = isFilter(tryOut) ? patternsIn(text) : [{ text, offset: 0 }];
    try {
      const event = tryOut.wire?.(eventDocument.getText()) ?? eventDocument.getText();
      const answers: PatternAnswer[] = await Promise.all(patterns.map((pattern) => this.#engine.request(explainPattern, { dialect, pattern: pattern.text, event })));
      // A newer question is under way.
      if (patternDocument.version !== versions[0] || eventDocument.version !== versions[1]) return;
      tryOut.judged = patterns.map((pattern, index) => ({ pattern, answer: answers[index] as PatternAnswer }));
      delete tryOut.failure;
      this.#diagnostics.set(patternDocument.uri, this.#diagnosticsOf(tryOut));
    } catch (error) {
      tryOut.failure = sentence(error);
    }
    this.#changed.fire();
  }

  /** One filter that matches is enough: then nothing is wrong with the others. */
  #diagnosticsOf({ patternDocument, judged = [] }: TryOut): vscode.Diagnostic[] {
    const matches = judged.some(({ answer }) => answer.result === 'match');
    return judged.flatMap(marksOf).filter(({ severity }) => severity === 'error' || !matches).map((mark) => diagnosticOf(patternDocument, mark));
  }

  #setContext(): void {
    const paths = this.#tryOuts.filter(({ use }) => use).flatMap(({ patternDocument, eventDocument }) => [patternDocument.uri.path, eventDocument.uri.path]);
    void vscode.commands.executeCommand('setContext', 'localLambda.filterTryOuts', paths);
  }
}

/** Text that comes into an editor which is open: VS Code opens an unsaved document that nobody sees by itself, wherever the focus is. */
async function shown(text: string, options: vscode.TextDocumentShowOptions): Promise<vscode.TextDocument> {
  const document = await vscode.workspace.openTextDocument({ language: 'json' });
  await vscode.window.showTextDocument(document, options);
  const edit = new vscode.WorkspaceEdit();
  edit.insert(document.uri, new vscode.Position(0, 0), text);
  await vscode.workspace.applyEdit(edit);
  return document;
}

type Lens = (title: string, command?: string) => vscode.CodeLens;

function eventLenses(tryOut: TryOut, lens: Lens): vscode.CodeLens[] {
  const about = tryOut.about?.(tryOut.eventDocument.getText());
  return [
    lens(`${isFilter(tryOut) ? 'Record' : 'Event'} · ${verdict(tryOut)}`),
    ...(tryOut.another ? [lens('$(list-selection) Another Record…', 'localLambda.chooseSampleRecord')] : []),
    ...(tryOut.note === undefined ? [] : [lens(tryOut.note)]),
    ...(about === undefined ? [] : [lens(about)]),
  ];
}

function isFilter({ dialect }: TryOut): boolean {
  return dialect.startsWith('esm-');
}

function verdict(tryOut: TryOut): string {
  const { judged, failure } = tryOut;
  if (failure !== undefined) return `$(warning) ${failure}`;
  return judged ? verdictOf(judged, isFilter(tryOut) ? 'filter' : 'pattern') : '$(loading~spin) Asking …';
}

function diagnosticOf(document: vscode.TextDocument, { offset, length, message, severity }: Mark): vscode.Diagnostic {
  const range = new vscode.Range(document.positionAt(offset), document.positionAt(offset + length));
  const diagnostic = new vscode.Diagnostic(range, message, severity === 'error' ? vscode.DiagnosticSeverity.Error : vscode.DiagnosticSeverity.Warning);
  diagnostic.source = 'Local Lambda';
  return diagnostic;
}
