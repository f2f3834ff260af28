/**
 * "Try an Event Pattern": a pattern and an event side by side in two editors. While they are written, a lens says whether
 * the pattern matches, and what did not match is marked in the pattern.
 */
import * as vscode from 'vscode';
import { explainPattern, type PatternAnswer } from '../../protocol/engine.ts';
import type { EngineClient } from '../engine-client.ts';
import { sentence } from '../sentences.ts';
import { fieldAt } from './pattern-positions.ts';

interface TryOut {
  pattern: vscode.TextDocument;
  event: vscode.TextDocument;
  dialect: string;
  answer?: PatternAnswer;
  failure?: string;
}

/** Asked anew when typing rests for so long, milliseconds. */
const typingRest = 200;

const dialects: readonly { dialect: string; label: string; detail: string }[] = [
  { dialect: 'eventbridge', label: 'EventBridge', detail: 'Event pattern of a rule; the event as it arrives on the bus' },
  { dialect: 'sns-attributes', label: 'SNS, message attributes', detail: 'Filter policy of a subscription; {"name": {"Type", "Value"}}' },
  { dialect: 'sns-body', label: 'SNS, message body', detail: 'Filter policy with FilterPolicyScope MessageBody' },
  { dialect: 'esm-sqs', label: 'Event source mapping, SQS', detail: 'Filter of a mapping; one record' },
  { dialect: 'esm-kinesis', label: 'Event source mapping, Kinesis', detail: 'Filter of a mapping; one record' },
  { dialect: 'esm-dynamodb', label: 'Event source mapping, DynamoDB', detail: 'Filter of a mapping; one record' },
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
  async open({ dialect = 'eventbridge', pattern = samplePattern, event = sampleEvent }: { dialect?: string; pattern?: string; event?: string } = {}): Promise<{ pattern: vscode.TextDocument; event: vscode.TextDocument }> {
    const [left, right] = await Promise.all([pattern, event].map((content) => vscode.workspace.openTextDocument({ language: 'json', content })));
    const tryOut: TryOut = { pattern: left as vscode.TextDocument, event: right as vscode.TextDocument, dialect };
    this.#tryOuts.push(tryOut);
    await vscode.window.showTextDocument(tryOut.pattern, { viewColumn: vscode.ViewColumn.One, preview: false });
    await vscode.window.showTextDocument(tryOut.event, { viewColumn: vscode.ViewColumn.Beside, preview: false, preserveFocus: true });
    await this.#ask(tryOut);
    return { pattern: tryOut.pattern, event: tryOut.event };
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

  provideCodeLenses(document: vscode.TextDocument): vscode.CodeLens[] {
    const tryOut = this.#find(document);
    if (!tryOut) return [];
    const range = new vscode.Range(0, 0, 0, 0);
    const lens = (title: string, command = '') => new vscode.CodeLens(range, { command, title });
    const kind = dialects.find(({ dialect }) => dialect === tryOut.dialect)?.label ?? tryOut.dialect;
    if (document === tryOut.event) return [lens(`Event · ${verdict(tryOut)}`)];
    return [lens(verdict(tryOut)), lens(`Pattern of ${kind}`, 'localLambda.choosePatternDialect')];
  }

  dispose(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    for (const disposable of this.#disposables) disposable.dispose();
  }

  #find(document: vscode.TextDocument): TryOut | undefined {
    return this.#tryOuts.find(({ pattern, event }) => pattern === document || event === document);
  }

  #close(document: vscode.TextDocument): void {
    const tryOut = this.#find(document);
    if (!tryOut) return;
    this.#tryOuts.splice(this.#tryOuts.indexOf(tryOut), 1);
    clearTimeout(this.#timers.get(tryOut));
    this.#timers.delete(tryOut);
    this.#diagnostics.delete(tryOut.pattern.uri);
  }

  async #ask(tryOut: TryOut): Promise<void> {
    this.#timers.delete(tryOut);
    const { pattern, event, dialect } = tryOut;
    const versions = [pattern.version, event.version];
    try {
      const answer = await this.#engine.request(explainPattern, { dialect, pattern: pattern.getText(), event: event.getText() });
      // A newer question is under way.
      if (pattern.version !== versions[0] || event.version !== versions[1]) return;
      tryOut.answer = answer;
      delete tryOut.failure;
      this.#diagnostics.set(pattern.uri, diagnosticsOf(pattern, answer));
    } catch (error) {
      tryOut.failure = sentence(error);
    }
    this.#changed.fire();
  }
}

function verdict({ answer, failure }: TryOut): string {
  if (failure !== undefined) return `$(warning) ${failure}`;
  if (!answer) return '$(loading~spin) Asking …';
  switch (answer.result) {
    case 'match': return '$(pass) Matches';
    case 'invalid': return `$(error) ${answer.message ?? 'Invalid'}`;
    case 'nomatch': {
      const fields = mismatches(answer);
      return `$(circle-slash) Does not match${fields.length === 0 ? answer.message === undefined ? '' : `: ${answer.message}` : `: ${fields.map(({ path }) => path).join(', ')}`}`;
    }
  }
}

/** Fields that did not match, of the alternative that came closest. */
function mismatches({ alternatives }: PatternAnswer) {
  const failed = alternatives.map(({ fields }) => fields.filter(({ matched }) => !matched));
  return failed.toSorted((one, other) => one.length - other.length)[0] ?? [];
}

function diagnosticsOf(document: vscode.TextDocument, answer: PatternAnswer): vscode.Diagnostic[] {
  const text = document.getText();
  if (answer.result === 'invalid') return [make(new vscode.Range(0, 0, document.lineCount, 0), answer.message ?? 'The pattern is invalid.', vscode.DiagnosticSeverity.Error)];
  if (answer.result === 'match') return [];
  return mismatches(answer).flatMap(({ path, reason, found }) => {
    const place = fieldAt(text, path);
    if (!place) return [];
    const range = new vscode.Range(document.positionAt(place.offset), document.positionAt(place.offset + place.length));
    const has = found.length === 0 ? '' : ` The event has ${found.slice(0, 3).join(', ')}${found.length > 3 ? ', …' : ''}.`;
    return [make(range, `${reason ?? `${path} does not match.`}${has}`, vscode.DiagnosticSeverity.Warning)];
  });
}

function make(range: vscode.Range, message: string, severity: vscode.DiagnosticSeverity): vscode.Diagnostic {
  const diagnostic = new vscode.Diagnostic(range, message, severity);
  diagnostic.source = 'Local Lambda';
  return diagnostic;
}
