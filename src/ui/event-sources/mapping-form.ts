/** Guided input of a mapping's values: a list of its fields with what they are, each asked for by itself. */
import * as vscode from 'vscode';
import { fields, isAsked, valuesProblem, type Field, type MappingValues, type SourceFacts } from './mapping-values.ts';

export interface MappingFormOptions {
  title: string;
  facts: SourceFacts;
  values: MappingValues;
  /** Whether the mapping is not there yet. */
  fresh: boolean;
  /** ARNs that may be an on-failure destination, to choose from. */
  destinations: readonly { label: string; description: string; arn: string }[];
  /** Leaves the form for a try-out of the filters; it comes back with them. */
  tryFilters(values: MappingValues): Promise<unknown>;
  /** Does it; false when it was refused, which has been told: the form stays. */
  save(values: MappingValues): Promise<boolean>;
}

interface FieldItem extends vscode.QuickPickItem {
  field?: Field;
  save?: true;
}

/** What to do with a field: a value, or leave the form. */
type Answer = { text: string } | 'try-filters' | undefined;

/** True when it was saved; false when the user gave up, or went to try filters. */
export async function mappingForm(options: MappingFormOptions): Promise<boolean> {
  const { title, facts, fresh, save } = options;
  const values = { ...options.values };
  let active: Field | undefined;
  for (;;) {
    const problem = valuesProblem(values, facts);
    const offered = fields.filter((field) => isAsked(field, values, facts) && (fresh || !field.onlyNew));
    const items: FieldItem[] = [
      { label: fresh ? '$(check) Create' : '$(check) Save', description: problem ?? '', save: true },
      { label: '', kind: vscode.QuickPickItemKind.Separator },
      ...offered.map((field): FieldItem => {
        const text = values[field.id];
        return { label: field.label, description: text === undefined || text === '' ? `default: ${field.absent(facts)}` : text, detail: field.prompt(facts), field };
      }),
    ];
    const picked = await pick(items, { title, placeholder: problem ?? 'Choose a value to change it, or the first line when all is right', active });
    if (!picked) return false;
    active = picked.field;
    if (picked.field) {
      const answer = await ask(options, picked.field, values[picked.field.id]);
      if (answer === 'try-filters') {
        await options.tryFilters(values);
        return false;
      }
      if (answer) values[picked.field.id] = answer.text.trim();
    } else if (picked.save && problem === undefined && await save(values)) return true;
  }
}

/** A list that comes back where it was left. */
async function pick(items: readonly FieldItem[], { title, placeholder, active }: { title: string; placeholder: string; active: Field | undefined }): Promise<FieldItem | undefined> {
  const list = vscode.window.createQuickPick<FieldItem>();
  Object.assign(list, { title, placeholder, items, ignoreFocusOut: true });
  const before = items.find(({ field }) => field && field.id === active?.id);
  if (before) list.activeItems = [before];
  try {
    return await new Promise<FieldItem | undefined>((resolve) => {
      list.onDidAccept(() => resolve(list.selectedItems[0]));
      list.onDidHide(() => resolve(undefined));
      list.show();
    });
  } finally {
    list.dispose();
  }
}

/** Undefined when the user went back. */
async function ask(options: MappingFormOptions, field: Field, value = ''): Promise<Answer> {
  const { facts } = options;
  const title = `${options.title}: ${field.label}`;
  const prompt = field.prompt(facts);
  const type = async (): Promise<Answer> => textAnswer(await vscode.window.showInputBox({
    title, value, prompt: `${prompt} Empty: ${field.absent(facts)}.`, ignoreFocusOut: true,
    validateInput: (text) => (text.trim() === '' ? undefined : field.problem(text, facts)),
  }));
  if (field.choices) return textAnswer(await vscode.window.showQuickPick([...field.choices(facts)], { title, placeHolder: prompt, ignoreFocusOut: true }));
  if (field.id === 'Filters') {
    const picked = await choose(title, prompt, [
      { label: '$(beaker) Try in an Editor…', description: 'beside a record, which says live what matches', then: 'try-filters' as const },
      { label: '$(edit) Type…', description: value === '' ? '' : value, then: type },
      ...(value === '' ? [] : [{ label: '$(trash) No filters', description: 'every record is processed', then: { text: '' } }]),
    ]);
    return typeof picked?.then === 'function' ? picked.then() : picked?.then;
  }
  if (field.id === 'OnFailure' && options.destinations.length > 0) {
    const picked = await choose(title, prompt, [
      ...options.destinations.map(({ label, description, arn }) => ({ label, description, detail: arn, then: { text: arn } })),
      { label: '$(edit) Type an ARN…', description: '', then: type },
      ...(value === '' ? [] : [{ label: '$(trash) No destination', description: 'batches given up are told to nobody', then: { text: '' } }]),
    ]);
    return typeof picked?.then === 'function' ? picked.then() : picked?.then;
  }
  return type();
}

interface Choice extends vscode.QuickPickItem {
  then: Answer | (() => Promise<Answer>);
}

async function choose(title: string, placeHolder: string, items: readonly Choice[]): Promise<Choice | undefined> {
  return vscode.window.showQuickPick(items, { title, placeHolder, ignoreFocusOut: true });
}

function textAnswer(text: string | undefined): Answer {
  return text === undefined ? undefined : { text };
}
