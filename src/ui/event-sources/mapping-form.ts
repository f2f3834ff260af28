/** Guided input of a mapping's values: a list of its fields with what they are, each asked for by itself. */
import * as vscode from 'vscode';
import { fields, valuesProblem, type Field, type MappingValues, type SourceFacts } from './mapping-values.ts';

export interface MappingFormOptions {
  title: string;
  facts: SourceFacts;
  values: MappingValues;
  /** Whether the mapping is not there yet. */
  fresh: boolean;
  /** Does it; false when it was refused, which has been told: the form stays. */
  save(values: MappingValues): Promise<boolean>;
}

interface FieldItem extends vscode.QuickPickItem {
  field?: Field;
  save?: true;
}

/** True when it was saved; false when the user gave up. */
export async function mappingForm({ title, facts, values: before, fresh, save }: MappingFormOptions): Promise<boolean> {
  const values = { ...before };
  const offered = fields.filter(({ fits, onlyNew }) => fits(facts) && (fresh || !onlyNew));
  for (;;) {
    const problem = valuesProblem(values, facts);
    const items: FieldItem[] = [
      { label: fresh ? '$(check) Create' : '$(check) Save', description: problem ?? '', save: true },
      { label: '', kind: vscode.QuickPickItemKind.Separator },
      ...offered.map((field): FieldItem => {
        const text = values[field.id];
        return { label: field.label, description: text === undefined || text === '' ? `default: ${field.absent(facts)}` : text, detail: field.prompt(facts), field };
      }),
    ];
    const picked = await vscode.window.showQuickPick(items, { title, placeHolder: problem ?? 'Choose a value to change it, or the first line when all is right', ignoreFocusOut: true });
    if (!picked) return false;
    if (picked.field) {
      const text = await ask(title, picked.field, facts, values[picked.field.id]);
      if (text !== undefined) values[picked.field.id] = text.trim();
    } else if (picked.save && problem === undefined && await save(values)) return true;
  }
}

/** Undefined when the user went back. */
async function ask(title: string, field: Field, facts: SourceFacts, value = ''): Promise<string | undefined> {
  const prompt = field.prompt(facts);
  if (field.choices) return vscode.window.showQuickPick([...field.choices], { title: `${title}: ${field.label}`, placeHolder: prompt });
  return vscode.window.showInputBox({
    title: `${title}: ${field.label}`, value, prompt: `${prompt} Empty: ${field.absent(facts)}.`, ignoreFocusOut: true,
    validateInput: (text) => (text.trim() === '' ? undefined : field.problem(text, facts)),
  });
}
