/** Commands about the engine as a whole and about all records. */
import * as vscode from 'vscode';
import { UserError } from '../contracts/faults.ts';
import { clearExecutions, exportExecutions } from '../protocol/engine.ts';
import { scaleText } from '../protocol/wait-clock.ts';
import { endpointExports, shellOf } from './cli-command.ts';
import type { CommandRegistry } from './command-registry.ts';
import type { EngineClient } from './engine-client.ts';

export interface EngineCommandParts {
  engine: EngineClient;
  showLog(): void;
}

export function registerEngineCommands(commands: CommandRegistry, { engine, showLog }: EngineCommandParts): void {
  commands.register('startEngine', () => engine.start());
  commands.register('restartEngine', () => engine.restart());
  commands.register('resetEngine', async () => {
    const reset = 'Reset';
    const answer = await vscode.window.showWarningMessage(
      'Reset the engine of this workspace?',
      {
        modal: true,
        detail: 'All records, published versions, aliases and functions created through the API are deleted, and running functions are ended. Templates, functions.json and test events stay.',
      },
      reset,
    );
    if (answer === reset) await engine.reset();
  });
  commands.register('showOutput', async () => showLog());

  commands.register('copyEndpointExports', async () => {
    await engine.start();
    if (!engine.info) throw new UserError('The engine is not ready: try again in a moment.');
    await vscode.env.clipboard.writeText(endpointExports(engine.info, shellOf(vscode.env.shell, process.platform)));
    void vscode.window.showInformationMessage('Copied: paste the lines into a terminal, and the AWS CLI and SDKs started there reach this engine.');
  });

  commands.register('clearRecords', async () => {
    const clear = 'Clear';
    const answer = await vscode.window.showWarningMessage(
      'Clear all records of this workspace?',
      { modal: true, detail: 'Events, results and logs of finished executions are deleted. Running ones stay.' },
      clear,
    );
    if (answer === clear) await engine.request0(clearExecutions);
  });
  commands.register('exportRecords', async () => {
    const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
    const target = await vscode.window.showSaveDialog({
      title: 'Export Records as JSON Lines',
      filters: { 'JSON Lines': ['jsonl'] },
      ...(folder && { defaultUri: vscode.Uri.joinPath(folder, 'executions.jsonl') }),
    });
    if (!target) return;
    const count = await engine.request(exportExecutions, { file: target.fsPath });
    void vscode.window.showInformationMessage(`Exported ${count === 1 ? 'one execution' : `${count} executions`} to ${target.fsPath}.`);
  });

  commands.register('engineMenu', async () => {
    const entry = (icon: string, label: string, command: string, description = '') => ({ label: `$(${icon}) ${label}`, description, command });
    const entries = vscode.workspace.isTrusted
      ? [
          entry('history', 'Show records', 'localLambda.showRecords'),
          entry('watch', 'Set speed of waits…', 'localLambda.setTimeScale', engine.clock && scaleText(engine.clock.scale)),
          entry('debug-step-over', 'Advance AWS time…', 'localLambda.advanceTime'),
          engine.status.paused
            ? entry('debug-continue', 'Resume events and schedules', 'localLambda.resume')
            : entry('debug-pause', 'Pause events and schedules', 'localLambda.pause'),
          entry('output', 'Show log', 'localLambda.showOutput'),
          entry('clippy', 'Copy endpoint exports', 'localLambda.copyEndpointExports', engine.info?.endpoint),
          engine.state === 'stopped'
            ? entry('play', 'Start engine', 'localLambda.startEngine')
            : entry('debug-restart', 'Restart engine', 'localLambda.restartEngine'),
          entry('trash', 'Reset engine…', 'localLambda.resetEngine', engine.info?.dataFolder),
        ]
      : [entry('shield', 'Manage workspace trust', 'workbench.trust.manage'), entry('output', 'Show log', 'localLambda.showOutput')];
    const picked = await vscode.window.showQuickPick(entries, { title: 'Local Lambda', placeHolder: engine.failure ?? `The engine is ${engine.state}` });
    if (picked) await vscode.commands.executeCommand(picked.command);
  });
}
