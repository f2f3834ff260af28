/** Asynchronous invocation as a person meets it: a real VS Code in a real Chromium, its trees and its panel. */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Locator } from 'playwright-core';
import { Workbench } from '../support/workbench.ts';

const files = {
  'functions/hops/index.js': `const { existsSync, readFileSync, writeFileSync } = require('node:fs');
exports.flaky = async ({ file }) => {
  const tried = existsSync(file) ? Number(readFileSync(file, 'utf8')) : 0;
  writeFileSync(file, String(tried + 1));
  if (tried < 2) throw new RangeError('not yet: ' + (tried + 1));
  return { tried: tried + 1 };
};
exports.picky = async ({ file }) => {
  if (!existsSync(file)) throw new TypeError('not there yet');
  return { found: true };
};
exports.link = async () => ({ from: process.env.AWS_LAMBDA_FUNCTION_NAME });
`,
  'template.hops.yaml': `Transform: AWS::Serverless-2016-10-31
Globals: { Function: { CodeUri: functions/hops, Runtime: nodejs24.x } }
Resources:
  Flaky: { Type: AWS::Serverless::Function, Properties: { FunctionName: Flaky, Handler: index.flaky } }
  Picky:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: Picky
      Handler: index.picky
      DeadLetterQueue: { Type: SQS, TargetArn: !GetAtt Letters.Arn }
      EventInvokeConfig: { MaximumRetryAttempts: 0 }
  Letters: { Type: AWS::SQS::Queue, Properties: { QueueName: dead-letters } }
  Alpha:
    Type: AWS::Serverless::Function
    Properties: { FunctionName: Alpha, Handler: index.link, EventInvokeConfig: { DestinationConfig: { OnSuccess: { Type: Lambda, Destination: !GetAtt Beta.Arn } } } }
  Beta:
    Type: AWS::Serverless::Function
    Properties: { FunctionName: Beta, Handler: index.link, EventInvokeConfig: { DestinationConfig: { OnSuccess: { Type: Lambda, Destination: !GetAtt Gamma.Arn } } } }
  Gamma: { Type: AWS::Serverless::Function, Properties: { FunctionName: Gamma, Handler: index.link } }
`,
  '.local-lambda/events/Alpha/empty.json': '{}\n',
};

describe('asynchronous invocation in VS Code', function () {
  this.timeout(120_000);
  let vscode: Workbench;
  const panel = () => vscode.panel();
  const steps = () => panel().locator('.timeline .step-title').allInnerTexts();
  const node = (name: string): Locator => vscode.page.getByRole('treeitem', { name: new RegExp(`^${name}`) }).first();

  before(async () => {
    vscode = await Workbench.open({ files, settings: { 'localLambda.template.include': ['template.hops.yaml'] } });
    for (const name of ['Flaky', 'Picky']) {
      const event = join(vscode.workspace, '.local-lambda/events', name);
      mkdirSync(event, { recursive: true });
      writeFileSync(join(event, 'file.json'), JSON.stringify({ file: join(vscode.workspace, `${name}.count`) }));
    }
    await vscode.row('Flaky').waitFor({ timeout: 30_000 });
  });
  after(() => vscode?.close());
  beforeEach(() => vscode.calm());
  afterEach(async function () {
    if (this.currentTest?.state === 'failed') console.error(await vscode.describe());
  });

  /** By the button of its row; the only event it has is used. */
  const invokeAsync = (name: string) => vscode.act(vscode.row(name), 'Invoke Function Asynchronously');
  /** The row that has the keyboard. */
  const focused = (text: string): Locator => vscode.page.locator('.monaco-list:focus-within .monaco-list-row.focused', { hasText: text });

  it('an event that fails twice is seen waiting, is hurried once by hand and once by the clock, and succeeds', async () => {
    const { page } = vscode;
    await page.getByRole('button', { name: /Waits pass 60 times/ }).click();
    await vscode.pick('Real time');
    await page.getByRole('button', { name: /Waits pass in real time/ }).waitFor();
    await invokeAsync('Flaky');
    await panel().locator('.wait-banner', { hasText: /Attempt 2 in \d+ s/ }).waitFor({ timeout: 60_000 });
    await page.getByRole('treeitem', { name: /^Flaky,.*1 waiting/ }).waitFor();
    await panel().getByRole('button', { name: 'Try Now' }).click();
    await panel().locator('.wait-banner', { hasText: /Attempt 3 in (2 min|1 min \d+ s)/ }).waitFor();
    await vscode.command('Advance AWS Time');
    await vscode.pick('5 min');
    await panel().locator('.step-title', { hasText: 'Succeeded after 3 attempts' }).waitFor();
    assert.deepEqual(await steps(), [
      'Accepted', 'Attempt 1: RangeError', 'Waited before the retry', 'Attempt 2: RangeError', 'Waited before the retry', 'Attempt 3: Succeeded', 'Succeeded after 3 attempts',
    ]);
    assert.match(await panel().locator('.timeline').innerText(), /1 min of AWS time · [^\n]* here · ended by hand/);
    await panel().getByRole('tab', { name: /Logs/ }).click();
    await panel().locator('.attempt-head', { hasText: 'Attempt 3' }).waitFor();
    await panel().getByRole('tab', { name: /Record/ }).click();
    await panel().getByText('"approximateInvokeCount": 3').waitFor();
    await panel().getByRole('tab', { name: /Timeline/ }).click();
  });

  it('one that is given up lies in its dead-letter queue, is told, and is redriven from there', async () => {
    const { page } = vscode;
    await invokeAsync('Picky');
    await panel().locator('.step-title', { hasText: 'Dead-letter queue: delivered to SQS queue dead-letters' }).waitFor({ timeout: 60_000 });
    // The link leads to the queue in the Destinations view.
    await panel().getByRole('button', { name: 'SQS queue dead-letters' }).click();
    const queue = node('dead-letters, 1 message');
    await queue.waitFor();
    await node('Message \\{"file"').waitFor();
    // The queue has the focus: the keyboard goes on from there.
    await focused('dead-letters').waitFor();
    await page.keyboard.press('ArrowDown');
    await focused('{"file"').waitFor();
    await page.keyboard.press('Enter');
    await page.locator('.editor-instance').getByText('not there yet').first().waitFor();
    await vscode.command('Notifications: Show Notifications');
    const notification = page.locator('.notification-list-item', { hasText: 'Picky: an event failed for good after 1 attempt (TypeError); see dead-letters.' }).first();
    await notification.getByRole('button', { name: 'Show Record' }).click();
    await panel().locator('.title h2', { hasText: 'Picky' }).waitFor();
    writeFileSync(join(vscode.workspace, 'Picky.count'), 'here');
    await vscode.act(queue, 'Redrive Dead Letters');
    await node('dead-letters, empty').waitFor();
    await page.getByRole('treeitem', { name: /^Picky,.*200/ }).first().waitFor();
  });

  it('a chain of three functions through destinations is read in the panel', async () => {
    await invokeAsync('Alpha');
    await panel().locator('.chain li').nth(2).waitFor({ timeout: 60_000 });
    assert.deepEqual(await panel().locator('.chain li .link').allInnerTexts(), ['Alpha', 'Beta', 'Gamma']);
    await panel().locator('.chain li .link', { hasText: 'Gamma' }).click();
    await panel().locator('.chain [aria-current="true"]', { hasText: 'Gamma' }).waitFor();
    await panel().locator('.step', { hasText: 'Caused by' }).waitFor();
  });

  it('breaks no rule of the content security policy', () => {
    assert.deepEqual(vscode.violations, []);
  });
});
