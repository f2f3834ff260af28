import assert from 'node:assert/strict';
import { mkdirSync, renameSync, rmSync } from 'node:fs';
import type { WorkspaceModel, WorkspaceReader } from '../../../src/contracts/workspace.ts';
import { WorkspaceWatcher } from '../../../src/template/workspace-watcher.ts';
import { Fixture, RecordingLogger } from './fixture.ts';

function template(...names: readonly string[]): string {
  const functions = names.map((name) => `  ${name}: { Type: AWS::Serverless::Function, Properties: { Runtime: nodejs22.x, Handler: app.handler } }\n`);
  return `Transform: AWS::Serverless-2016-10-31\nResources:\n${functions.join('')}`;
}

/** The first model told from now on that `wanted` holds for. */
function changed(reader: WorkspaceReader, wanted: (model: WorkspaceModel) => boolean): Promise<WorkspaceModel> {
  return new Promise((resolve) => {
    const stop = reader.onDidChange((model) => {
      if (!wanted(model)) return;
      stop();
      resolve(model);
    });
  });
}

const has = (...names: readonly string[]) => (model: WorkspaceModel) =>
  model.functions.map((each) => each.configuration.functionName).join() === names.join();

describe('watching a workspace', () => {
  let workspace: Fixture;
  beforeEach(() => {
    workspace = new Fixture();
  });
  afterEach(() => workspace.dispose());

  it('an edit, a new file in a new folder, and a deletion show', async () => {
    workspace.write({ 'app.js': '', 'template.yaml': template('One') });
    const reader = workspace.reader({ watch: true });
    await reader.read();

    const edited = changed(reader, has('One', 'Two'));
    workspace.write({ 'template.yaml': template('One', 'Two') });
    await edited;

    const added = changed(reader, has('One', 'Two', 'Three'));
    mkdirSync(workspace.path('services'));
    workspace.write({ 'services/orders/template.yaml': template('Three'), 'services/orders/app.js': '' });
    await added;

    const removed = changed(reader, has('One', 'Two'));
    rmSync(workspace.path('services'), { recursive: true });
    await removed;
  });

  it('an edit to a queue shows', async () => {
    const queue = (visibility: number) => `AWSTemplateFormatVersion: x\nResources:\n  Q: { Type: AWS::SQS::Queue, Properties: { QueueName: q, VisibilityTimeout: ${visibility} } }\n`;
    workspace.write({ 'template.yaml': queue(30) });
    const reader = workspace.reader({ watch: true });
    assert.equal((await reader.read()).resources[0]?.properties['VisibilityTimeout'], 30);
    const edited = changed(reader, (model) => model.resources[0]?.properties['VisibilityTimeout'] === 45);
    workspace.write({ 'template.yaml': queue(45) });
    await edited;
  });

  it('an editor that saves by renaming is seen, and again the next time', async () => {
    workspace.write({ 'app.js': '', 'template.yaml': template('One') });
    const reader = workspace.reader({ watch: true });
    await reader.read();
    for (const name of ['Two', 'Three', 'Four']) {
      const saved = changed(reader, has(name));
      workspace.write({ 'template.yaml.tmp': template(name) });
      renameSync(workspace.path('template.yaml.tmp'), workspace.path('template.yaml'));
      await saved;
    }
  });

  it('a handler file that appears takes its diagnostic away', async () => {
    workspace.write({ 'template.yaml': template('One') });
    const reader = workspace.reader({ watch: true });
    assert.equal((await reader.read()).diagnostics.length, 1);
    const created = changed(reader, (model) => model.diagnostics.length === 0);
    workspace.write({ 'app.ts': '' });
    const model = await created;
    assert.equal(model.functions[0]?.configuration.code.handlerFile, workspace.path('app.ts'));
  });

  it('a handler that a build makes is found when it appears', async () => {
    workspace.write({ 'template.yaml': template('One').replace('app.handler', 'dist/app.handler') });
    const reader = workspace.reader({ watch: true });
    assert.equal((await reader.read()).diagnostics.length, 1);
    const built = changed(reader, (model) => model.diagnostics.length === 0);
    workspace.write({ 'dist/app.js': '' });
    assert.equal((await built).functions[0]?.configuration.code.handlerFile, workspace.path('dist', 'app.js'));
  });

  it('functions.json that appears with its folder shows', async () => {
    workspace.write({ 'app.js': '' });
    const reader = workspace.reader({ watch: true });
    await reader.read();
    const registered = changed(reader, has('main'));
    workspace.write({ '.local-lambda/functions.json': JSON.stringify({ functions: { main: { handler: 'app.handler', runtime: 'nodejs22.x' } } }) });
    await registered;
  });

  it('known files are seen to change where the system reports nothing', async () => {
    workspace.write({ 'template.yaml': 'one' });
    const file = workspace.path('template.yaml');
    let watcher: WorkspaceWatcher | undefined;
    const told = new Promise<void>((resolve) => {
      watcher = new WorkspaceWatcher({ logger: new RecordingLogger(), onChange: resolve, debounce: 5, pollInterval: 10 });
    });
    await watcher!.settle(new Set(), new Set(), [file]);
    workspace.write({ 'template.yaml': 'two and more' });
    await told;
    watcher!.dispose();
  });

  it('one recursive watch for a workspace folder sees the folders below', async () => {
    workspace.write({ 'deep/er/x.txt': '' });
    let watcher: WorkspaceWatcher | undefined;
    const told = new Promise<void>((resolve) => {
      watcher = new WorkspaceWatcher({ logger: new RecordingLogger(), onChange: resolve, recursive: true, debounce: 5, pollInterval: 60_000 });
    });
    watcher!.watchFolder(workspace.path('deep'), workspace.folder);
    workspace.write({ 'deep/er/template.yaml': 'x' });
    await told;
    watcher!.dispose();
  });
});
