/** The extension as a person meets it: a real VS Code in a real Chromium, driven by mouse and keyboard. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { join } from 'node:path';
import type { EndpointInfo } from '../../src/protocol/engine.ts';
import { Workbench } from '../support/workbench.ts';
import { until as waitFor, violations } from './page-checks.ts';

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
    // Something to look at, whichever tests run.
    for (const [name, event] of [['PriceBasket', 'dozen'], ['ChargeCard', 'stolen-card'], ['PriceBasket', 'dozen']] as const) {
      await call(engine().endpoint, name, readFileSync(join(vscode.workspace, '.local-lambda/events', name, `${event}.json`), 'utf8'));
    }
  });
  after(() => vscode?.close());
  beforeEach(() => vscode.calm());
  afterEach(async function () {
    if (this.currentTest?.state === 'failed') console.error(await vscode.describe());
  });

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

  const allShow = (text: string) => `((rows) => rows.length > 0 && rows.every((row) => row.textContent.includes('${text}')))([...document.querySelectorAll('.execution')])`;
  /** The filter's text. */
  const filter = (text: string) => panel().getByRole('textbox').first().fill(text);
  /** Opens the panel where it is not in view, and in it the newest execution that the text finds. */
  const show = async (text: string) => {
    if (!await panel().locator('.executions').isVisible()) await vscode.command('Local Lambda: Show Records');
    await filter(text);
    await until(allShow(text));
    await panel().locator('.execution[aria-posinset="1"]').click();
    await until(`!document.querySelector('[data-stale]') && document.querySelector('.facts code')?.textContent === document.querySelector('.execution[aria-posinset="1"]').dataset.id`);
    await filter('');
  };
  /** Does what leads to an execution whose row has the text, and waits until the panel shows it. */
  const invoked = async (text: string, act: () => Promise<void>) => {
    const known = await panel().locator('.executions').isVisible() ? await selected().getAttribute('data-id') : null;
    await act();
    await panel().locator(`.execution[aria-selected="true"]:not([data-id="${known}"])`, { hasText: text }).waitFor({ timeout: 60_000 });
    await until(`!document.querySelector('[data-stale]') && document.querySelector('.facts code')?.textContent === document.querySelector('.execution[aria-selected="true"]').dataset.id`);
  };

  it('opens the record of an invocation from the tree, with its result', async () => {
    await invoked('PriceBasket', () => vscode.act(vscode.row('PriceBasket'), 'Invoke Function'));
    await panel().getByText('"currency"').first().waitFor();
    await panel().getByText('"EUR"').first().waitFor();
    await vscode.page.getByRole('treeitem', { name: /^PriceBasket,.*200/ }).first().waitFor();
  });

  it('shows logs, event and the invocation record of it', async () => {
    await show('PriceBasket');
    await panel().getByRole('tab', { name: /Logs/ }).click();
    await panel().getByText(/START RequestId/).locator('visible=true').first().waitFor();
    await panel().getByRole('tab', { name: 'Event' }).click();
    await panel().getByText('"sku"').locator('visible=true').first().waitFor();
    await panel().getByRole('tab', { name: 'Record' }).click();
    await panel().getByText(/As a destination would receive it/i).locator('visible=true').first().waitFor();
    await panel().getByText('"approximateInvokeCount"').locator('visible=true').first().waitFor();
  });

  it('replays it: the list grows while one looks on', async () => {
    await show('PriceBasket');
    const before = await rows().filter({ hasText: 'PriceBasket' }).count();
    await invoked('replay', () => panel().getByRole('button', { name: /Replay/ }).first().click());
    assert.equal(await rows().filter({ hasText: 'PriceBasket' }).count(), before + 1);
  });

  it('copies it as an AWS CLI command', async () => {
    await show('PriceBasket');
    await panel().getByRole('button', { name: 'Copy as AWS CLI command' }).click();
    await vscode.page.getByText(/The command takes its credentials/).first().waitFor();
    const command = await vscode.page.evaluate<string>('navigator.clipboard.readText()');
    assert.match(command, /^aws lambda invoke --endpoint-url http:\/\/127\.0\.0\.1:\d+ --region us-east-1 --function-name PriceBasket /);
  });

  it('saves its payload as a test event, which opens beside the panel', async () => {
    await show('PriceBasket');
    await panel().getByRole('button', { name: 'Save event as test event' }).click();
    await vscode.page.locator('.quick-input-widget input').first().fill('from-record');
    await vscode.page.keyboard.press('Enter');
    await vscode.page.getByRole('tab', { name: /from-record\.json/ }).waitFor();
    const saved = JSON.parse(readFileSync(join(vscode.workspace, '.local-lambda/events/PriceBasket/from-record.json'), 'utf8')) as { lines?: unknown };
    assert.ok(saved.lines);
    // Beside: the panel, which VS Code lays out anew, is not covered.
    await rows().first().waitFor();
  });

  it('shows a failed function as failed, in the tree and in the panel', async () => {
    await invoked('ChargeCard', () => vscode.invoke('ChargeCard', 'stolen-card'));
    await vscode.page.getByRole('treeitem', { name: /^ChargeCard,.*PaymentDeclined/ }).first().waitFor();
    await panel().locator('.message.error', { hasText: 'PaymentDeclined' }).waitFor();
  });

  it('uses the event that was used last without asking, and asks when it is told to', async () => {
    const { page } = vscode;
    await invoked('ChargeCard', () => vscode.invoke('ChargeCard', 'stolen-card'));
    await invoked('ChargeCard', () => vscode.act(vscode.row('ChargeCard'), 'Invoke Function'));
    await panel().locator('.message.error', { hasText: 'PaymentDeclined' }).waitFor();
    await vscode.chooseFromMenu(vscode.row('ChargeCard'), 'Invoke with Event…');
    await page.locator('.quick-input-list .monaco-list-row', { hasText: 'last used' }).filter({ hasText: 'stolen-card' }).waitFor();
    await vscode.pick('visa');
    await page.getByRole('treeitem', { name: /^ChargeCard,.*200/ }).first().waitFor();
  });

  it('makes a test event from a sample, and opens it', async () => {
    const { page } = vscode;
    await vscode.chooseFromMenu(vscode.row('SendReceipt'), 'New Test Event…');
    await vscode.pick('SQS');
    await page.locator('.quick-input-widget input').first().fill('two-messages');
    await page.keyboard.press('Enter');
    await page.getByRole('tab', { name: /two-messages\.json/ }).waitFor();
    const event = JSON.parse(readFileSync(join(vscode.workspace, '.local-lambda/events/SendReceipt/two-messages.json'), 'utf8')) as { Records: unknown[] };
    assert.ok(event.Records.length > 0);
    await page.keyboard.press('ControlOrMeta+F4');
  });

  it('writes what functions log to the output channel, at its level', async () => {
    const { page } = vscode;
    await vscode.command('Local Lambda: Show Log');
    // A log that is read shows its end, so a line that warns is written now.
    await vscode.invoke('ShipOrder', 'batch-with-bad-order');
    await page.locator('.part.panel .view-line', { hasText: /\[warning\]\sShipOrder\s\|/ }).first().waitFor({ timeout: 30_000 });
    await vscode.command('View: Hide Panel');
  });

  it('shows what runs while it runs, counts it on the activity bar, and cancels it', async () => {
    await vscode.invoke('Slow', 'empty');
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
    await show('PriceBasket');
    await filter('Price');
    await until(allShow('PriceBasket'));
    const before = await rows().nth(1).getAttribute('data-id');
    await rows().nth(1).click();
    await panel().getByRole('tab', { name: 'Event' }).click();
    await panel().locator('#view-event .code').waitFor();
    // The panel saves its state 200 ms after the last change: what is due later in its page happens later.
    await (await vscode.panelFrame()).evaluate('new Promise((resolve) => { setTimeout(resolve, 300); })');
    await vscode.reload();
    await panel().locator('#view-event .code', { hasText: '"sku"' }).waitFor({ timeout: 60_000 });
    assert.equal(await selected().getAttribute('data-id'), before);
    assert.equal(await panel().getByRole('textbox').first().inputValue(), 'Price');
    await filter('');
    await rows().filter({ hasText: 'ChargeCard' }).first().waitFor();
  });

  it('is driven by the keyboard alone', async () => {
    const { page } = vscode;
    await show('ChargeCard');
    await vscode.command('Local Lambda: Open Handler');
    await page.getByPlaceholder('Choose a function').waitFor();
    await page.keyboard.type('ShipOrder');
    await page.locator('.quick-input-list .monaco-list-row.focused', { hasText: 'ShipOrder' }).waitFor();
    await page.keyboard.press('Enter');
    await page.getByRole('tab', { name: /app\.py/ }).waitFor();
    await invoked('ShipOrder', () => vscode.command('Local Lambda: Invoke Function'));
    await vscode.command('Local Lambda: Show Records');
    await until(`document.activeElement.className === 'executions'`);
    await page.keyboard.press('ArrowDown');
    await panel().locator('.execution[aria-selected="true"][aria-posinset="2"]').waitFor();
    await page.keyboard.press('Enter');
    const tab = (id: string) => panel().locator(`#tab-${id}[aria-selected="true"]`).waitFor();
    await page.keyboard.press('Home');
    await tab('result');
    await page.keyboard.press('ArrowRight');
    await tab('logs');
    await page.keyboard.press('Escape');
    await until(`document.activeElement.className === 'executions'`);
    await page.keyboard.press('/');
    await page.keyboard.type('declined');
    await until(allShow('ChargeCard'));
    await page.keyboard.press('ControlOrMeta+a');
    await page.keyboard.press('Delete');
    await rows().filter({ hasText: 'ShipOrder' }).first().waitFor();
  });

  it('keeps its list when the engine is killed, and goes on with the next one', async () => {
    await show('PriceBasket');
    const { pid } = engine();
    // The banner may come and go between two looks from here.
    await (await vscode.panelFrame()).evaluate(`(() => {
      const notices = document.querySelector('.notices');
      window.listed = new Promise((resolve) => {
        new MutationObserver(() => {
          if (!notices.hidden && notices.classList.contains('banner')) resolve(document.querySelector('.executions').checkVisibility() && document.querySelectorAll('.execution').length > 0);
        }).observe(notices, { attributes: true });
      });
    })()`);
    process.kill(pid, 'SIGKILL');
    assert.equal(await (await vscode.panelFrame()).evaluate('window.listed'), true);
    await panel().locator('.notices').waitFor({ state: 'hidden', timeout: 60_000 });
    await invoked('PriceBasket', () => vscode.invoke('PriceBasket', 'dozen'));
    assert.notEqual(engine().pid, pid);
  });

  it(`scrolls and searches ${count} executions that came through the endpoint`, async () => {
    await show('PriceBasket');
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
    await until(allShow('RangeError'));
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
      await show('PaymentDeclined');
      await panel().getByRole('tab', { name: /Logs/ }).click();
      await panel().locator('.log .level-error').first().waitFor();
      assert.deepEqual(await violations(await vscode.panelFrame()), []);
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
  try {
    await Promise.all(Array.from({ length: 8 }, async () => { while (next < times) await call(endpoint, 'Count', JSON.stringify({ n: ++next }), agent); }));
  } finally {
    agent.destroy();
  }
}

function call(endpoint: string, name: string, event: string, agent?: Agent): Promise<void> {
  return new Promise((resolve, reject) => {
    const sent = request(`${endpoint}/2015-03-31/functions/${name}/invocations`, { method: 'POST', ...(agent && { agent }) }, (response) => {
      response.resume();
      response.once('end', () => (response.statusCode === 200 ? resolve() : reject(new Error(`status ${response.statusCode}`))));
    });
    sent.once('error', reject);
    sent.end(event);
  });
}
