/** Commands about one function: invoke, cancel, events, going to its code, copying its names. */
import * as vscode from 'vscode';
import { UserError } from '../contracts/faults.ts';
import type { FunctionSummary } from '../contracts/lambda-api.ts';
import { cancelExecution, listExecutions } from '../protocol/engine.ts';
import type { CommandRegistry } from './command-registry.ts';
import type { EngineClient } from './engine-client.ts';
import type { EventPicker } from './event-picker.ts';
import type { FunctionChooser } from './function-chooser.ts';
import type { HandlerIndex } from './handler-index.ts';
import type { FunctionInvoker, InvokeChoice } from './invoke-function.ts';
import type { FunctionRegistration } from './register-function.ts';
import type { TestEvents } from './test-events.ts';
import { columnForText } from './text-column.ts';

export interface FunctionCommandParts {
  engine: EngineClient;
  chooser: FunctionChooser;
  index: HandlerIndex;
  events: TestEvents;
  picker: EventPicker;
  invoker: FunctionInvoker;
  registration: FunctionRegistration;
  showRecord(id: string): Promise<void>;
}

export function registerFunctionCommands(commands: CommandRegistry, parts: FunctionCommandParts): void {
  const { engine, chooser, index, events, picker, invoker, registration } = parts;
  /** A command on a function that is chosen first. */
  const onFunction = <R>(name: string, title: string, work: (fn: FunctionSummary, ...rest: unknown[]) => Promise<R>) => {
    commands.register(name, async (argument, ...rest) => {
      const fn = await chooser.choose(argument, title);
      return fn && work(fn, ...rest);
    });
  };

  onFunction('invoke', 'Invoke Function', (fn, choice) => invoker.invoke(fn, readChoice(choice)));
  onFunction('invokeWithEvent', 'Invoke with Event', (fn) => invoker.invoke(fn, { ask: true }));
  onFunction('invokeAsync', 'Invoke Function Asynchronously', (fn, choice) => invoker.invoke(fn, { ...readChoice(choice), asynchronous: true }));
  onFunction('invokeAsyncWithEvent', 'Invoke Asynchronously with Event', (fn) => invoker.invoke(fn, { ask: true, asynchronous: true }));
  onFunction('cancel', 'Cancel Running Invocations', async (fn) => {
    const running = await engine.request(listExecutions, { functionName: fn.name, status: 'running', limit: 1000 });
    if (running.length === 0) throw new UserError(`${fn.name} is not running.`);
    await Promise.all(running.map(({ id }) => engine.request(cancelExecution, { id })));
  });
  onFunction('showLastRecord', 'Show Last Record', async (fn) => {
    if (!fn.last) throw new UserError(`${fn.name} has not run yet.`);
    await parts.showRecord(fn.last.id);
  });

  onFunction('newEvent', 'New Test Event', async (fn) => {
    const event = await picker.create(fn);
    if (!event) return;
    await events.remember(fn, event);
    await vscode.window.showTextDocument(event.uri, { viewColumn: columnForText() });
  });
  onFunction('openEvent', 'Open Test Event', (fn) => picker.open(fn));
  onFunction('editOptions', 'Edit Invocation Options', async (fn) => {
    await vscode.window.showTextDocument(await events.optionsFile(fn), { viewColumn: columnForText() });
  });

  onFunction('openHandler', 'Open Handler', async (fn) => {
    if (fn.handlerFile === undefined) throw new UserError(`No file was found for ${fn.name}'s handler ${fn.handler} below ${fn.codeFolder}: correct its handler or its code folder.`);
    const document = await vscode.workspace.openTextDocument(vscode.Uri.file(fn.handlerFile));
    const found = (await index.find(document)).find(({ functionName }) => functionName === fn.name);
    await show(document, found?.line ?? 0);
  });
  onFunction('openTemplate', 'Open Template', async (fn) => {
    const { location } = fn.origin;
    if (!location) throw new UserError(`${fn.name} was created by the API: no template names it.`);
    await show(await vscode.workspace.openTextDocument(vscode.Uri.file(location.file)), location.line, location.column);
  });
  onFunction('reveal', 'Reveal Code in Explorer', async (fn) => {
    await vscode.commands.executeCommand('revealInExplorer', vscode.Uri.file(fn.handlerFile ?? fn.codeFolder));
  });
  onFunction('copyArn', 'Copy ARN', async (fn) => { await vscode.env.clipboard.writeText(fn.arn); });
  onFunction('copyName', 'Copy Name', async (fn) => { await vscode.env.clipboard.writeText(fn.name); });

  commands.register('register', async (uri, exportName, options) => {
    const { name: givenName, thenInvoke } = (options ?? {}) as { name?: string; thenInvoke?: boolean };
    const name = await registration.register(
      uri instanceof vscode.Uri ? uri : undefined, typeof exportName === 'string' ? exportName : undefined, givenName,
    );
    if (name === undefined) return undefined;
    await registration.appeared(name);
    if (thenInvoke) await vscode.commands.executeCommand('localLambda.invoke', name);
    return name;
  });
}

/** Menus pass arguments of their own after the first. */
function readChoice(value: unknown): InvokeChoice {
  const { ask, payload } = (typeof value === 'object' && value !== null ? value : {}) as InvokeChoice;
  return { ...(ask === true && { ask }), ...(typeof payload === 'string' && { payload }) };
}

async function show(document: vscode.TextDocument, line: number, column = 0): Promise<void> {
  const position = new vscode.Position(line, column);
  await vscode.window.showTextDocument(document, { viewColumn: columnForText(), selection: new vscode.Range(position, position) });
}
