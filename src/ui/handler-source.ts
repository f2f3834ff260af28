/**
 * Finds handlers in source text: where an export that a template names stands, which exports carry a typed handler
 * signature, and which could be registered. Patterns, not a parser: they look at declarations that begin a line, and the
 * editor's document symbols have the last word where a language server answers.
 */

export type SourceLanguage = 'script' | 'python';

export interface SourceHandler {
  /** As the last part of `Handler` names it; `default` for a default export. */
  name: string;
  /** Of the declaration's first character. */
  offset: number;
}

/** By VS Code language id; undefined for languages without handlers of ours. */
export function sourceLanguage(languageId: string): SourceLanguage | undefined {
  if (/^(java|type)script(react)?$/.test(languageId)) return 'script';
  return languageId === 'python' ? 'python' : undefined;
}

/** Tests hold handlers that nobody deploys. `path` may use either slash. */
export function isTestFile(path: string): boolean {
  return /(^|[\\/])(__tests__|tests?|spec)[\\/]|\.(test|spec)\.[cm]?[jt]sx?$|(^|[\\/])(test_[^\\/]*|[^\\/]*_test|conftest)\.py$/i.test(path);
}

/** Offset of the line that exports `name`, re-exports and wrapped ones included. */
export function locateExport(text: string, name: string, language: SourceLanguage): number | undefined {
  const id = name.replaceAll(/[^\w$]/g, '\\$&');
  const patterns = language === 'python'
    ? [`^(?:async +)?def +${id}\\b`, `^${id} *(?::[^=\\n]+)?=(?!=)`, `^from .+ import .*\\b${id}\\b`]
    : [
        `^export +(?:async +)?function *\\*? *${id}\\b`,
        `^export +(?:const|let|var) +${id}\\b`,
        `^export +(?:const|let|var) +\\{[^}]*\\b${id}\\b[^}]*\\} *=`,
        `^(?:module\\.)?exports\\.${id} *=`,
        `^export *(?:type +)?\\{[^}]*\\b${id}\\b[^}]*\\}`,
        ...(name === 'default' ? ['^export +default\\b', '^module\\.exports *=(?! *\\{)'] : []),
        // `module.exports = { handler }`: the declaration says more than the list of names.
        `^(?:async +)?function *\\*? *${id}\\b`,
        `^(?:const|let|var) +${id}\\b`,
        `^module\\.exports *= *\\{[^}]*\\b${id}\\b`,
      ];
  for (const pattern of patterns) {
    const found = new RegExp(pattern, 'm').exec(text);
    if (found) return found.index;
  }
  return undefined;
}

/** Exports whose own signature says that they are Lambda handlers. */
export function typedHandlers(text: string, language: SourceLanguage): SourceHandler[] {
  return language === 'python' ? pythonHandlers(text) : scriptHandlers(text);
}

/** Exports that may be registered as a function, `likely` ones being worth a quiet offer. */
export function exportedFunctions(text: string, language: SourceLanguage): (SourceHandler & { likely: boolean })[] {
  const found = new Map<string, SourceHandler & { likely: boolean }>();
  const take = (pattern: RegExp) => {
    for (const { groups, index } of text.matchAll(pattern)) {
      const name = groups?.['name'] ?? 'default';
      const first = groups?.['first'] ?? '';
      const likely = /handler$/i.test(name) || /^_?(event|evt|records?)$/i.test(first) || groups?.['wrapper'] === 'middy';
      if (!found.has(name)) found.set(name, { name, offset: index, likely });
    }
  };
  if (language === 'python') {
    take(/^(?:async +)?def +(?<name>[A-Za-z]\w*) *\( *(?<first>\w*)[^,)]*, *\w+[^,)]*\)/gm);
  } else {
    take(/^export +(?:async +)?function +(?<name>[\w$]+) *(?:<[^>]*>)? *\( *(?<first>[\w$]*)/gm);
    take(/^export +default +(?:async +)?(?:function *)?\(? *(?<first>[\w$]*)/gm);
    take(/^(?:export +(?:const|let|var) +|(?:module\.)?exports\.)(?<name>[\w$]+)[^=\n]*= *(?:async *)?(?:function *[\w$]* *)?\(? *(?<first>[\w$]*)[^\n]*(?:=>|\) *\{|, *$)/gm);
    take(/^(?:export +(?:const|let|var) +|(?:module\.)?exports\.)(?<name>[\w$]+)[^=\n]*= *(?<wrapper>[\w$]+)(?:<[^>]*>)?\(/gm);
  }
  return [...found.values()].sort((left, right) => left.offset - right.offset);
}

function pythonHandlers(text: string): SourceHandler[] {
  const found = /^(?:async +)?def +lambda_handler *\(\s*_?event\b[^,)]*,\s*_?context\b/m.exec(text);
  return found ? [{ name: 'lambda_handler', offset: found.index }] : [];
}

function scriptHandlers(text: string): SourceHandler[] {
  const types = handlerTypes(text);
  const found = new Map<string, number>();
  const take = (name: string, offset: number) => { if (!found.has(name)) found.set(name, offset); };
  for (const { index, groups } of text.matchAll(/@type\s*\{\s*import\(['"]aws-lambda['"]\)\.\w*Handler\w*\b[^}]*\}\s*\*\/\s*(?<code>(?:export\s+(?:const|let|var)\s+|(?:module\.)?exports\.)(?<name>[\w$]+))/g)) {
    const code = groups?.['code'] ?? '';
    take(groups?.['name'] ?? '', text.indexOf(code, index));
  }
  const declarations = [...text.matchAll(/^(?<export>export +)?(?:(?:const|let|var) +(?<name>[\w$]+)|(?<default>default\b))/gm)];
  for (const [position, { index, 0: head, groups }] of declarations.entries()) {
    const isDefault = groups?.['default'] !== undefined;
    if (isDefault && !groups?.['export']) continue;
    const rest = text.slice(index + head.length, nextStatement(text, index + head.length, declarations[position + 1]?.index));
    const annotated = /^\s*:\s*(import\(['"]aws-lambda['"]\)\.\w*Handler\w*|[\w$]+(?:\.[\w$]+)?)/.exec(rest)?.[1];
    const satisfied = /\bsatisfies\s+(import\(['"]aws-lambda['"]\)\.\w*Handler\w*|[\w$]+(?:\.[\w$]+)?)/.exec(rest)?.[1];
    if (![annotated, satisfied].some((type) => type !== undefined && (types.has(type) || type.startsWith('import(')))) continue;
    if (isDefault) take('default', index);
    else for (const name of exportedAs(text, groups?.['name'] ?? '', groups?.['export'] !== undefined)) take(name, index);
  }
  return [...found].map(([name, offset]) => ({ name, offset })).sort((left, right) => left.offset - right.offset);
}

/** Names in this file of the handler types of `@types/aws-lambda`; Express has a `Handler` too. */
function handlerTypes(text: string): Set<string> {
  const types = new Set<string>();
  for (const { groups } of text.matchAll(/^import\s+(?:type\s+)?(?:\{(?<names>[^}]*)\}|\*\s+as\s+(?<space>[\w$]+)|(?<standard>[\w$]+))\s*from\s*['"]aws-lambda(?:\/[^'"]*)?['"]/gm)) {
    const space = groups?.['space'] ?? groups?.['standard'];
    for (const { 1: type } of space === undefined ? [] : text.matchAll(new RegExp(`\\b${space.replaceAll('$', '\\$')}\\.(\\w*Handler\\w*)`, 'g'))) {
      types.add(`${space}.${type}`);
    }
    for (const part of groups?.['names']?.split(',') ?? []) {
      const [, type = '', alias] = /^\s*(?:type\s+)?([\w$]+)(?:\s+as\s+([\w$]+))?/.exec(part) ?? [];
      if (/Handler/.test(type)) types.add(alias ?? type);
    }
  }
  return types;
}

/** Under which names a declaration leaves the file. */
function exportedAs(text: string, name: string, direct: boolean): string[] {
  if (direct) return [name];
  const id = name.replaceAll('$', '\\$');
  const names: string[] = [];
  for (const { 1: list = '' } of text.matchAll(/^(?:export|module\.exports *=) *\{([^}]*)\}(?!\s*from)/gm)) {
    const found = new RegExp(`(?:^|,)\\s*${id}\\s*(?:as\\s+([\\w$]+))?\\s*(?:,|$)`).exec(list);
    if (found) names.push(found[1] ?? name);
  }
  if (new RegExp(`^export +default +${id}\\b`, 'm').test(text)) names.push('default');
  for (const { 1: exported = '' } of text.matchAll(new RegExp(`^(?:module\\.)?exports\\.([\\w$]+) *= *${id} *;?\\s*$`, 'gm'))) names.push(exported);
  return names;
}

/** A declaration ends where the next line begins with a statement of its own. */
function nextStatement(text: string, from: number, nextDeclaration = text.length): number {
  const found = /^(?:export|import|const|let|var|function|async function|class|module\.|exports\.|interface|type)\b/m.exec(text.slice(from + 1));
  return Math.min(nextDeclaration, found ? from + 1 + found.index : text.length);
}
