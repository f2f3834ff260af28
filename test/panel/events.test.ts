/** Asynchronous executions in the panel's page: countdowns, timeline, chain, and what can be done to a waiting event. */
import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';
import type { PanelRequest } from '../../src/protocol/panel.ts';
import { attempt, chainEntries, eventEntry, givenUpEntry, pastWait, waitingEntry } from './fake-events.ts';
import { entry, type FakeHistory } from './fake-history.ts';
import { allThemes, PanelBrowser, type PanelPage, type Theme } from './panel-page.ts';
import { until, violations } from './page-checks.ts';

describe('asynchronous executions in the panel', function () {
  let browser: PanelBrowser;
  let open: PanelPage | undefined;
  before(async () => { browser = await PanelBrowser.start(); });
  after(() => browser.stop());
  afterEach(async () => {
    const problems = open?.problems ?? [];
    await open?.close();
    open = undefined;
    assert.deepEqual(problems, []);
  });

  async function show(prepare: (history: FakeHistory, now: number) => void, theme: Theme = 'dark'): Promise<Page> {
    const now = Date.now();
    open = await browser.open(theme, (fake) => {
      // Real time, far from the due times below: texts of minutes and hours stay the same while a test runs.
      fake.clock = { scale: 1, now, waitNow: 0 };
      prepare(fake, now);
    });
    return open.page;
  }
  const history = () => (open as PanelPage).history;
  const steps = (page: Page) => page.locator('.timeline .step-title').allInnerTexts();
  const acts = () => history().requests.filter((request): request is Extract<PanelRequest, { type: 'execution-action' }> => request.type === 'execution-action').map(({ action }) => action);
  const hours = (count: number) => count * 3_600_000 - 10_000;

  it('shows a waiting event with a countdown in list, banner and timeline, which follow a change of the scale', async () => {
    const page = await show((fake, now) => { fake.fill(3).entries.push(waitingEntry(4, hours(60), now)); });
    await page.locator('.wait-banner', { hasText: 'Attempt 2 in 60 h' }).waitFor();
    await page.locator('.execution.status-queued', { hasText: 'Attempt 2 in 60 h' }).waitFor();
    assert.deepEqual((await steps(page)).slice(0, 2), ['Accepted', 'Attempt 1: CardDeclinedError']);
    await page.locator('.timeline [aria-current="step"]', { hasText: 'Attempt 2 in 60 h' }).waitFor();
    await history().tellClock({ scale: 60, now: Date.now() });
    for (const place of ['.wait-banner', '.execution.status-queued', '.timeline [aria-current="step"]']) {
      await page.locator(place, { hasText: 'Attempt 2 in 60 h · 1 h here' }).waitFor();
    }
    assert.match(await page.locator('.wait-banner').innerText(), /Waits pass at ×60/);
    assert.equal(await page.locator('.countdown[role="timer"]').count(), 3);
  });

  it('counts down by itself, and says when a wait is due', async () => {
    const page = await show((fake, now) => {
      fake.clock = { scale: 3600, now, waitNow: 0 };
      fake.entries.push(waitingEntry(1, 3_600_000, now));
    });
    await page.locator('.wait-banner .countdown', { hasText: /min/ }).waitFor();
    await page.locator('.wait-banner .countdown', { hasText: 'due now' }).waitFor();
  });

  it('offers Try Now, Expire Now, Cancel and Deliver Twice for it, by keyboard too', async () => {
    const page = await show((fake, now) => { fake.entries.push(waitingEntry(1, hours(60), now)); });
    await page.locator('.wait-banner').waitFor();
    await page.getByRole('button', { name: 'Try Now' }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Expire Now' }).click();
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.locator('vscode-button[aria-label^="Deliver twice"]').click();
    assert.ok(await page.getByRole('button', { name: 'Replay' }).first().isHidden());
    await history().received((request) => request.type === 'execution-action' && request.action === 'deliver-twice');
    assert.deepEqual(acts(), ['try-now', 'expire-now', 'cancel', 'deliver-twice']);
  });

  it('holds what was left over from last time behind Resume', async () => {
    const page = await show((fake, now) => {
      fake.entries.push(waitingEntry(1, hours(60), now - 60_000), waitingEntry(2, hours(60), now));
      fake.pausedSince = now - 1000;
    });
    await page.locator('.wait-banner', { hasText: 'Attempt 2 in' }).waitFor();
    assert.ok(await page.getByRole('button', { name: 'Resume' }).isHidden());
    await page.locator('.execution', { hasText: 'Held until you resume' }).click();
    await page.locator('.wait-banner', { hasText: 'Left over from last time' }).waitFor();
    await page.getByRole('button', { name: 'Resume' }).click();
    await history().received((request) => request.type === 'action' && request.action === 'resume');
    await history().tellClock();
    await page.locator('.wait-banner', { hasText: 'Attempt 2 in' }).waitFor();
  });

  it('tells every attempt, wait, end and delivery in their order', async () => {
    const page = await show((fake, now) => { fake.entries.push(givenUpEntry(1, now - 60_000)); });
    await page.locator('.timeline').waitFor();
    assert.deepEqual(await steps(page), [
      'Accepted', 'Throttled', 'Attempt 1: CardDeclinedError', 'Waited before the retry', 'Attempt 2: CardDeclinedError',
      'Waited before the retry', 'Attempt 3: CardDeclinedError', 'Given up after 3 attempts: no retry was left',
      'On failure: delivered to SQS queue failed-payments', 'Dead-letter queue: not delivered to SQS queue gone',
    ]);
    const text = await page.locator('.timeline').innerText();
    for (const part of ['1 min of AWS time · 1.00 s here', 'ended by hand', 'environment 3f7a9c21', 'cold start', 'RetriesExhausted', 'Payload dropped', 'AWS would deny this.', 'does not exist']) {
      assert.ok(text.includes(part), `${part} is missing in ${text}`);
    }
    assert.match(await page.locator('.execution').innerText(), /delivery failed[^]*3 attempts/);
    assert.ok(await page.locator('.wait-banner').isHidden());
    await page.getByRole('button', { name: 'SQS queue failed-payments' }).click();
    await history().received((request) => request.type === 'open-target' && request.arn.endsWith(':failed-payments'));
    await page.locator('#tab-record').click();
    await page.locator('#view-record .code', { hasText: '"condition": "RetriesExhausted"' }).waitFor();
    assert.match(await page.locator('#view-record .hint').innerText(), /^The invocation record: what destinations receive\.$/);
  });

  it('heads the log of each attempt, and leads there from the timeline', async () => {
    const page = await show((fake, now) => { fake.entries.push(givenUpEntry(1, now - 60_000)); });
    await page.locator('button[title="Show the log of attempt 3"]').click();
    await page.locator('#tab-logs[aria-selected="true"]').waitFor();
    assert.deepEqual(await page.locator('.attempt-head').allInnerTexts(), ['Attempt 1', 'Attempt 2', 'Attempt 3']);
    await until(page, `(() => { const line = document.querySelector('[data-attempt="3"]').getBoundingClientRect(); const view = document.querySelector('#view-logs').getBoundingClientRect(); return line.top >= view.top - 2 && line.bottom <= view.bottom; })()`);
  });

  it('follows an event that fails and then succeeds', async () => {
    const now = Date.now();
    const waiting = waitingEntry(1, hours(60), now);
    const page = await show((fake) => { fake.entries.push(waiting); });
    await page.locator('.wait-banner').waitFor();
    const attempts = [attempt(1, now + 12), attempt(2, now + 1100, { status: 'running' })];
    const running = eventEntry(1, { waits: [pastWait(now + 60, 60)], invokeCount: 1 }, { receivedAt: now, status: 'running', attempts });
    await history().happen(running);
    await history().post({ type: 'execution-changed', execution: running.execution });
    await page.locator('.step-title', { hasText: 'Attempt 2: Running' }).waitFor();
    assert.ok(await page.locator('.wait-banner').isHidden());
    const over = eventEntry(1, { waits: [pastWait(now + 60, 60)], invokeCount: 2, condition: 'Success' }, {
      receivedAt: now, status: 'succeeded', finishedAt: now + 1200, attempts: [attempt(1, now + 12), attempt(2, now + 1100, { status: 'succeeded' })],
    });
    await history().happen(over);
    await history().sendDetail(over.execution.id);
    await page.locator('.step-title', { hasText: 'Succeeded after 2 attempts' }).waitFor();
    assert.equal(await page.locator('#tab-timeline .badge').innerText(), '2');
    await page.locator('[role="status"]', { hasText: 'ChargeCard succeeded' }).waitFor({ state: 'attached' });
    await page.locator('vscode-button[aria-label="Replay and wait for the answer"]').click();
    await page.getByRole('button', { name: 'Replay', exact: true }).click();
    await history().received((request) => request.type === 'execution-action' && request.action === 'replay');
    assert.deepEqual(acts(), ['replay-sync', 'replay']);
  });

  it('shows a chain from any of its executions, and marks its rows in the list', async () => {
    const page = await show((fake, now) => { fake.fill(5).entries.push(...chainEntries(6, now - 60_000)); });
    await page.locator('.chain li').nth(3).waitFor();
    assert.deepEqual(await page.locator('.chain li .link').allInnerTexts(), ['PlaceOrder', 'PriceBasket', 'ShipOrder', 'ChargeCard']);
    assert.deepEqual(await page.locator('.chain li').evaluateAll((items) => items.map((item) => item.getAttribute('aria-level'))), ['1', '2', '3', '3']);
    assert.equal(await page.locator('.execution.related').count(), 3);
    await page.locator('.chain li .link').first().click();
    await page.locator('.chain [aria-current="true"]', { hasText: 'PlaceOrder' }).waitFor();
    await page.locator('.step', { hasText: 'delivered to function PriceBasket' }).locator('button[title="Show this execution"]').click();
    await page.locator('.chain [aria-current="true"]', { hasText: 'PriceBasket' }).waitFor();
  });

  it('shows no timeline for a call that somebody waited for and that caused nothing, and keeps a tab for each kind', async () => {
    const page = await show((fake, now) => { fake.entries.push(givenUpEntry(1, now - 60_000), entry(2)); });
    await page.locator('#view-result .code').waitFor();
    assert.ok(await page.locator('#tab-timeline').isHidden());
    await page.locator('#tab-event').click();
    await page.locator('.execution').nth(1).click();
    await page.locator('.timeline .step').first().waitFor();
    await page.locator('.execution').nth(0).click();
    await page.locator('#view-event .code').waitFor();
  });

  it('lists ten thousand queued events with few elements and few timers', async () => {
    const page = await show((fake, now) => {
      const model = waitingEntry(1, hours(60), now);
      for (let sequence = 1; sequence <= 10_000; sequence += 1) {
        const { execution } = entry(sequence);
        fake.entries.push({ content: model.content, execution: { ...model.execution, id: execution.id, traceId: execution.traceId, sequence } });
      }
    });
    await page.locator('.wait-banner').waitFor();
    await page.locator('.executions').focus();
    await page.keyboard.press('End');
    await page.locator('[aria-setsize="10000"]').first().waitFor();
    await page.keyboard.press('End');
    await page.locator('.execution[aria-posinset="10000"]', { hasText: 'Attempt 2 in 60 h' }).waitFor();
    assert.ok(await page.locator('.countdown').count() < 80);
  });

  for (const theme of allThemes) {
    it(`is accessible in the ${theme} theme`, async () => {
      const page = await show((fake, now) => { fake.entries.push(givenUpEntry(1, now - 60_000), ...chainEntries(2, now - 50_000), waitingEntry(6, hours(60), now)); }, theme);
      await page.locator('.wait-banner').waitFor();
      const found = await violations(page);
      await page.locator('.execution', { hasText: 'ShipOrder' }).click();
      await page.locator('.chain').waitFor();
      found.push(...await violations(page));
      await page.locator('.execution', { hasText: 'delivery failed' }).click();
      await page.locator('.timeline .message.error').waitFor();
      found.push(...await violations(page));
      await page.locator('#tab-logs').click();
      await page.locator('.attempt-head').first().waitFor();
      found.push(...await violations(page));
      assert.deepEqual(found, []);
    });
  }
});
