/** The view "Event Sources": queues and streams › the mappings that poll them › shards, and records that filters kept away. */
import * as vscode from 'vscode';
import type { EventSourceMappingSummary, FilteredRecord, ShardSummary } from '../../contracts/event-source-mappings.ts';
import type { EngineClient } from '../engine-client.ts';
import { TreeRows } from '../tree-rows.ts';
import {
  bySource, filteredDescription, mappingContext, mappingDescription, mappingFacts, mappingIcon, mappingSpoken, pausedSentence, shardDescription,
  sourceDescription, sourceIcons, sourceName, sourceTooltip, type SourceGroup,
} from './mapping-words.ts';

const viewId = 'localLambda.eventSources';
/** A busy mapping changes all the time; the view follows it at most so often, milliseconds. */
const refreshRest = 400;

export type SourceNode =
  | { kind: 'source'; group: SourceGroup }
  | { kind: 'mapping'; mapping: EventSourceMappingSummary }
  | { kind: 'note'; mapping: EventSourceMappingSummary; note: 'pause' | 'problem'; text: string }
  | { kind: 'shard'; mapping: EventSourceMappingSummary; shard: ShardSummary }
  | { kind: 'filtered'; mapping: EventSourceMappingSummary; record: FilteredRecord };

export class EventSourcesTree implements vscode.TreeDataProvider<SourceNode>, vscode.Disposable {
  readonly #engine: EngineClient;
  readonly #changed = new vscode.EventEmitter<SourceNode | undefined>();
  readonly #disposables: vscode.Disposable[];
  readonly #view: vscode.TreeView<SourceNode>;
  readonly #rows = new TreeRows<SourceNode>({
    keyOf,
    childrenOf: (node) => this.#children(node),
    itemOf: (node) => this.getTreeItem(node),
  });
  /** UUID of a mapping to select once it is there. */
  #wanted: string | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #refreshedAt = 0;

  readonly onDidChangeTreeData = this.#changed.event;

  /** `onVisible` is called when the user looks at the view. */
  constructor(engine: EngineClient, onVisible: () => void) {
    this.#engine = engine;
    this.#view = vscode.window.createTreeView<SourceNode>(viewId, { treeDataProvider: this, showCollapseAll: true });
    this.#disposables = [
      this.#changed, this.#view,
      { dispose: () => clearTimeout(this.#timer) },
      this.#view.onDidChangeVisibility(({ visible }) => { if (visible) onVisible(); }),
      engine.onDidChangeMappings(() => this.#refreshSoon()),
      engine.onDidChangeState(() => this.#refreshSoon()),
    ];
    if (this.#view.visible) onVisible();
  }

  /** Above the rows. */
  get message(): string | undefined {
    return this.#view.message;
  }

  getChildren(node?: SourceNode): SourceNode[] {
    return this.#children(node).map((child) => this.#rows.kept(child));
  }

  getParent(node: SourceNode): SourceNode | undefined {
    if (node.kind === 'source') return undefined;
    const group = bySource(this.#engine.mappings).find(({ arn }) => arn === node.mapping.eventSourceArn);
    if (!group) return undefined;
    return this.#rows.kept(node.kind === 'mapping' ? { kind: 'source', group } : { kind: 'mapping', mapping: node.mapping });
  }

  getTreeItem(node: SourceNode): vscode.TreeItem {
    switch (node.kind) {
      case 'source': return sourceItem(node.group);
      case 'mapping': return mappingItem(node.mapping);
      case 'note': return noteItem(node.mapping, node.note, node.text);
      case 'shard': return shardItem(node.mapping, node.shard);
      case 'filtered': return filteredItem(node.mapping, node.record);
    }
  }

  /** Selects a mapping, by its UUID or ARN, or a queue or stream by its ARN. False while the view does not hold it. */
  async reveal(wanted: string, { focus = false }: { focus?: boolean } = {}): Promise<boolean> {
    const uuid = /:event-source-mapping:(.+)$/.exec(wanted)?.[1] ?? wanted;
    const mapping = this.#engine.mappings.find((each) => each.uuid === uuid);
    const group = mapping ? undefined : bySource(this.#engine.mappings).find(({ arn }) => arn === wanted);
    const node: SourceNode | undefined = mapping ? { kind: 'mapping', mapping } : group && { kind: 'source', group };
    if (!node) return false;
    await this.#view.reveal(this.#rows.kept(node), { select: true, focus, expand: true });
    return true;
  }

  /** Selects a mapping, when the view is in sight, as soon as it shows it. */
  revealOnceThere(uuid: string): void {
    this.#wanted = uuid;
    this.#revealWanted();
  }

  dispose(): void {
    for (const disposable of this.#disposables) disposable.dispose();
  }

  #children(node?: SourceNode): SourceNode[] {
    if (!node) return bySource(this.#engine.mappings).map((group) => ({ kind: 'source', group }));
    if (node.kind === 'source') return node.group.mappings.map((mapping) => ({ kind: 'mapping', mapping }));
    return node.kind === 'mapping' ? parts(node.mapping) : [];
  }

  #revealWanted(): void {
    if (this.#wanted === undefined || !this.#view.visible || !this.#engine.mappings.some(({ uuid }) => uuid === this.#wanted)) return;
    const uuid = this.#wanted;
    this.#wanted = undefined;
    // A row that is gone again needs no selection.
    this.reveal(uuid).catch(() => {});
  }

  #refreshSoon(): void {
    if (this.#timer) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#refreshedAt = performance.now();
      this.#refresh();
    }, Math.max(0, this.#refreshedAt + refreshRest - performance.now()));
  }

  #refresh(): void {
    const message = pausedSentence(this.#engine.mappings);
    // exactOptionalPropertyTypes: VS Code takes undefined as "no message".
    if (this.#view.message !== message) (this.#view as { message: string | undefined }).message = message;
    for (const node of this.#rows.changes()) this.#changed.fire(node);
    this.#revealWanted();
  }
}

function keyOf(node: SourceNode): string {
  switch (node.kind) {
    case 'source': return `source:${node.group.arn}`;
    case 'mapping': return `mapping:${node.mapping.uuid}`;
    case 'note': return `${node.note}:${node.mapping.uuid}`;
    case 'shard': return `shard:${node.mapping.uuid}:${node.shard.shardId}`;
    case 'filtered': return `filtered:${node.mapping.uuid}:${node.record.id}`;
  }
}

function parts(mapping: EventSourceMappingSummary): SourceNode[] {
  const { pause, problem, shards = [], lastFiltered } = mapping;
  return [
    ...(pause ? [{ kind: 'note' as const, mapping, note: 'pause' as const, text: pause.message }] : []),
    ...(problem === undefined ? [] : [{ kind: 'note' as const, mapping, note: 'problem' as const, text: problem }]),
    ...shards.map((shard) => ({ kind: 'shard' as const, mapping, shard })),
    ...lastFiltered.map((record) => ({ kind: 'filtered' as const, mapping, record })),
  ];
}

function sourceItem(group: SourceGroup): vscode.TreeItem {
  const item = new vscode.TreeItem(group.name, vscode.TreeItemCollapsibleState.Expanded);
  item.id = `source:${group.arn}`;
  item.description = sourceDescription(group);
  item.iconPath = new vscode.ThemeIcon(sourceIcons[group.source]);
  item.contextValue = `source ${group.source}`;
  item.tooltip = sourceTooltip(group);
  return item;
}

function mappingItem(mapping: EventSourceMappingSummary): vscode.TreeItem {
  const { Collapsed, Expanded, None } = vscode.TreeItemCollapsibleState;
  const trouble = mapping.pause !== undefined || mapping.problem !== undefined;
  const item = new vscode.TreeItem(mapping.functionName, trouble ? Expanded : parts(mapping).length > 0 ? Collapsed : None);
  const { icon, color } = mappingIcon(mapping);
  // VS Code remembers by its id whether a row is open: one that comes into trouble opens by itself.
  item.id = `mapping:${mapping.uuid}${trouble ? ':trouble' : ''}`;
  item.description = mappingDescription(mapping);
  item.iconPath = new vscode.ThemeIcon(icon, color === undefined ? undefined : new vscode.ThemeColor(color));
  item.contextValue = mappingContext(mapping);
  item.accessibilityInformation = { label: mappingSpoken(mapping) };
  item.tooltip = mappingTooltip(mapping);
  return item;
}

function mappingTooltip(mapping: EventSourceMappingSummary): vscode.MarkdownString {
  const text = new vscode.MarkdownString(undefined, true);
  text.appendMarkdown(`**${code(`${sourceName(mapping.eventSourceArn)} → ${mapping.functionName}`)}**\n\n`);
  if (mapping.pause) text.appendMarkdown('$(debug-pause) ').appendText(mapping.pause.message).appendMarkdown('\n\n');
  if (mapping.problem !== undefined) text.appendMarkdown('$(warning) ').appendText(mapping.problem).appendMarkdown('\n\n');
  text.appendMarkdown('| | |\n|---|---|\n');
  for (const [label, value] of mappingFacts(mapping)) text.appendMarkdown(`| ${label} | ${code(value)} |\n`);
  return text;
}

function noteItem({ uuid }: EventSourceMappingSummary, note: 'pause' | 'problem', message: string): vscode.TreeItem {
  const item = new vscode.TreeItem(message);
  item.id = `${note}:${uuid}`;
  item.iconPath = note === 'pause' ? new vscode.ThemeIcon('info') : new vscode.ThemeIcon('warning', new vscode.ThemeColor('problemsWarningIcon.foreground'));
  item.contextValue = note;
  item.tooltip = message;
  return item;
}

function shardItem({ uuid }: EventSourceMappingSummary, shard: ShardSummary): vscode.TreeItem {
  const item = new vscode.TreeItem(shard.shardId);
  item.id = `shard:${uuid}:${shard.shardId}`;
  item.description = shardDescription(shard);
  item.iconPath = new vscode.ThemeIcon(shard.state === 'retrying' ? 'warning' : shard.state === 'ended' ? 'pass' : 'list-ordered');
  item.contextValue = 'shard';
  if (shard.checkpoint !== undefined) item.tooltip = `Done up to ${shard.checkpoint}`;
  return item;
}

function filteredItem({ uuid }: EventSourceMappingSummary, record: FilteredRecord): vscode.TreeItem {
  const item = new vscode.TreeItem(`Filtered: ${record.id}`);
  item.id = `filtered:${uuid}:${record.id}`;
  item.description = filteredDescription(record);
  item.iconPath = new vscode.ThemeIcon('filter');
  item.contextValue = 'filtered';
  item.tooltip = [new Date(record.at).toLocaleString(), ...record.reasons].join('\n');
  return item;
}

/** A code span that no value can leave, nor split a table row. */
function code(value: string): string {
  return `\`${value.replaceAll(/[`|\r\n]/g, ' ')}\``;
}
