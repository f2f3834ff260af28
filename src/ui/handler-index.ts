/** The proven handlers of an open document: by document symbols, and by patterns where no symbol provider answers. */
import * as vscode from 'vscode';
import type { FunctionSummary } from '../contracts/lambda-api.ts';
import type { FunctionStates } from './function-states.ts';
import { exportedFunctions, isTestFile, locateExport, sourceLanguage, typedHandlers } from './handler-source.ts';

export interface FoundHandler {
  /** The declaration's line. */
  line: number;
  /** Last part of `Handler`. */
  exportName: string;
  /** Absent for a typed handler that nothing names yet. */
  functionName?: string;
}

/** A language server that is still starting must not hold back the lenses: milliseconds. */
const symbolPatience = 1500;
/** Larger files are bundles, not sources. Characters. */
const largestSource = 1_000_000;

export const sourceSelector: vscode.DocumentSelector = ['javascript', 'javascriptreact', 'typescript', 'typescriptreact', 'python']
  .map((language) => ({ language, scheme: 'file' }));

export class HandlerIndex {
  readonly #states: FunctionStates;
  readonly #cache = new WeakMap<vscode.TextDocument, { key: string; found: Promise<FoundHandler[]> }>();

  constructor(states: FunctionStates) {
    this.#states = states;
  }

  /** In the order of lines; two functions may share a handler. */
  find(document: vscode.TextDocument): Promise<FoundHandler[]> {
    const named = this.#named(document);
    const key = JSON.stringify([document.version, named.map(({ name }) => name)]);
    const cached = this.#cache.get(document);
    if (cached?.key === key) return cached.found;
    const found = locate(document, named);
    this.#cache.set(document, { key, found });
    found.catch(() => this.#cache.delete(document));
    return found;
  }

  /** Exports of a document that no function names yet. */
  unregistered(document: vscode.TextDocument): { name: string; line: number; likely: boolean }[] {
    const language = sourceLanguage(document.languageId);
    const text = document.getText();
    if (!language || text.length > largestSource || isTestFile(document.uri.path)) return [];
    const taken = new Set(this.#named(document).map(exportOf));
    const typed = typedHandlers(text, language).map((handler) => ({ ...handler, likely: true }));
    const byName = new Map([...exportedFunctions(text, language), ...typed].map((handler) => [handler.name, handler]));
    return [...byName.values()]
      .filter(({ name }) => !taken.has(name))
      .map(({ name, offset, likely }) => ({ name, likely, line: document.positionAt(offset).line }));
  }

  #named(document: vscode.TextDocument): FunctionSummary[] {
    const path = document.uri.fsPath;
    return this.#states.all.filter(({ handlerFile }) => handlerFile !== undefined && samePath(handlerFile, path));
  }
}

/** Name of the export that a function's handler string ends with. */
export function exportOf({ handlerExport, handler }: FunctionSummary): string {
  return handlerExport ?? handler.slice(handler.lastIndexOf('.') + 1);
}

export function samePath(left: string, right: string): boolean {
  return process.platform === 'win32' ? left.toLowerCase() === right.toLowerCase() : left === right;
}

async function locate(document: vscode.TextDocument, named: readonly FunctionSummary[]): Promise<FoundHandler[]> {
  const language = sourceLanguage(document.languageId);
  const text = document.getText();
  if (!language || text.length > largestSource) return [];
  const typed = isTestFile(document.uri.path) ? [] : typedHandlers(text, language);
  if (named.length === 0 && typed.length === 0) return [];
  const symbols = await topLevelSymbols(document.uri);
  const found: FoundHandler[] = [];
  for (const fn of named) {
    const exportName = exportOf(fn);
    const line = symbols.find(({ name }) => name === exportName)?.line ?? lineOf(document, locateExport(text, exportName, language));
    if (line !== undefined) found.push({ line, exportName, functionName: fn.name });
  }
  const covered = new Set(named.map(exportOf));
  for (const { name, offset } of typed) {
    const { line } = document.positionAt(offset);
    // What a language server does not see there is a comment or a string.
    const real = symbols.length === 0 || symbols.some(({ first, last }) => first <= line && line <= last);
    if (real && !covered.has(name)) found.push({ line, exportName: name });
  }
  return found.sort((left, right) => left.line - right.line);
}

interface TopSymbol {
  name: string;
  /** Of the name. */
  line: number;
  first: number;
  last: number;
}

/** Empty when no provider answers in time. */
async function topLevelSymbols(uri: vscode.Uri): Promise<TopSymbol[]> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const patience = new Promise<undefined>((resolve) => { timer = setTimeout(() => resolve(undefined), symbolPatience); });
  try {
    const answer = await Promise.race([
      vscode.commands.executeCommand<(vscode.DocumentSymbol | vscode.SymbolInformation)[] | undefined>('vscode.executeDocumentSymbolProvider', uri),
      patience,
    ]);
    return (answer ?? []).flatMap((symbol) => {
      if ('location' in symbol && !('selectionRange' in symbol)) {
        const { range } = symbol.location;
        return symbol.containerName ? [] : [{ name: symbol.name, line: range.start.line, first: range.start.line, last: range.end.line }];
      }
      const { name, range, selectionRange } = symbol as vscode.DocumentSymbol;
      return [{ name, line: selectionRange.start.line, first: range.start.line, last: range.end.line }];
    });
  } finally {
    clearTimeout(timer);
  }
}

function lineOf(document: vscode.TextDocument, offset: number | undefined): number | undefined {
  return offset === undefined ? undefined : document.positionAt(offset).line;
}
