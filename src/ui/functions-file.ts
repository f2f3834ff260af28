/** Edits of `.local-lambda/functions.json` that keep its comments and layout. Format: media/functions.schema.json. */
import { applyEdits, findNodeAtLocation, modify, parse, parseTree, type ParseError } from 'jsonc-parser';
import { UserError } from '../contracts/faults.ts';

/** One member of `functions`; what is absent takes AWS's defaults. */
export interface RegisteredFunction {
  handler: string;
  runtime: string;
  timeout: number;
  memorySize: number;
  environment: Record<string, string>;
  /** Code folder relative to the workspace folder; the workspace folder itself when absent. */
  codeUri?: string;
}

const formattingOptions = { tabSize: 2, insertSpaces: true, eol: '\n' };

/**
 * The file's text with the function added. `text` is undefined or empty for a new file.
 * @throws UserError when the text is broken or has the function already.
 */
export function addRegisteredFunction(text: string | undefined, name: string, entry: RegisteredFunction): string {
  const before = text === undefined || text.trim() === '' ? '{\n  "functions": {}\n}\n' : text;
  const errors: ParseError[] = [];
  const parsed: unknown = parse(before, errors, { allowTrailingComma: true });
  const functions: unknown = isObject(parsed) ? (parsed['functions'] ?? {}) : undefined;
  if (errors.length > 0 || !isObject(functions)) {
    throw new UserError('.local-lambda/functions.json is broken: correct it first, its problems are marked in the editor.');
  }
  if (Object.hasOwn(functions, name)) throw new UserError(`.local-lambda/functions.json has a function ${name} already: choose another name.`);
  return insertMember(before, name, entry) ?? applyEdits(before, modify(before, ['functions', name], entry, { formattingOptions }));
}

/**
 * Puts a member last in `functions`, touching nothing else: jsonc-parser's own edit lays its neighbours out anew and
 * moves their comments. Undefined when `functions` is absent or empty, where there is nothing to spare.
 */
function insertMember(text: string, name: string, entry: RegisteredFunction): string | undefined {
  const tree = parseTree(text, [], { allowTrailingComma: true });
  const functions = tree && findNodeAtLocation(tree, ['functions']);
  const last = functions?.children?.at(-1);
  if (!functions || !last) return undefined;
  const end = last.offset + last.length;
  const close = functions.offset + functions.length - 1;
  const between = text.slice(end, close);
  const comma = withoutComments(between).includes(',') ? '' : ',';
  const tail = between.trimEnd();
  const line = text.slice(text.lastIndexOf('\n', last.offset) + 1, last.offset);
  const indent = /^\s*$/.test(line) ? line : '    ';
  const member = `${JSON.stringify(name)}: ${JSON.stringify(entry, undefined, 2)}`.replaceAll('\n', `\n${indent}`);
  const gap = between.slice(tail.length).includes('\n') ? between.slice(tail.length) : '\n  ';
  return `${text.slice(0, end)}${comma}${tail}\n${indent}${member}${gap}${text.slice(close)}`;
}

function withoutComments(text: string): string {
  return text.replaceAll(/\/\/[^\n]*|\/\*[^]*?\*\//g, '');
}

/** Offset of a function's name in the file; undefined when it is not there. */
export function registeredAt(text: string, name: string): number | undefined {
  const at = text.indexOf(JSON.stringify(name));
  return at < 0 ? undefined : at;
}

/**
 * `handler`, `codeUri` and a first `name` for an export of a file. `path` is relative to the workspace folder, with
 * slashes. A Python file outside a package is the top of its own code folder, so that it finds the modules beside it.
 */
export function describeHandler(path: string, exportName: string, options: { inPackage?: boolean } = {}): { name: string; handler: string; codeUri?: string } {
  const withoutExtension = path.replace(/\.[^./]+$/, '');
  const slash = withoutExtension.lastIndexOf('/');
  const folder = slash < 0 ? '' : withoutExtension.slice(0, slash);
  const file = withoutExtension.slice(slash + 1);
  const plain = /^(default|handler|lambda_handler|main)$/.test(exportName);
  const base = !plain ? exportName : /^(index|app|main|handler|lambda_function)$/.test(file) && folder !== '' ? folder.slice(folder.lastIndexOf('/') + 1) : file;
  const name = base.replaceAll(/[^\w-]+/g, '-').replaceAll(/^-+|-+$/g, '').slice(0, 64) || 'function';
  if (path.endsWith('.py') && folder !== '' && !options.inPackage) return { name, handler: `${file}.${exportName}`, codeUri: folder };
  return { name, handler: `${withoutExtension}.${exportName}` };
}

/** The newest runtime on which handlers of every style work: callbacks are gone from nodejs24.x. */
export function guessRuntime(path: string): string {
  return path.endsWith('.py') ? 'python3.13' : 'nodejs22.x';
}

/** AWS's rule for function names; undefined when kept. */
export function functionNameProblem(name: string): string | undefined {
  return /^[A-Za-z0-9_-]{1,64}$/.test(name) ? undefined : 'A function name has 1 to 64 letters, digits, hyphens and underscores.';
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
