/** Polled executions in the panel's page: how a batch ended, its bisect tree, its records by the ten thousand. */
import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';
import type { EventSourceMappingSummary } from '../../src/contracts/event-source-mappings.ts';
import type { PanelRequest } from '../../src/protocol/panel.ts';
import { bisectEntries, failuresArn, largeEntry, mappingUuid, partialEntry, polledEntry, queueArn, streamArn } from './fake-batches.ts';
import type { FakeHistory } from './fake-history.ts';
import { allThemes, PanelBrowser, type PanelPage, type Theme } from './panel-page.ts';
import { violations } from './page-checks.ts';

describe('polled executions in the panel', function () {
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

  const nine = new Date().setHours(9, 0, 0, 0);
  async function show(prepare: (history: FakeHistory) => void, theme: Theme = 'dark', size: { width?: number; height?: number } = {}): Promise<Page> {
    open = await browser.open(theme, (history) => {
      history.around.mappings = [{ uuid: mappingUuid, eventSourceArn: streamArn, configuration: { BatchSize: 100, MaximumBatchingWindowInSeconds: 5 } } as unknown as EventSourceMappingSummary];
      history.around.why = (id) => Promise.resolve(id === 'kept-out-3' ? [] : [{ mappingUuid, functionName: 'PriceBasket', fate: 'filtered', sentence: '', filters: [`Filter 1 asks for express, not ${id}.`] }]);
      prepare(history);
    }, { width: 1300, height: 1000, ...size });
    return open.page;
  }
  const history = () => (open as PanelPage).history;
  const targets = () => history().requests.filter((request): request is Extract<PanelRequest, { type: 'open-target' }> => request.type === 'open-target').map(({ arn }) => arn);
  const rows = (page: Page) => page.locator('.batch-row');
  const choose = (page: Page, label: RegExp) => page.getByRole('button', { name: label });

  it('stand on the tab Batch, which others do not have', async () => {
    const page = await show((fake) => { fake.fill(2).entries.push(partialEntry(3, nine)); });
    await page.locator('#tab-batch[aria-selected="true"]', { hasText: '10' }).waitFor();
    await page.locator('.batch-end', { hasText: 'Partial: 2 of 10 came back' }).waitFor();
    await page.locator('.execution').nth(1).click();
    await page.locator('#tab-result[aria-selected="true"]').waitFor();
    await page.locator('#tab-batch').waitFor({ state: 'hidden' });
    await page.locator('.execution').first().click();
    await page.locator('#tab-batch[aria-selected="true"]').waitFor();
  });

  it('tell how the batch ended, where it stands, and lead to its mapping, source and failure destination', async () => {
    const page = await show((fake) => { fake.entries.push(...bisectEntries(1, nine)); });
    await page.locator('.execution').nth(1).click();
    await page.locator('.batch-end', { hasText: 'Given up after 2 attempts: sent to SQS queue failed-clicks.' }).waitFor();
    const facts = await page.locator('.batch-head .facts').innerText();
    for (const part of ['shardId-000000000000', '1 of at most 100, window 5 s', '1 record passed, 0 kept out', 'TRIM_HORIZON → …3000000003']) assert.ok(facts.includes(part), `${part} is missing in ${facts}`);
    await page.locator('.batch-head').getByRole('button', { name: 'clicks → PriceBasket' }).click();
    await page.locator('.batch-head').getByRole('button', { name: 'Kinesis stream clicks' }).click();
    await page.locator('.batch-delivery').getByRole('button', { name: 'SQS queue failed-clicks' }).click();
    await history().received((request) => request.type === 'open-target' && request.arn === failuresArn);
    assert.deepEqual(targets(), [`arn:aws:lambda:us-east-1:123456789012:event-source-mapping:${mappingUuid}`, streamArn, failuresArn]);
  });

  it('show the bisect tree, each invocation a way to itself', async () => {
    const page = await show((fake) => { fake.entries.push(...bisectEntries(1, nine)); });
    const tree = page.locator('.batch .family li');
    await tree.nth(7).waitFor();
    assert.deepEqual(await page.locator('.batch .family li .link[data-link]:not([data-link^="arn:"])').allInnerTexts(),
      ['Records 1–8', 'Records 1–4', 'Records 1–2', 'Records 3–4', 'Record 3', 'Record 4', 'Attempt 2: record 4', 'Records 5–8']);
    assert.deepEqual(await tree.evaluateAll((items) => items.map((item) => item.getAttribute('aria-level'))), ['1', '2', '3', '3', '4', '4', '4', '2']);
    const poison = tree.filter({ hasText: 'poison record' });
    assert.match(await poison.innerText(), /isolated and given up[^]*SQS queue failed-clicks/);
    await poison.getByRole('button', { name: 'Attempt 2: record 4' }).focus();
    await page.keyboard.press('Enter');
    await page.locator('.batch .family [aria-current="true"]', { hasText: 'Attempt 2: record 4' }).waitFor();
    await rows(page).filter({ hasText: 'Sent to SQS queue failed-clicks' }).waitFor();
    await page.locator('.batch-record .code', { hasText: '"poison":true' }).waitFor();
  });

  it('say what filters kept out, and why as long as that is known', async () => {
    const page = await show((fake) => { fake.entries.push(partialEntry(1, nine)); });
    const kept = page.getByRole('region', { name: 'Kept out by filters' });
    await kept.getByText('3 messages matched no filter').waitFor();
    await kept.getByText('Filter 1 asks for express, not kept-out-2.').waitFor();
    assert.equal(await kept.getByText('Why is not known any more.').count(), 1);
  });

  it('list ten thousand records by keyboard alone, a page at a time, and those of one outcome', async () => {
    const page = await show((fake) => { fake.entries.push(largeEntry(1, nine, 10_000)); });
    await rows(page).first().waitFor();
    assert.ok(await rows(page).count() < 60);
    await page.locator('.batch-rows').focus();
    await page.keyboard.press('End');
    await page.locator('#batch-row-9999[aria-selected="true"]', { hasText: 'Returned' }).waitFor();
    await page.locator('.batch-record', { hasText: '5f3b1d3c-0d6f-4b6b-8d42-000000009999' }).waitFor();
    await page.keyboard.press('ArrowUp');
    await page.locator('#batch-row-9998[aria-selected="true"]', { hasText: 'Deleted' }).waitFor();
    assert.equal(await page.locator('.batch-rows').getAttribute('aria-activedescendant'), 'batch-row-9998');
    await choose(page, /^Returned 100$/).focus();
    await page.keyboard.press('Enter');
    await page.locator('.choice[aria-pressed="true"]', { hasText: 'Returned 100' }).waitFor();
    await page.locator('.batch-row[aria-setsize="100"]', { hasText: '000000000099' }).waitFor();
    await choose(page, /^All 10,000$/).click();
    await page.locator('#batch-row-0[aria-setsize="10000"]', { hasText: 'Deleted' }).waitFor();
    const asked = history().requests.filter((request) => request.type === 'batch-rows');
    assert.ok(asked.length <= 6, `${asked.length} pages were asked for`);
  });

  it('follow a batch while the function has it', async () => {
    const running = polledEntry(1, { sourceArn: queueArn }, [{ messageId: 'm-1', body: '{"a":1}', attributes: {} }], { status: 'running' });
    const page = await show((fake) => { fake.entries.push(running); });
    await page.locator('.batch-end', { hasText: 'The function has the 1 message now.' }).waitFor();
    await rows(page).filter({ hasText: 'With the function' }).waitFor();
    const done = polledEntry(1, { sourceArn: queueArn, outcomes: '1d', end: { kind: 'done' } }, [{ messageId: 'm-1', body: '{"a":1}', attributes: {} }]);
    await history().happen(done);
    await history().sendDetail(done.execution.id);
    await page.locator('.batch-end', { hasText: 'Succeeded: 1 message deleted.' }).waitFor();
    await rows(page).filter({ hasText: 'Deleted' }).waitFor();
  });

  it('without records say so: the end of a tumbling window', async () => {
    const page = await show((fake) => {
      fake.entries.push(polledEntry(1, { outcomes: '', end: { kind: 'done' }, window: { start: '2026-11-24T09:00:00Z', end: '2026-11-24T09:01:00Z', final: true, terminatedEarly: false } }, []));
    });
    await page.locator('.batch-end', { hasText: 'Succeeded: the tumbling window is closed.' }).waitFor();
    assert.match(await page.locator('.batch-head .facts').innerText(), /09:00:00 – 09:01:00 UTC, final invocation/);
    assert.ok(await page.locator('.batch-rows').isHidden());
  });

  it('show text of records as text, whatever it holds', async () => {
    const body = '<img src=x onerror=alert(1)>';
    const page = await show((fake) => {
      fake.entries.push(polledEntry(1, { sourceArn: queueArn, outcomes: '1d', end: { kind: 'done' } }, [{ messageId: body, body, attributes: { MessageGroupId: body } }]));
    });
    await page.locator('.batch-record .code', { hasText: body }).waitFor();
    assert.equal(await page.locator('.batch img').count(), 0);
  });

  for (const theme of allThemes) {
    it(`has no serious accessibility findings in ${theme}, wide and narrow`, async () => {
      for (const width of theme === 'dark' ? [560, 1300] : [1300]) {
        const page = await show((fake) => { fake.entries.push(...bisectEntries(1, nine), partialEntry(20, nine + 10_000)); }, theme, { width });
        await rows(page).first().waitFor();
        assert.deepEqual(await violations(page), []);
        await page.locator('.execution').nth(2).click();
        await page.locator('.batch-end', { hasText: 'Given up' }).waitFor();
        await page.locator('.batch-rows').focus();
        assert.deepEqual(await violations(page), []);
        if (width === 560) await open?.close();
      }
    });
  }
});
