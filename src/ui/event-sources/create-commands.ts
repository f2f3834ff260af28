/** Commands that make a mapping and change its values. */
import * as vscode from 'vscode';
import { UserError } from '../../contracts/faults.ts';
import { callService } from '../../protocol/engine.ts';
import { isForTheUser, sentence } from '../sentences.ts';
import { isSourceNode } from './chooser.ts';
import { mappingForm } from './mapping-form.ts';
import { sourceName } from './mapping-words.ts';
import { factsOf, fromConfiguration, toInput, type MappingValues } from './mapping-values.ts';
import type { EventSourceParts } from './parts.ts';
import { askSourceElsewhere } from './place-commands.ts';

export function registerCreateCommands({ commands, engine, chooser, functions, states, inform }: EventSourceParts): void {
  /** AWS's own words when it refuses; the form stays open. */
  const saved = async (work: () => Promise<unknown>): Promise<boolean> => {
    try {
      await work();
      return true;
    } catch (error) {
      if (!isForTheUser(error)) throw error;
      void vscode.window.showErrorMessage(sentence(error));
      return false;
    }
  };

  /**
   * Arguments: source (node, ARN or name), function name, and the input of CreateEventSourceMapping, which leaves out the
   * questions. Answers with the UUID.
   */
  commands.register('createMapping', async (sourceArgument, functionArgument, given) => {
    const title = 'Create Event Source Mapping';
    const source = await chooser.source(sourceArgument, title, askSourceElsewhere);
    if (!source) return undefined;
    const functionName = typeof functionArgument === 'string' ? functionArgument : await chooseFunction(title);
    if (functionName === undefined) return undefined;
    const create = async (input: Record<string, unknown>) => {
      const output = await engine.request(callService, { service: 'lambda', operation: 'CreateEventSourceMapping', input: { EventSourceArn: source.arn, FunctionName: functionName, ...input } });
      inform(`${functionName} reads from ${sourceName(source.arn)}.`);
      return String(output['UUID']);
    };
    if (isInput(given)) return create(given);
    const facts = factsOf(source.source, source.arn);
    let uuid: string | undefined;
    await mappingForm({
      title: `${sourceName(source.arn)} → ${functionName}`, facts, values: {}, fresh: true,
      save: (values: MappingValues) => saved(async () => { uuid = await create(toInput(values, facts, true)); }),
    });
    return uuid;
  });

  /** Arguments: mapping, and the input of UpdateEventSourceMapping, which leaves out the questions. */
  commands.register('editMapping', async (argument, given) => {
    const mapping = await chooser.mapping(argument, 'Edit Event Source Mapping');
    if (!mapping) return;
    const update = async (input: Record<string, unknown>) => {
      await engine.request(callService, { service: 'lambda', operation: 'UpdateEventSourceMapping', input: { UUID: mapping.uuid, ...input } });
      inform(`The mapping of ${mapping.functionName} was changed.`);
    };
    if (isInput(given)) {
      await update(given);
      return;
    }
    const facts = factsOf(mapping.source, mapping.eventSourceArn);
    await mappingForm({
      title: `${sourceName(mapping.eventSourceArn)} → ${mapping.functionName}`, facts, values: fromConfiguration(mapping.configuration), fresh: false,
      save: (values) => saved(() => update(toInput(values, facts, false))),
    });
  });

  /** Any function, wherever the cursor is. */
  async function chooseFunction(title: string): Promise<string | undefined> {
    if (states.all.length === 0) return (await functions.choose(undefined, title))?.name;
    const picked = await vscode.window.showQuickPick(states.all.map(({ name, runtime }) => ({ label: name, description: runtime })), { title, placeHolder: 'Choose the function that gets the records', ignoreFocusOut: true });
    if (picked && !states.find(picked.label)) throw new UserError(`There is no function ${picked.label} any more.`);
    return picked?.label;
  }
}

/** Menus pass the selected nodes as a second argument. */
function isInput(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !isSourceNode(value);
}
