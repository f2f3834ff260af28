/** Commands about EventBridge buses and rules. */
import * as vscode from 'vscode';
import { UserError } from '../../contracts/faults.ts';
import { fireRule } from '../../protocol/engine.ts';
import { isNode } from './chooser.ts';
import type { DestinationParts } from './parts.ts';
import { confirm } from './queue-commands.ts';
import { count } from './words.ts';

export function registerBusCommands({ commands, engine, calls, chooser, documents, drafts, inform }: DestinationParts): void {
  commands.register('putEvent', async (argument) => {
    const bus = await chooser.choose('bus', argument, 'Put Event on Bus');
    if (bus) await drafts.open({ kind: 'event', arn: bus.arn, name: bus.name }, { busName: bus.name }, selectedJson());
  });

  commands.register('fireRule', async (argument) => {
    const chosen = await chooser.rule(argument, 'Run Schedule Now', ({ schedule }) => schedule !== undefined);
    if (!chosen) return;
    await engine.request(fireRule, { ruleArn: chosen.rule.arn });
    inform(`${chosen.rule.name} runs now.`);
  });

  commands.register('openBusEvent', async (argument) => {
    if (!isNode(argument) || argument.kind !== 'busEvent') throw new UserError('Choose one of a bus\'s last events in the Destinations view.');
    await documents.openBusEvent(argument.bus.arn, argument.event.id);
  });

  const toggle = (name: string, title: string, operation: string, fits: boolean) => {
    commands.register(name, async (argument) => {
      const chosen = await chooser.rule(argument, title, ({ enabled }) => enabled === fits);
      if (chosen) await calls.events(operation, { Name: chosen.rule.name, EventBusName: chosen.bus.name });
    });
  };
  toggle('enableRule', 'Enable Rule', 'EnableRule', false);
  toggle('disableRule', 'Disable Rule', 'DisableRule', true);

  commands.register('deleteBus', async (argument, confirmed) => {
    const bus = await chooser.choose('bus', argument, 'Delete Bus', ({ name }) => name !== 'default');
    if (!bus) return;
    if (confirmed !== true && !await confirm(`Delete the bus ${bus.name}?`, `It has ${count(bus.rules.length, 'rule')}; EventBridge deletes a bus only once it has none.`, 'Delete')) return;
    await calls.events('DeleteEventBus', { Name: bus.name });
    inform(`${bus.name} was deleted.`);
  });
}

/** What is selected in the editor, when it is JSON: the detail of an event. */
function selectedJson(): string | undefined {
  const editor = vscode.window.activeTextEditor;
  if (!editor || editor.selection.isEmpty) return undefined;
  const text = editor.document.getText(editor.selection);
  try {
    return typeof JSON.parse(text) === 'object' ? text : undefined;
  } catch {
    return undefined;
  }
}
