/** Mappings as JSON, and why a record reached no function, as read-only documents that follow the engine. */
import * as vscode from 'vscode';
import { UserError } from '../../contracts/faults.ts';
import { explainRecord } from '../../protocol/engine.ts';
import type { EngineClient } from '../engine-client.ts';
import { columnForText } from '../text-column.ts';
import { fateLinks, fateText } from './fate-text.ts';
import { sourceName } from './mapping-words.ts';

const scheme = 'local-lambda-mapping';

type Subject = { kind: 'mapping'; uuid: string } | { kind: 'why'; id: string; sourceArn?: string };

export class MappingDocuments implements vscode.TextDocumentContentProvider, vscode.Disposable {
  readonly #engine: EngineClient;
  readonly #changed = new vscode.EventEmitter<vscode.Uri>();
  readonly #disposables: vscode.Disposable[];

  readonly onDidChange = this.#changed.event;

  constructor(engine: EngineClient) {
    this.#engine = engine;
    this.#disposables = [
      this.#changed,
      vscode.workspace.registerTextDocumentContentProvider(scheme, this),
      vscode.languages.registerDocumentLinkProvider({ scheme }, { provideDocumentLinks: linksOf }),
      engine.onDidChangeMappings(() => {
        for (const { uri } of vscode.workspace.textDocuments) if (uri.scheme === scheme) this.#changed.fire(uri);
      }),
    ];
  }

  dispose(): void {
    for (const disposable of this.#disposables) disposable.dispose();
  }

  /** @throws UserError when it is gone. */
  async openMapping(uuid: string): Promise<void> {
    const mapping = this.#engine.mappings.find((each) => each.uuid === uuid);
    const name = mapping ? `${sourceName(mapping.eventSourceArn)} to ${mapping.functionName}` : uuid;
    await open(`${name}.json`, { kind: 'mapping', uuid });
  }

  async openWhy(id: string, sourceArn: string | undefined): Promise<void> {
    await open(`Why ${id}.md`, { kind: 'why', id, ...(sourceArn !== undefined && { sourceArn }) });
  }

  /** Also called after a window reload, for documents that were open. */
  async provideTextDocumentContent(uri: vscode.Uri): Promise<string> {
    const subject = JSON.parse(uri.query) as Subject;
    if (subject.kind === 'why') {
      const { id, sourceArn } = subject;
      const fates = await this.#engine.request(explainRecord, { id, ...(sourceArn !== undefined && { sourceArn }) });
      return fateText(id, fates, this.#engine.mappings, Date.now());
    }
    await this.#engine.start();
    const mapping = this.#engine.mappings.find(({ uuid }) => uuid === subject.uuid);
    if (!mapping) throw new UserError('This event source mapping is not there any more.');
    return `${JSON.stringify(mapping.configuration, undefined, 2)}\n`;
  }
}

function linksOf(document: vscode.TextDocument): vscode.DocumentLink[] {
  if ((JSON.parse(document.uri.query) as Subject).kind !== 'why') return [];
  return fateLinks(document.getText()).map(({ from, to, command, argument, title }) => {
    const link = new vscode.DocumentLink(new vscode.Range(document.positionAt(from), document.positionAt(to)), vscode.Uri.parse(`command:localLambda.${command}?${encodeURIComponent(JSON.stringify([argument]))}`));
    link.tooltip = title;
    return link;
  });
}

async function open(name: string, subject: Subject): Promise<void> {
  const uri = vscode.Uri.from({ scheme, path: `/${name.replaceAll('/', ' ')}`, query: JSON.stringify(subject) });
  await vscode.window.showTextDocument(await vscode.workspace.openTextDocument(uri), { viewColumn: columnForText(), preview: true });
}
