/** Composition root of the extension: registers everything, starts nothing that is not needed yet. */
import { join } from 'node:path';
import * as vscode from 'vscode';
import { UserError } from './contracts/faults.ts';
import { cliCommand, longestPayload, shellOf } from './ui/cli-command.ts';
import { CodeLenses } from './ui/code-lenses.ts';
import { CommandRegistry } from './ui/command-registry.ts';
import { ContextKeys } from './ui/context-keys.ts';
import { DestinationsView } from './ui/destinations/view.ts';
import { Diagnostics } from './ui/diagnostics.ts';
import { registerEngineCommands } from './ui/engine-commands.ts';
import { EngineClient } from './ui/engine-client.ts';
import { registerEventCommands } from './ui/event-commands.ts';
import { EventPicker } from './ui/event-picker.ts';
import { EventSourcesView } from './ui/event-sources/view.ts';
import { FailedEvents } from './ui/failed-events.ts';
import { FunctionChooser } from './ui/function-chooser.ts';
import { registerFunctionCommands } from './ui/function-commands.ts';
import { FunctionStates } from './ui/function-states.ts';
import { FunctionsTree } from './ui/functions-tree.ts';
import { HandlerIndex } from './ui/handler-index.ts';
import { FunctionInvoker } from './ui/invoke-function.ts';
import { LeftOvers } from './ui/left-over.ts';
import { Output } from './ui/output.ts';
import { RecordsPanel } from './ui/panel.ts';
import { PatternTryOut } from './ui/pattern-try-out.ts';
import { PythonInterpreters } from './ui/python-interpreters.ts';
import { FunctionRegistration } from './ui/register-function.ts';
import { engineSettings, section } from './ui/settings.ts';
import { StatusBar } from './ui/status-bar.ts';
import { TestEvents } from './ui/test-events.ts';
import { registerTimeCommands } from './ui/time-commands.ts';
import { TimeStatus } from './ui/time-status.ts';
import { columnForText } from './ui/text-column.ts';
import { startWithFunctions } from './ui/workspace-watch.ts';

/** What the extension's own tests look at. Not an API: it changes without notice. */
export interface ExtensionInternals {
  engine: EngineClient;
  states: FunctionStates;
  tree: FunctionsTree;
  time: TimeStatus;
  failed: FailedEvents;
  eventSources: EventSourcesView;
  destinations: DestinationsView;
}

export function activate(context: vscode.ExtensionContext): ExtensionInternals {
  const own = <T extends vscode.Disposable>(disposable: T): T => {
    context.subscriptions.push(disposable);
    return disposable;
  };
  const output = own(new Output());
  const interpreters = own(new PythonInterpreters(output));
  const settingsChanged = own(new vscode.EventEmitter<void>());
  own(interpreters.onDidChange(() => settingsChanged.fire()));
  own(vscode.workspace.onDidChangeConfiguration((event) => { if (event.affectsConfiguration(section)) settingsChanged.fire(); }));

  const engine = own(new EngineClient({
    engineEntry: join(context.extensionPath, 'dist', 'engine.cjs'),
    version: (context.extension.packageJSON as { version: string }).version,
    logger: output,
    readSettings: async () => ({ ...engineSettings(), pythonInterpreters: await interpreters.read() }),
    onDidChangeSettings: settingsChanged.event,
  }));
  output.follow(engine);
  // A start that nobody asked for by a command shows its failure in the view and the log.
  const startQuietly = () => { if (vscode.workspace.isTrusted) engine.start().catch(() => {}); };

  const states = own(new FunctionStates(engine));
  const index = new HandlerIndex(states);
  const events = new TestEvents(context.workspaceState);
  const picker = new EventPicker(events, context.extensionUri);
  const panel = own(new RecordsPanel(context, engine, {
    seen: (id) => failed.seen(id),
    saveAsTestEvent: async (functionName, payload) => {
      const event = await picker.savePayload(functionName, states.find(functionName)?.origin.folder, payload);
      if (event) await vscode.window.showTextDocument(event.uri, { viewColumn: columnForText() });
    },
    copyAsCli: async ({ functionName, qualifier, clientContext, logType, invocationType }, payload) => {
      await engine.start();
      if (!engine.info) throw new UserError('The engine is not ready: try again in a moment.');
      const { endpoint, region } = engine.info;
      const shell = shellOf(vscode.env.shell, process.platform);
      await vscode.env.clipboard.writeText(cliCommand({ endpoint, region, functionName, qualifier, clientContext, logType, invocationType, payload }, shell));
      const exports = 'Copy Endpoint Exports';
      const hint = payload.length > longestPayload ? ' It reads the payload, which is too long for a command line, from event.json.' : '';
      const answer = await vscode.window.showInformationMessage(`Copied. The command takes its credentials from the terminal's environment.${hint}`, exports);
      if (answer === exports) await vscode.commands.executeCommand('localLambda.copyEndpointExports');
    },
  }, output));
  const showRecord = (id: string) => panel.show(id);

  const failed = own(new FailedEvents(engine, showRecord, () => panel.show()));
  const tree = own(new FunctionsTree(engine, states, failed, startQuietly));
  own(new StatusBar(engine));
  const leftOvers = own(new LeftOvers(engine));
  const time = own(new TimeStatus(engine, leftOvers, states));
  own(new Diagnostics(engine));
  own(new CodeLenses(states, index));
  own(new ContextKeys(engine, states, index, leftOvers));
  const registration = own(new FunctionRegistration(engine, states, index));

  const commands = own(new CommandRegistry(output));
  const chooser = new FunctionChooser(engine, states, index);
  registerFunctionCommands(commands, {
    engine, index, events, picker, registration, showRecord,
    chooser,
    invoker: new FunctionInvoker(engine, events, picker, showRecord),
  });
  registerEngineCommands(commands, { engine, showLog: () => output.channel.show() });
  const tryOut = own(new PatternTryOut(engine));
  const destinations = own(new DestinationsView({ engine, commands, functions: chooser, leftOvers, tryOut, memory: context.workspaceState, showRecord, onVisible: startQuietly }));
  registerEventCommands(commands, { engine, states, chooser, failed });
  registerTimeCommands(commands, engine);
  const eventSources = own(new EventSourcesView({ engine, commands, functions: chooser, states, tryOut, extensionUri: context.extensionUri, onVisible: startQuietly }));
  commands.register('showRecords', () => panel.show());
  commands.register('showRecord', async (id) => {
    if (typeof id === 'string') await panel.show(id);
  });

  own(startWithFunctions(startQuietly, output));
  return { engine, states, tree, time, failed, eventSources, destinations };
}
