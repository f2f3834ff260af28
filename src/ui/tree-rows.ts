/** The rows of a tree view: one object for each, by which VS Code knows it, and which of them look different than they did. */
import type * as vscode from 'vscode';

export interface TreeRowsSource<Node> {
  /** Unique in the view, and the same for as long as the row stands for the same thing. */
  keyOf(node: Node): string;
  /** The rows below, or of the top, as they are now. */
  childrenOf(node: Node | undefined): readonly Node[];
  itemOf(node: Node): vscode.TreeItem;
  /** What is shown of a row beside its item, for example a tooltip that is made when it is asked for. */
  moreOf?(node: Node): string;
}

interface Shown {
  look: string;
  /** Ids of the rows below, in order. */
  children: string;
}

/**
 * VS Code makes a refreshed row and all that is below it anew, and its buttons are gone under the mouse for a moment:
 * so a view tells it of those rows only that look different.
 */
export class TreeRows<Node extends object> {
  readonly #source: TreeRowsSource<Node>;
  readonly #nodes = new Map<string, Node>();
  /** By key; the whole view's is empty. */
  #shown = new Map<string, Shown>();

  constructor(source: TreeRowsSource<Node>) {
    this.#source = source;
  }

  /** The object by which VS Code knows this row, brought up to date. */
  kept(node: Node): Node {
    const key = this.#source.keyOf(node);
    const before = this.#nodes.get(key);
    if (before) return Object.assign(before, node);
    this.#nodes.set(key, node);
    return node;
  }

  /** The rows to refresh since this was asked last; undefined is the whole view. None stands below another. */
  changes(): (Node | undefined)[] {
    const before = this.#shown;
    this.#shown = new Map();
    const changed: (Node | undefined)[] = [];
    this.#compare(undefined, before, changed);
    for (const key of this.#nodes.keys()) if (!this.#shown.has(key)) this.#nodes.delete(key);
    return changed;
  }

  /** `changed` is absent below a row that changed: these come with it. */
  #compare(node: Node | undefined, before: ReadonlyMap<string, Shown>, changed: (Node | undefined)[] | undefined): void {
    const { keyOf, itemOf, childrenOf, moreOf } = this.#source;
    const children = childrenOf(node).map((child) => this.kept(child));
    const shown: Shown = {
      look: node ? `${lookOf(itemOf(node))}${moreOf?.(node) ?? ''}` : '',
      children: children.map((child) => itemOf(child).id ?? keyOf(child)).join('\n'),
    };
    const key = node ? keyOf(node) : '';
    this.#shown.set(key, shown);
    const old = before.get(key);
    const same = old?.look === shown.look && old.children === shown.children;
    if (!same) changed?.push(node);
    for (const child of children) this.#compare(child, before, same ? changed : undefined);
  }
}

function lookOf({ label, description, iconPath, contextValue, tooltip, collapsibleState, command, accessibilityInformation }: vscode.TreeItem): string {
  return JSON.stringify([
    label, description, iconPath, contextValue, typeof tooltip === 'object' ? tooltip.value : tooltip, collapsibleState, command?.command,
    accessibilityInformation?.label,
  ]);
}
