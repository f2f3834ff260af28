/** The extension as a person meets it: a real VS Code in a real Chromium, driven by mouse and keyboard. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { AxeResults } from 'axe-core';
import type { EndpointInfo } from '../../src/protocol/engine.ts';
import { Workbench } from '../support/workbench.ts';
import { until as waitFor } from './page-checks.ts';

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const count = 10_000;

const files = {
  'functions/slow/index.js': `exports.handler = async () => {
  for (let step = 1; step <= 60; step += 1) {
    console.log('step', step);
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
};\n`,
  'functions/count/index.js': `exports.handler = async ({ n }) => {
  if (n % 100 === 0) throw new RangeError('number ' + n + ' is out of range');
  return { n };
};\n`,
  '.local-lambda/functions.json': JSON.stringify({
    functions: {
      Slow: { handler: 'functions/slow/index.handler', runtime: 'nodejs24.x', timeout: 60 },
      Count: { handler: 'functions/count/index.handler', runtime: 'nodejs24.x' },
    },
  }),
  '.local-lambda/events/Slow/empty.json': '{}\n',
};

describe('the extension in VS Code', function () {
  this.timeout(120_000);
  let vscode: Workbench;

  before(async () => {
    vscode = await Workbench.open({ files, settings: { 'localLambda.requireSignatures': false } });
  });
  after(() => vscode?.close());

  const panel = () => vscode.panel();
  const rows = () => panel().locator('.execution');
  const selected = () => panel().locator('.execution[aria-selected="true"]');
  const engine = () => {
    const folder = readdirSync(vscode.data).map((name) => join(vscode.data, name, 'engine.json')).find((file) => existsSync(file));
    assert.ok(folder, 'no engine runs');
    return JSON.parse(readFileSync(folder, 'utf8')) as EndpointInfo & { pid: number };
  };
  /** Waits in the panel's page, frame by frame. */
  const until = async (expression: string) => waitFor(await vscode.panelFrame(), expression);

  it('opens the record of an invocation from the tree, with its result', async () => {
    await vscode.invoke('PriceBasket');
    await panel().getByText('"currency"').first().waitFor({ timeout: 60_000 });
    await panel().getByText('"EUR"').first().waitFor();
    await vscode.page.getByRole('treeitem', { name: /^PriceBasket,.*200/ }).first().waitFor();
  });

  it('shows logs, event and the invocation record of it', async () => {
    await panel().getByRole('tab', { name: /Logs/ }).click();
    await panel().getByText(/START RequestId/).locator('visible=true').first().waitFor();
    await panel().getByRole('tab', { name: 'Event' }).click();
    await panel().getByText('"sku"').locator('visible=true').first().waitFor();
    await panel().getByRole('tab', { name: 'Record' }).click();
    await panel().getByText(/As a destination would receive it/i).locator('visible=true').first().waitFor();
    await panel().getByText('"approximateInvokeCount"').locator('visible=true').first().waitFor();
  });

  it('replays it: the list grows while one looks on', async () => {
    await panel().getByRole('button', { name: /Replay/ }).first().click();
    await rows().filter({ hasText: 'replay' }).first().waitFor({ timeout: 30_000 });
    assert.equal(await rows().filter({ hasText: 'PriceBasket' }).count(), 2);
  });

  it('copies it as an AWS CLI command', async () => {
    await panel().getByRole('button', { name: 'Copy as AWS CLI command' }).click();
    await vscode.page.getByText(/The command takes its credentials/).first().waitFor();
    const command = await vscode.page.evaluate<string>('navigator.clipboard.readText()');
    assert.match(command, /^aws lambda invoke --endpoint-url http:\/\/127\.0\.0\.1:\d+ --region us-east-1 --function-name PriceBasket /);
  });

  it('saves its payload as a test event, which opens beside the panel', async () => {
    await panel().getByRole('button', { name: 'Save event as test event' }).click();
    const input = vscode.page.locator('.quick-input-widget input').first();
    await input.fill('from-record');
    await vscode.page.keyboard.press('Enter');
    await vscode.page.getByRole('tab', { name: /from-record\.json/ }).waitFor();
    const saved = JSON.parse(readFileSync(join(vscode.workspace, '.local-lambda/events/PriceBasket/from-record.json'), 'utf8')) as { lines?: unknown };
    assert.ok(saved.lines);
    assert.ok(await rows().first().isVisible(), 'the panel is covered');
  });

  it('shows a failed function as failed, in the tree and in the panel', async () => {
    await vscode.invoke('ChargeCard');
    await vscode.page.getByRole('treeitem', { name: /^ChargeCard,.*PaymentDeclined/ }).first().waitFor({ timeout: 60_000 });
    await panel().locator('.message.error', { hasText: 'PaymentDeclined' }).waitFor();
  });

  it('uses the event that was used last without asking, and asks when it is told to', async () => {
    const { page } = vscode;
    await vscode.row('ChargeCard').hover();
    await vscode.row('ChargeCard').locator('a.action-label').first().click();
    await rows().filter({ hasText: 'ChargeCard' }).nth(1).waitFor({ timeout: 30_000 });
    await vscode.chooseFromMenu('ChargeCard', 'Invoke with Event…');
    const picks = page.locator('.quick-input-list .monaco-list-row');
    await picks.filter({ hasText: 'last used' }).filter({ hasText: 'stolen-card' }).waitFor();
    await picks.filter({ hasText: 'visa' }).click();
    await page.getByRole('treeitem', { name: /^ChargeCard,.*200/ }).first().waitFor({ timeout: 30_000 });
  });

  it('makes a test event from a sample, and opens it', async () => {
    const { page } = vscode;
    const list = page.locator('.quick-input-list .monaco-list-row:visible', { hasText: 'SQS' });
    await vscode.chooseFromMenu('ShipOrder', 'New Test Event…');
    await list.click();
    await page.locator('.quick-input-widget input').first().fill('two-messages');
    await page.keyboard.press('Enter');
    await page.getByRole('tab', { name: /two-messages\.json/ }).waitFor();
    const event = JSON.parse(readFileSync(join(vscode.workspace, '.local-lambda/events/ShipOrder/two-messages.json'), 'utf8')) as { Records: unknown[] };
    assert.ok(event.Records.length > 0);
    await page.keyboard.press('ControlOrMeta+F4');
  });

  it('writes what functions log to the output channel, at its level', async () => {
    const { page } = vscode;
    await vscode.command('Local Lambda: Show Log');
    // A log that is read shows its end, so a line that warns is written now.
    await vscode.invoke('ShipOrder');
    await page.locator('.part.panel .view-line', { hasText: /\[warning\]\sShipOrder\s\|/ }).first().waitFor({ timeout: 30_000 });
    await vscode.command('View: Hide Panel');
  });

  it('shows what runs while it runs, counts it on the activity bar, and cancels it', async () => {
    await vscode.invoke('Slow');
    await vscode.page.getByRole('treeitem', { name: /^Slow,.*running/ }).first().waitFor();
    await vscode.page.getByRole('tab', { name: /^Lambda.*1 running/ }).first().waitFor();
    await panel().locator('.title', { hasText: 'Slow' }).waitFor();
    await panel().getByRole('tab', { name: /Logs/ }).click();
    await panel().locator('.log .line', { hasText: 'step 4' }).waitFor();
    await panel().getByRole('button', { name: 'Cancel' }).click();
    await panel().locator('.title', { hasText: 'Cancelled' }).waitFor();
    await vscode.page.getByRole('treeitem', { name: /^Slow,.*cancelled/ }).first().waitFor();
  });

  it('is where it was after the window reloads', async () => {
    await panel().getByRole('textbox').first().fill('Price');
    await until(`[...document.querySelectorAll('.execution')].every((row) => row.textContent.includes('PriceBasket'))`);
    await rows().nth(1).click();
    await panel().getByRole('tab', { name: 'Event' }).click();
    await panel().locator('#view-event .code').waitFor();
    const before = await selected().getAttribute('data-id');
    // The panel saves its state when it has rested.
    await vscode.page.waitForTimeout(500);
    await vscode.reload();
    await panel().locator('#view-event .code', { hasText: '"sku"' }).waitFor({ timeout: 60_000 });
    assert.equal(await selected().getAttribute('data-id'), before);
    assert.equal(await panel().getByRole('textbox').first().inputValue(), 'Price');
    await panel().getByRole('textbox').first().fill('');
    await rows().filter({ hasText: 'ChargeCard' }).first().waitFor();
  });

  it('is driven by the keyboard alone', async () => {
    const { page } = vscode;
    await vscode.command('Local Lambda: Open Handler');
    await page.getByPlaceholder('Choose a function').waitFor();
    await page.keyboard.type('ShipOrder');
    await page.locator('.quick-input-list .monaco-list-row', { hasText: 'ShipOrder' }).waitFor();
    await page.keyboard.press('Enter');
    await page.getByRole('tab', { name: /app\.py/ }).waitFor();
    await vscode.command('Local Lambda: Invoke Function');
    await panel().locator('.title', { hasText: 'ShipOrder' }).waitFor({ timeout: 60_000 });
    await vscode.command('Local Lambda: Show Records');
    await until(`document.activeElement.className === 'executions'`);
    await page.keyboard.press('ArrowDown');
    await panel().locator('.title', { hasText: 'Slow' }).waitFor();
    await page.keyboard.press('Enter');
    await page.keyboard.press('ArrowRight');
    await panel().getByRole('tab', { name: 'Record', selected: true }).waitFor();
    await page.keyboard.press('Escape');
    await until(`document.activeElement.className === 'executions'`);
    await page.keyboard.press('/');
    await page.keyboard.type('declined');
    await until(`[...document.querySelectorAll('.execution')].every((row) => row.textContent.includes('ChargeCard'))`);
    await page.keyboard.press('ControlOrMeta+a');
    await page.keyboard.press('Delete');
    await rows().filter({ hasText: 'ShipOrder' }).first().waitFor();
  });

  it('keeps its list when the engine is killed, and goes on with the next one', async () => {
    const { pid } = engine();
    process.kill(pid, 'SIGKILL');
    await panel().locator('.notices.banner').waitFor();
    assert.ok(await rows().first().isVisible());
    await panel().locator('.notices').waitFor({ state: 'hidden', timeout: 60_000 });
    await vscode.invoke('PriceBasket');
    await panel().locator('.title', { hasText: 'PriceBasket' }).waitFor({ timeout: 60_000 });
    assert.notEqual(engine().pid, pid);
  });

  it(`scrolls and searches ${count} executions that came through the endpoint`, async () => {
    await flood(engine().endpoint, count);
    await panel().locator('.executions').focus();
    await vscode.page.keyboard.press('End');
    await until(`document.querySelector('.executions-space').offsetHeight >= ${count} * document.querySelector('.execution').offsetHeight`);
    await until(`document.querySelector('.execution[aria-selected="true"]')?.getAttribute('aria-posinset') === document.querySelector('.execution').getAttribute('aria-setsize')`);
    const blank = await (await vscode.panelFrame()).evaluate<number>(`(async () => {
      const list = document.querySelector('.executions');
      let blank = 0;
      for (let top = 0; top < list.scrollHeight; top += 20_000) {
        list.scrollTop = top;
        await new Promise(requestAnimationFrame);
        await new Promise(requestAnimationFrame);
        const { left, top: y, height } = list.getBoundingClientRect();
        if (!document.elementFromPoint(left + 50, y + height / 2).closest('.execution')) blank += 1;
      }
      return blank;
    })()`);
    assert.equal(blank, 0);
    assert.ok(await rows().count() < 80);
    await vscode.page.keyboard.press('/');
    await vscode.page.keyboard.type('out of range');
    await until(`[...document.querySelectorAll('.execution')].every((row) => row.textContent.includes('RangeError'))`);
    await until(`Number(document.querySelector('.execution').getAttribute('aria-setsize')) === ${count / 100}`);
    await vscode.page.keyboard.press('ControlOrMeta+a');
    await vscode.page.keyboard.press('Delete');
  });

  for (const [theme, bodyClass] of [
    ['Default Light Modern', 'vscode-light'], ['Default High Contrast', 'vscode-high-contrast'],
    ['Default High Contrast Light', 'vscode-high-contrast-light'], ['Default Dark Modern', 'vscode-dark'],
  ] as const) {
    it(`is readable in ${theme}`, async () => {
      vscode.set({ 'workbench.colorTheme': theme });
      await until(`document.body.classList.contains('${bodyClass}')`);
      await panel().getByRole('combobox', { name: 'Filter by status' }).waitFor();
      await rows().filter({ hasText: 'RangeError' }).first().click();
      await panel().getByRole('tab', { name: /Logs/ }).click();
      await panel().locator('.log .level-error').first().waitFor();
      const frame = await vscode.panelFrame();
      await frame.evaluate(axeSource);
      const { violations } = await frame.evaluate<AxeResults>(`axe.run(document, { resultTypes: ['violations'] })`);
      const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
      assert.deepEqual(serious.flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) => `${id} ${target.join(' ')} ${failureSummary}`)), []);
    });
  }

  it('breaks no rule of its content security policy', () => {
    assert.deepEqual(vscode.violations, []);
  });

  it('says what to do where there are no functions, and where there is no folder', async () => {
    const empty = join(vscode.data, '..', 'empty');
    mkdirSync(empty);
    for (const [query, text] of [[`folder=${encodeURIComponent(empty)}`, /No Lambda functions were found/], ['ew=true', /Open the folder that holds your Lambda functions/]] as const) {
      await vscode.load(query);
      await vscode.showFunctions();
      // The other views say so too.
      await vscode.page.getByText(text).first().waitFor({ timeout: 60_000 });
    }
  });
});

/** Invokes Count so often, eight at a time. */
async function flood(endpoint: string, times: number): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: 8 });
  let next = 0;
  const one = (n: number) => new Promise<void>((resolve, reject) => {
    const call = request(`${endpoint}/2015-03-31/functions/Count/invocations`, { method: 'POST', agent }, (response) => {
      response.resume();
      response.once('end', () => (response.statusCode === 200 ? resolve() : reject(new Error(`status ${response.statusCode}`))));
    });
    call.once('error', reject);
    call.end(JSON.stringify({ n }));
  });
  try {
    await Promise.all(Array.from({ length: 8 }, async () => { while (next < times) await one(++next); }));
  } finally {
    agent.destroy();
  }
}
