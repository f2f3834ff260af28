import { parseTemplateYaml } from './cfn-yaml.ts';
import type { ParsedText } from './nodes.ts';
import { parseTemplateJson } from './template-json.ts';

/** Parses files by their extension; a file whose text has not changed is not parsed again. */
export class ParsedFiles {
  readonly #files = new Map<string, { text: string; parsed: ParsedText }>();

  parse(file: string, text: string): ParsedText {
    const known = this.#files.get(file);
    if (known?.text === text) return known.parsed;
    const parsed = file.toLowerCase().endsWith('.json') ? parseTemplateJson(text) : parseTemplateYaml(text);
    this.#files.set(file, { text, parsed });
    return parsed;
  }

  /** Forgets all other files. */
  keep(files: readonly string[]): void {
    const kept = new Set(files);
    for (const file of this.#files.keys()) if (!kept.has(file)) this.#files.delete(file);
  }
}
