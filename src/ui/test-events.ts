/**
 * Test events: JSON files of the workspace, `.local-lambda/events/<function>/<name>.json` and, as SAM has it,
 * `events/*.json`. How a function is invoked stands beside them in `options.json`.
 */
import { applyEdits, format, parse, type ParseError } from 'jsonc-parser';
import * as vscode from 'vscode';
import { UserError } from '../contracts/faults.ts';
import type { FunctionSummary } from '../contracts/lambda-api.ts';

export interface TestEvent {
  /** File name without `.json`. */
  name: string;
  uri: vscode.Uri;
  /** `shared`: from `events/`, offered to every function of the folder. */
  kind: 'own' | 'shared';
}

export interface InvocationOptions {
  qualifier?: string;
  /** JSON text. */
  clientContext?: string;
  logType: 'None' | 'Tail';
}

const optionsName = 'options';
const optionsText = `${JSON.stringify({ logType: 'Tail' }, undefined, 2)}\n`;

export class TestEvents {
  readonly #memory: vscode.Memento;

  /** `memory` is the workspace's. */
  constructor(memory: vscode.Memento) {
    this.#memory = memory;
  }

  /** Own events first, each kind by name. */
  async list(fn: FunctionSummary): Promise<TestEvent[]> {
    const own = await jsonFiles(eventsFolder(fn.name, fn.origin.folder));
    const beside = fn.origin.location ? vscode.Uri.joinPath(vscode.Uri.file(fn.origin.location.file), '..', 'events') : undefined;
    const root = workspaceFolder(fn.origin.folder);
    const folders = [...(root ? [vscode.Uri.joinPath(root, 'events')] : []), ...(beside ? [beside] : [])];
    const shared = new Map<string, TestEvent>();
    for (const folder of folders) {
      for (const uri of await jsonFiles(folder)) shared.set(uri.toString(), { name: nameOf(uri), uri, kind: 'shared' });
    }
    return [
      ...own.map((uri): TestEvent => ({ name: nameOf(uri), uri, kind: 'own' })).filter(({ name }) => name !== optionsName),
      ...shared.values(),
    ];
  }

  /** The event used last, when it is still there. */
  lastUsed(fn: FunctionSummary, events: readonly TestEvent[]): TestEvent | undefined {
    const key = this.#memory.get<string>(memoryKey(fn.name));
    return events.find(({ uri }) => uri.toString() === key);
  }

  async remember(fn: FunctionSummary, event: TestEvent): Promise<void> {
    await this.#memory.update(memoryKey(fn.name), event.uri.toString());
  }

  async read({ uri }: TestEvent): Promise<string> {
    return new TextDecoder().decode(await vscode.workspace.fs.readFile(uri));
  }

  /**
   * Writes a new event and returns it; numbers a name that is taken.
   * @throws UserError when there is no folder or the name cannot be a file's.
   */
  async save(functionName: string, folder: string | undefined, name: string, payload: string): Promise<TestEvent> {
    const problem = nameProblem(name);
    if (problem !== undefined) throw new UserError(problem);
    const directory = eventsFolder(functionName, folder);
    await vscode.workspace.fs.createDirectory(directory);
    const taken = new Set((await jsonFiles(directory)).map((uri) => nameOf(uri).toLowerCase()));
    let free = name;
    for (let number = 2; taken.has(free.toLowerCase()); number += 1) free = `${name}-${number}`;
    const uri = vscode.Uri.joinPath(directory, `${free}.json`);
    await vscode.workspace.fs.writeFile(uri, new TextEncoder().encode(readable(payload)));
    return { name: free, uri, kind: 'own' };
  }

  /** @throws UserError naming the file when it is not what its schema says. */
  async options(fn: FunctionSummary): Promise<InvocationOptions> {
    const uri = vscode.Uri.joinPath(eventsFolder(fn.name, fn.origin.folder), `${optionsName}.json`);
    const text = await readIfThere(uri);
    if (text === undefined) return { logType: 'Tail' };
    const errors: ParseError[] = [];
    const values = (parse(text, errors, { allowTrailingComma: true }) ?? {}) as Record<string, unknown>;
    const { qualifier, clientContext, logType = 'Tail' } = values;
    const wrong = errors.length > 0 || typeof values !== 'object' ? 'is not a JSON object'
      : qualifier !== undefined && typeof qualifier !== 'string' ? 'has a qualifier that is not a string'
      : clientContext !== undefined && (typeof clientContext !== 'object' || clientContext === null) ? 'has a clientContext that is not an object'
      : logType !== 'Tail' && logType !== 'None' ? 'has a logType other than Tail and None'
      : undefined;
    if (wrong) throw new UserError(`${vscode.workspace.asRelativePath(uri)} ${wrong}: correct or delete it.`);
    return {
      logType: logType as 'Tail' | 'None',
      ...(qualifier !== undefined && { qualifier: qualifier as string }),
      ...(clientContext !== undefined && { clientContext: JSON.stringify(clientContext) }),
    };
  }

  /** The options file, made with the defaults when it is not there. */
  async optionsFile(fn: FunctionSummary): Promise<vscode.Uri> {
    const directory = eventsFolder(fn.name, fn.origin.folder);
    const uri = vscode.Uri.joinPath(directory, `${optionsName}.json`);
    if (await readIfThere(uri) === undefined) {
      await vscode.workspace.fs.createDirectory(directory);
      await vscode.workspace.fs.writeFile(uri, new TextEncoder().encode(optionsText));
    }
    return uri;
  }
}

/** Why a name cannot be an event's file name on some system; undefined when it can. */
export function nameProblem(name: string): string | undefined {
  if (name === '') return 'A test event needs a name.';
  if (name.toLowerCase() === optionsName) return '"options" is the file of the invocation options: choose another name.';
  if (!/^[\p{L}\p{N}_][\p{L}\p{N} ._-]{0,99}$/u.test(name) || /[. ]$/.test(name)) return 'Use letters, digits, spaces, dots, dashes and underscores.';
  return undefined;
}

/** Indented, every number and string exactly as it was; text that is not JSON stays as it is. */
export function readable(payload: string): string {
  try {
    JSON.parse(payload);
  } catch {
    return payload;
  }
  return `${applyEdits(payload, format(payload, undefined, { tabSize: 2, insertSpaces: true, eol: '\n' })).trim()}\n`;
}

function eventsFolder(functionName: string, folder: string | undefined): vscode.Uri {
  const root = workspaceFolder(folder);
  if (!root) throw new UserError('Test events are kept in the workspace: open a folder first.');
  if (!/^[\w-]{1,140}$/.test(functionName)) throw new UserError(`"${functionName}" is not the name of a function.`);
  return vscode.Uri.joinPath(root, '.local-lambda', 'events', functionName);
}

/** The folder of a function; the first one for those that stand in none. */
function workspaceFolder(path: string | undefined): vscode.Uri | undefined {
  return path === undefined ? vscode.workspace.workspaceFolders?.[0]?.uri : vscode.Uri.file(path);
}

function nameOf(uri: vscode.Uri): string {
  return uri.path.slice(uri.path.lastIndexOf('/') + 1).replace(/\.json$/i, '');
}

async function jsonFiles(folder: vscode.Uri): Promise<vscode.Uri[]> {
  try {
    const entries = await vscode.workspace.fs.readDirectory(folder);
    return entries
      .filter(([name, type]) => (type & vscode.FileType.File) !== 0 && /\.json$/i.test(name))
      .map(([name]) => vscode.Uri.joinPath(folder, name))
      .sort((left, right) => left.path.localeCompare(right.path));
  } catch (error) {
    if (error instanceof vscode.FileSystemError && (error.code === 'FileNotFound' || error.code === 'FileNotADirectory')) return [];
    throw error;
  }
}

async function readIfThere(uri: vscode.Uri): Promise<string | undefined> {
  try {
    return new TextDecoder().decode(await vscode.workspace.fs.readFile(uri));
  } catch (error) {
    if (error instanceof vscode.FileSystemError && error.code === 'FileNotFound') return undefined;
    throw error;
  }
}

function memoryKey(functionName: string): string {
  return `lastEvent:${functionName}`;
}
