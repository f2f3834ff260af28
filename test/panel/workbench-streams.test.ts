/** Polling a stream as a person meets it: a real VS Code in a real Chromium, its trees, its forms and its panel. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Locator } from 'playwright-core';
import { Workbench } from '../support/workbench.ts';

const files = {
  'functions/clicks/index.js': `const { existsSync } = require('node:fs');
exports.handler = async ({ Records }) => {
  const texts = Records.map(({ kinesis }) => Buffer.from(kinesis.data, 'base64').toString());
  if (texts.some((text) => text.includes('poison')) && !existsSync(__dirname + '/mended')) throw new TypeError('cannot read poison');
  return { read: texts.length };
};
`,
  'template.clicks.yaml': `Transform: AWS::Serverless-2016-10-31
Resources:
  Clicks:
    Type: AWS::Serverless::Function
    Properties: { FunctionName: Clicks, CodeUri: functions/clicks, Handler: index.handler, Runtime: nodejs24.x, Timeout: 10 }
  Stream: { Type: AWS::Kinesis::Stream, Properties: { Name: clicks, ShardCount: 1 } }
  Poisoned: { Type: AWS::SQS::Queue, Properties: { QueueName: poisoned } }
`,
};

describe('polling a stream in VS Code', function () {
  this.timeout(120_000);
  let vscode: Workbench;
  const panel = () => vscode.panel();
  const node = (name: string): Locator => vscode.page.getByRole('treeitem', { name: new RegExp(`^${name}`) }).first();
  const mapping = () => node('Clicks from clicks');

  before(async () => {
    vscode = await Workbench.open({ files, settings: { 'localLambda.template.include': ['template.clicks.yaml'] } });
    await vscode.row('Clicks').waitFor({ timeout: 30_000 });
  });
  after(() => vscode?.close());
  beforeEach(() => vscode.calm());
  afterEach(async function () {
    if (this.currentTest?.state === 'failed') console.error(await vscode.describe());
  });

  const form = /clicks → Clicks/;
  const input = () => vscode.page.locator('.quick-input-widget:visible input').first();
  const titled = (title: RegExp) => vscode.page.locator('.quick-input-widget:visible', { hasText: title });
  /** Chooses in the Quick Pick with this placeholder, by typing: the list of the one before may still be in view. */
  const choose = async (placeholder: string, text: string) => {
    await vscode.page.locator(`.quick-input-widget:visible input[placeholder^="${placeholder}"]`).fill(text);
    await vscode.page.locator('.quick-input-list .monaco-list-row.focused', { hasText: text }).waitFor();
    await vscode.page.keyboard.press('Enter');
  };
  /** Sets one value of the form, and waits until the form shows it. Rows below the fold do not exist: each is typed for. */
  const fill = async (label: string, value: string, typed = true) => {
    await choose('Choose a value', label);
    await titled(new RegExp(`: ${label}`)).waitFor();
    await input().fill(value);
    if (!typed) await vscode.page.locator('.quick-input-list .monaco-list-row.focused', { hasText: value }).waitFor();
    await vscode.page.keyboard.press('Enter');
    await titled(new RegExp(`: ${label}`)).waitFor({ state: 'hidden' });
    await titled(form).waitFor();
    await input().fill(label);
    await vscode.page.locator('.quick-input-list .monaco-list-row', { hasText: label }).filter({ hasText: value }).first().waitFor();
    await input().fill('');
  };
  const send = async (text: string) => {
    await vscode.act(mapping(), 'Send a Record…');
    await titled(/Send a Record to clicks/).waitFor();
    await input().fill(text);
    await vscode.page.keyboard.press('Enter');
    await titled(/Send a Record to clicks/).waitFor({ state: 'hidden' });
  };

  it('a mapping is created by its form', async () => {
    await vscode.command('Create Event Source Mapping');
    await choose('Choose the queue or stream', 'clicks');
    await choose('Choose the function', 'Clicks');
    await titled(form).waitFor();
    await fill('Bisect batch on function error', 'true', false);
    await fill('Maximum retry attempts', '1');
    await fill('On-failure destination', 'poisoned', false);
    await choose('Choose a value', 'Create');
    await vscode.command('Focus on Event Sources View');
    await node('Clicks from clicks, Enabled').waitFor();
  });

  it('what was sent while it paused is one batch, whose bisect ends with the poison record in the failure queue', async () => {
    await vscode.chooseFromMenu(mapping(), 'Pause Event Source Mapping');
    await node('Clicks from clicks, paused').waitFor();
    for (const text of ['{"page":"/"}', '{"page":"/tea"}', '{"page":"poison"}', '{"page":"/cups"}']) await send(text);
    await vscode.chooseFromMenu(mapping(), 'Resume Event Source Mapping');
    await vscode.command('Show Records');
    // Whichever it is: each shows the whole tree.
    await panel().locator('.execution', { hasText: 'Clicks' }).first().click();
    await panel().locator('.family li', { hasText: 'poison record' }).waitFor();
    await panel().locator('.family li', { hasText: /^Record 4 *done/ }).waitFor();
    assert.deepEqual(await panel().locator('.family li .link[title^="Show execution"]').allInnerTexts(), ['Records 1–4', 'Records 1–2', 'Records 3–4', 'Record 3', 'Attempt 2: record 3', 'Record 4']);
    await panel().getByRole('button', { name: 'Records 1–4' }).click();
    await panel().locator('.batch-end', { hasText: 'Failed: split in two, 2 + 2.' }).waitFor();
    await panel().getByRole('button', { name: 'Attempt 2: record 3' }).click();
    await panel().locator('.batch-end', { hasText: 'Given up after 2 attempts: sent to SQS queue poisoned.' }).waitFor();
    await panel().locator('.batch-row', { hasText: '{"page":"poison"}' }).waitFor();
  });

  it('the panel leads to the mapping in its view and to the failure queue in its own', async () => {
    await panel().locator('.batch-head').getByRole('button', { name: 'clicks → Clicks' }).click();
    await vscode.page.locator('.monaco-list:focus-within .monaco-list-row.focused', { hasText: 'Clicks' }).waitFor();
    await panel().locator('.batch-delivery').getByRole('button', { name: 'SQS queue poisoned' }).click();
    await node('poisoned, 1 message').waitFor();
    await vscode.page.locator('.monaco-list:focus-within .monaco-list-row.focused', { hasText: 'poisoned' }).waitFor();
  });

  it('a redrive reads the record from the stream again; mended, the function takes it, and the tree says so', async () => {
    writeFileSync(join(vscode.workspace, 'functions/clicks/mended'), '');
    await vscode.act(node('poisoned, 1 message'), 'Redrive Dead Letters');
    await node('poisoned, empty').waitFor();
    await panel().locator('.family li', { hasText: /^Redrive: 1 record *done/ }).waitFor();
    await panel().getByRole('button', { name: 'Redrive: 1 record' }).click();
    await panel().locator('.batch-end', { hasText: 'Redriven by hand: 1 record done.' }).waitFor();
  });

  it('breaks no rule of the content security policy', () => {
    assert.deepEqual(vscode.violations, []);
  });
});
