/** Filters of an event source mapping, tried beside a record of its source before they are put to use. */
import * as vscode from 'vscode';
import type { RecordSample } from '../../contracts/event-source-mappings.ts';
import { indentJson } from '../../protocol/panel-json.ts';
import { sampleRecords } from '../../protocol/engine.ts';
import type { EngineClient } from '../engine-client.ts';
import type { PatternTryOut, TryOutEvent } from '../pattern-try-out.ts';
import type { ChosenSource } from './chooser.ts';
import { sourceName, sourceTitles } from './mapping-words.ts';
import { filtersProblem, filterSample } from './mapping-values.ts';
import { dataNote, editableRecord, sampleOf, wireRecord } from './record-text.ts';

/** Records that are offered. */
const mostOffered = 30;
/** Below media/samples. */
const sampleFiles = { sqs: 'sqs.json', kinesis: 'kinesis.json', dynamodb: 'dynamodb-stream.json' } as const;
const origins: Readonly<Record<RecordSample['from'], string>> = { filtered: 'was filtered out', source: 'is in the source', handled: 'was handled' };

export interface FilterTryOutOptions {
  source: ChosenSource;
  /** A pattern or a list of patterns; a sample when there is none. */
  filters?: string;
  /** Of the record to begin with, when it is still known. */
  recordId?: string;
  /** `orders → ShipOrder`. */
  title: string;
  closes: boolean;
  use(filters: string): Promise<unknown>;
}

export class FilterTryOut {
  readonly #engine: EngineClient;
  readonly #tryOut: PatternTryOut;
  readonly #samples: vscode.Uri;

  constructor(engine: EngineClient, tryOut: PatternTryOut, extensionUri: vscode.Uri) {
    this.#engine = engine;
    this.#tryOut = tryOut;
    this.#samples = vscode.Uri.joinPath(extensionUri, 'media', 'samples');
  }

  async open({ source, filters, recordId, title, closes, use }: FilterTryOutOptions): Promise<{ pattern: vscode.TextDocument; event: vscode.TextDocument }> {
    const { source: kind } = source;
    const known = await this.#known(source.arn);
    const first = known.find(({ id }) => id === recordId) ?? known[0];
    const { text: event, note } = first ? found(source, first) : await this.#fixture(source);
    return this.#tryOut.open({
      dialect: `esm-${kind}`, pattern: `${indentJson(filters ?? filterSample[kind])}\n`, event, ...(note !== undefined && { note }),
      about: (text) => dataNote(kind, text),
      wire: (text) => wireRecord(kind, text),
      another: () => this.#another(source),
      use: {
        title, closes,
        problem: filtersProblem,
        run: use,
      },
    });
  }

  /** A source that cannot be looked into has none: its shape is known nevertheless. */
  async #known(sourceArn: string): Promise<RecordSample[]> {
    return this.#engine.request(sampleRecords, { sourceArn, limit: mostOffered });
  }

  async #another(source: ChosenSource): Promise<TryOutEvent | undefined> {
    const fixture = { label: '$(file) A made-up record', description: `as a ${sourceTitles[source.source]} has them`, sample: undefined };
    const known = (await this.#known(source.arn)).map((sample) => ({ label: sample.id, description: `${origins[sample.from]} · ${new Date(sample.at).toLocaleString()}`, detail: oneLine(source, sample), sample }));
    const picked = await vscode.window.showQuickPick<vscode.QuickPickItem & { sample: RecordSample | undefined }>([...known, fixture], { title: `Records of ${sourceName(source.arn)}`, placeHolder: 'Choose the record to try the filters with', matchOnDescription: true, matchOnDetail: true });
    if (!picked) return undefined;
    return picked.sample ? found(source, picked.sample) : this.#fixture(source);
  }

  async #fixture({ source, arn }: ChosenSource): Promise<TryOutEvent> {
    const bytes = await vscode.workspace.fs.readFile(vscode.Uri.joinPath(this.#samples, sampleFiles[source]));
    return { text: editableRecord(source, sampleOf(new TextDecoder().decode(bytes), arn)), note: 'made up: nothing was sent yet' };
  }
}

function found({ source }: ChosenSource, { json, from, id }: RecordSample): TryOutEvent {
  return { text: editableRecord(source, json), note: `${id} ${origins[from]}` };
}

function oneLine({ source }: ChosenSource, { json }: RecordSample): string {
  return editableRecord(source, json).replaceAll(/\s+/g, ' ').slice(0, 200);
}
