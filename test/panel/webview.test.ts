/** The panel's page in a real browser, driven by keyboard and mouse, against a made-up history. */
import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';
import type { PanelRequest } from '../../src/protocol/panel.ts';
import { entry, type FakeHistory } from './fake-history.ts';
import { until, violations } from './page-checks.ts';
import { allThemes, PanelBrowser, type PanelPage, type Theme } from './panel-page.ts';

describe('records panel, in a browser', () => {
  let browser: PanelBrowser;
  let open: PanelPage | undefined;
  before(async () => { browser = await PanelBrowser.start(); });
  after(() => browser.stop());
  afterEach(async () => {
    const problems = open?.problems ?? [];
    await open?.close();
    open = undefined;
    // No CSP violation, no error in the console, no message that the host would refuse: in every test.
    assert.deepEqual(problems, []);
  });

  async function show(prepare: (history: FakeHistory) => void, options: Parameters<PanelBrowser['open']>[2] & { theme?: Theme } = {}): Promise<Page> {
    open = await browser.open(options.theme ?? 'dark', prepare, options);
    return open.page;
  }
  const history = () => (open as PanelPage).history;
  const selected = (page: Page) => page.locator('.execution[aria-selected="true"]');
  const ofType = <T extends PanelRequest['type']>(type: T) => history().requests.filter((request) => request.type === type) as Extract<PanelRequest, { type: T }>[];

  it('lists executions newest first and shows the newest', async () => {
    const page = await show((fake) => fake.fill(30));
    await page.locator('.title h2', { hasText: 'ChargeCard:$LATEST' }).waitFor();
    const first = page.locator('.execution').first();
    assert.match(await first.innerText(), /ChargeCard\s+73 ms\s+Failed:\s+CardDeclinedError\s+09:00:51/);
    assert.match(await page.getByRole('option', { name: /ChargeCard 73 ms Failed: CardDeclinedError/ }).first().getAttribute('aria-posinset') ?? '', /^1$/);
    assert.match(await page.locator('.summary').innerText(), /nodejs20\.x is not installed: Node 22\.13\.1 ran this function\./);
    assert.match(await page.locator('.message.error').innerText(), /CardDeclinedError: The card issuer declined/);
  });

  it('is driven by the keyboard: arrows, Home, End, Enter, Escape, /', async () => {
    const page = await show((fake) => fake.fill(1500));
    await page.locator('.facts').waitFor();
    await page.locator('.executions').focus();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowDown');
    await page.locator('.execution[aria-selected="true"][aria-posinset="3"]').waitFor();
    const active = await page.locator('.executions').getAttribute('aria-activedescendant');
    assert.equal(await selected(page).getAttribute('id'), active);
    await page.keyboard.press('End');
    await page.locator('.execution[aria-selected="true"][aria-posinset="1500"]').waitFor();
    assert.ok(await selected(page).isVisible());
    await page.keyboard.press('Home');
    await page.locator('.execution[aria-selected="true"][aria-posinset="1"]').waitFor();
    await page.keyboard.press('Enter');
    assert.equal(await page.evaluate('document.activeElement.id'), 'tab-result');
    await page.keyboard.press('ArrowRight');
    await page.locator('.log .line').first().waitFor();
    await page.keyboard.press('Escape');
    assert.equal(await page.evaluate('document.activeElement.className'), 'executions');
    await page.keyboard.press('/');
    assert.equal(await page.evaluate('document.activeElement.localName'), 'vscode-text-field');
  });

  it('holding an arrow key asks for the detail where it stops, not for every row passed', async () => {
    const page = await show((fake) => fake.fill(200));
    await page.locator('.facts').waitFor();
    await page.locator('.executions').focus();
    const before = ofType('select').length;
    await page.evaluate(`(() => { const list = document.querySelector('.executions');
      for (let count = 0; count < 60; count += 1) list.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowDown', bubbles: true, cancelable: true })); })()`);
    await page.locator('.execution[aria-selected="true"][aria-posinset="61"]').waitFor();
    await until(page, `document.querySelector('.facts code').textContent === document.querySelector('.execution[aria-selected="true"]').dataset.id`);
    assert.ok(ofType('select').length - before <= 2);
  });

  it('scrolls 10,000 rows with few elements, fetching pages as they come near', async () => {
    const page = await show((fake) => fake.fill(10_000));
    await page.locator('.facts').waitFor();
    assert.ok(ofType('list').length <= 2);
    await page.locator('.executions').focus();
    await page.keyboard.press('End');
    await page.locator('.execution[aria-selected="true"][aria-posinset="10000"]').waitFor();
    assert.ok(await page.locator('.execution').count() < 80);
    // Through all of them, a frame at a time: every frame shows rows where the view is.
    const blank = await page.evaluate<number>(`(async () => {
      const list = document.querySelector('.executions');
      let blank = 0;
      for (let top = 0; top < list.scrollHeight; top += 40_000) {
        list.scrollTop = top;
        await new Promise(requestAnimationFrame);
        await new Promise(requestAnimationFrame);
        const { left, top: y, height } = list.getBoundingClientRect();
        if (!document.elementFromPoint(left + 50, y + height / 2).closest('.execution')) blank += 1;
      }
      return blank;
    })()`);
    assert.equal(blank, 0);
  });

  it('stays where it is being read while executions arrive, and follows at the top until the user chooses', async () => {
    const page = await show((fake) => fake.fill(300));
    await page.locator('.facts').waitFor();
    await history().happen(entry(301));
    await page.locator(`.execution[aria-selected="true"][data-id="${entry(301).execution.id}"]`).waitFor();
    const chosen = await page.locator('.execution').nth(4).getAttribute('data-id');
    await page.locator('.execution').nth(4).click();
    await page.locator(`.execution[aria-selected="true"][data-id="${chosen}"]`).waitFor();
    await page.evaluate(`document.querySelector('.executions').scrollTop = 4600`);
    const inView = `(() => { const { left, top } = document.querySelector('.executions').getBoundingClientRect();
      const row = document.elementFromPoint(left + 50, top + 5).closest('.execution'); return row && row.dataset.id + ' ' + Math.round(row.getBoundingClientRect().top); })()`;
    await until(page, inView);
    const reading = await page.evaluate<string>(inView);
    for (let sequence = 302; sequence < 312; sequence += 1) await history().happen(entry(sequence));
    await until(page, `document.querySelector('.executions-space').offsetHeight >= 46 * 210`);
    assert.equal(await page.evaluate(inView), reading);
    assert.equal(await selected(page).getAttribute('data-id'), chosen);
  });

  it('filters by text, status and function, and says so when nothing matches', async () => {
    const page = await show((fake) => fake.fill(100));
    await page.locator('.facts').waitFor();
    await page.keyboard.press('/');
    await page.keyboard.type('DECLINED');
    await page.locator('.execution').first().filter({ hasText: 'CardDeclinedError' }).waitFor();
    await until(page, `[...document.querySelectorAll('.execution')].every((row) => row.textContent.includes('CardDeclinedError'))`);
    await page.locator('vscode-dropdown[title="Filter by function"]').click();
    await page.locator('vscode-option[value="ChargeCard"]').click();
    await until(page, `[...document.querySelectorAll('.execution')].every((row) => row.textContent.includes('ChargeCard'))`);
    assert.deepEqual(ofType('list').at(-1)?.filter, { text: 'DECLINED', functionName: 'ChargeCard' });
    await page.locator('vscode-dropdown[title="Filter by status"]').click();
    await page.locator('vscode-option[value="throttled"]').click();
    await page.locator('h2', { hasText: 'No execution matches' }).waitFor();
    await page.locator('vscode-button', { hasText: 'Clear Filter' }).click();
    await page.locator('.execution').nth(5).waitFor();
    assert.deepEqual(ofType('list').at(-1)?.filter, {});
  });

  it('shows result, logs, event and record, each in its tab', async () => {
    const page = await show((fake) => fake.fill(34));
    await page.locator('.execution').nth(1).click();
    await until(page, `document.querySelector('#view-result .code')?.textContent.includes('"orderId": "ord-33"')`);
    await page.locator('#tab-logs').click();
    await page.locator('.log .line').first().waitFor();
    assert.deepEqual(await page.locator('.line.level-warn .text').allInnerTexts(), ['WARN\tstock of tea-sencha is low: 3 left']);
    await page.locator('#tab-event').click();
    await page.locator('#view-event .code').waitFor();
    assert.match(await page.locator('#view-event .code').innerText(), /"name": "Łucja Müller"/);
    await page.locator('#tab-record').click();
    await page.locator('#view-record .code').waitFor();
    const record = await page.locator('#view-record').innerText();
    assert.match(record, /As a destination would receive it\. AWS Lambda delivers this invocation record for asynchronous invocations only\./);
    assert.match(record, /"condition": "Success"/);
  });

  it('follows a running execution: lines as they come, Cancel, then the result', async () => {
    const running = entry(31, { status: 'running' });
    const page = await show((fake) => { fake.fill(30).entries.push(running); });
    await page.locator('vscode-button', { hasText: 'Cancel' }).waitFor();
    await page.locator('#tab-logs').click();
    await history().post({ type: 'log', executionId: running.execution.id, lines: ['\u001b[31mfrom the \rfunction\u001b[0m', 'second'] });
    await page.locator('.line', { hasText: 'second' }).waitFor();
    assert.equal(await page.locator('.line', { hasText: 'from the' }).innerText(), 'from the \nfunction');
    await page.locator('vscode-button', { hasText: 'Cancel' }).click();
    await page.locator('#tab-result').click();
    await history().happen(entry(31));
    await history().sendDetail(running.execution.id);
    await until(page, `document.querySelector('#view-result .code')?.textContent.includes('ord-31')`);
    assert.ok(await page.locator('vscode-button', { hasText: 'Replay' }).isVisible());
    assert.ok(await page.locator('vscode-button', { hasText: 'Cancel' }).isHidden());
    await page.locator('[role="status"]', { hasText: 'ShipOrder succeeded after' }).waitFor({ state: 'attached' });
    assert.deepEqual(ofType('execution-action').map(({ action, executionId }) => [action, executionId]), [['cancel', running.execution.id]]);
  });

  it('replays and then shows the replay', async () => {
    const page = await show((fake) => fake.fill(30));
    const original = await page.locator('.execution').nth(3).getAttribute('data-id') ?? '';
    await page.locator('.execution').nth(3).click();
    await until(page, `document.querySelector('.facts code').textContent === '${original}'`);
    await page.locator('vscode-button', { hasText: 'Replay' }).click();
    await history().happen(entry(31, { status: 'running' }));
    await history().happen(entry(32, { source: 'replay', replayOf: original }));
    await page.locator(`.execution[aria-selected="true"][data-id="${entry(32).execution.id}"]`).waitFor();
    const link = page.locator('button.link', { hasText: original });
    await link.click();
    await page.locator(`.execution[aria-selected="true"][data-id="${original}"]`).waitFor();
  });

  it('opens its facts where there is room, on demand where there is not, and remembers the choice', async () => {
    const page = await show((fake) => fake.fill(30), { width: 480, height: 800 });
    await page.locator('.brief', { hasText: /^73 ms · [\d]+ MB · / }).waitFor();
    assert.ok(await page.locator('.facts').isHidden());
    assert.ok(await page.locator('#view-result .code').isVisible());
    await page.locator('.brief').click();
    await page.locator('.facts').waitFor();
    await until(page, 'savedState?.factsOpen === true');
    const savedState = await open?.savedState();
    await open?.close();
    const again = await show((fake) => fake.fill(30), { width: 480, height: 800, savedState });
    await again.locator('.facts').waitFor();
  });

  it('keeps the end of a log in view while lines come, and when the facts above grow', async () => {
    const running = entry(31, { status: 'running' });
    const page = await show((fake) => { fake.fill(30).entries.push(running); });
    await page.locator('#tab-logs').click();
    await history().post({ type: 'log', executionId: running.execution.id, lines: Array.from({ length: 200 }, (_, index) => `line ${index}`) });
    const atEnd = `(() => { const { scrollHeight, scrollTop, clientHeight } = document.querySelector('#view-logs'); return scrollTop > 0 && scrollHeight - scrollTop - clientHeight < 2; })()`;
    await until(page, atEnd);
    const failed = entry(31, { status: 'failed', errorType: 'Runtime.ExitError', errorMessage: 'It ended.\n'.repeat(8) });
    failed.content.log = Array.from({ length: 205 }, (_, index) => `line ${index}`).join('\n');
    await history().happen(failed);
    await history().sendDetail(running.execution.id);
    await page.locator('.line', { hasText: 'line 204' }).waitFor();
    await until(page, atEnd);
  });

  it('shows what the user cancelled as no error', async () => {
    const page = await show((fake) => { fake.fill(3).entries.push(entry(4, { status: 'cancelled', errorType: 'LocalLambda.Cancelled', errorMessage: 'The invocation was cancelled.' })); });
    await page.locator('.message', { hasText: 'The invocation was cancelled.' }).waitFor();
    assert.equal(await page.locator('.message.error').count(), 0);
  });

  it('asks the host for everything that leaves the panel', async () => {
    const page = await show((fake) => fake.fill(3));
    await page.locator('.facts').waitFor();
    await page.locator('vscode-button[title="Copy as AWS CLI command"]').click();
    await page.locator('vscode-button[title="Save event as test event"]').click();
    await page.locator('#tab-event').click();
    await page.locator('vscode-button[title^="Open this tab"]').click();
    await page.locator('button[aria-label="Copy request ID"]').click();
    await page.locator('vscode-button[title^="Export all"]').click();
    await page.locator('vscode-button[title="Clear the history"]').click();
    const { id } = entry(3).execution;
    await page.locator('[role="status"]', { hasText: 'Copied request ID' }).waitFor({ state: 'attached' });
    await history().received(({ type, ...request }) => type === 'action' && 'action' in request && request.action === 'clear');
    const asked = history().requests.filter(({ type }) => !['ready', 'list', 'select'].includes(type))
      .map((request) => Object.fromEntries(Object.entries(request).filter(([name]) => name !== 'version')));
    assert.deepEqual(asked, [
      { type: 'execution-action', action: 'copy-as-cli', executionId: id },
      { type: 'execution-action', action: 'save-as-test-event', executionId: id },
      { type: 'open-part', executionId: id, part: 'event' },
      { type: 'copy', text: id },
      { type: 'action', action: 'export' },
      { type: 'action', action: 'clear' },
    ]);
  });

  it('shows the first part of a large payload and the last part of a long log, and says so', async () => {
    const page = await show((fake) => {
      const big = entry(1);
      big.content.response = JSON.stringify({ items: Array.from({ length: 40_000 }, (_, index) => ({ index, text: '</script><b>"&' })) });
      big.content.log = Array.from({ length: 100_000 }, (_, index) => `line ${index}`).join('\n');
      fake.entries.push(big);
    });
    await page.locator('#view-result .notice', { hasText: /Only the first 98,304 of [\d,]+ characters of the result are shown\./ }).waitFor();
    assert.equal(await page.locator('#view-result b').count(), 0);
    await page.locator('#tab-logs').click();
    await page.locator('#view-logs .notice', { hasText: 'Only the last 4,000 lines are shown.' }).waitFor();
    assert.equal(await page.locator('.line').last().textContent(), 'line 99999');
    await page.locator('#view-logs .notice vscode-button').click();
    await history().received((request) => request.type === 'open-part' && request.part === 'logs');
  });

  it('restores filter, tab, selection and place in the list after a reload', async () => {
    const fill = (fake: FakeHistory) => { fake.fill(900); };
    const page = await show(fill);
    await page.locator('.facts').waitFor();
    await page.locator('vscode-dropdown[title="Filter by status"]').click();
    await page.locator('vscode-option[value="succeeded"]').click();
    const succeeded = history().entries.filter(({ execution }) => execution.status === 'succeeded').reverse();
    const chosen = succeeded[7]?.execution.id;
    const top = succeeded[300]?.execution;
    await page.locator(`[data-id="${succeeded[9]?.execution.id}"][aria-posinset="10"]`).waitFor();
    await page.locator(`[data-id="${chosen}"]`).click();
    await page.locator('#tab-event').click();
    // Again and again, as a person would: a page that comes in between moves the end.
    await until(page, `document.querySelector('.executions').scrollTop = 1e6, document.querySelector('.executions-space').offsetHeight > 46 * 350`);
    await page.evaluate(`document.querySelector('.executions').scrollTop = 46 * 300`);
    // A state that was saved on the way there is not the last one.
    await until(page, `savedState?.rowCount > 350 && savedState.topSequence === ${top?.sequence} && savedState.tab === 'event'`);
    const savedState = await open?.savedState();
    await open?.close();
    const again = await show((fake) => { fill(fake); fake.entries.push(entry(901), entry(902)); }, { savedState });
    await again.locator('#view-event .code').waitFor();
    await until(again, `(() => { const { left, top } = document.querySelector('.executions').getBoundingClientRect();
      return document.elementFromPoint(left + 50, top + 5).closest('.execution')?.dataset.id === '${top?.id}'; })()`);
    assert.deepEqual(ofType('list')[0]?.filter, { status: 'succeeded' });
    assert.equal(ofType('select')[0]?.executionId, chosen);
  });

  it('keeps the list under a banner when the engine goes, and reads again when it is back', async () => {
    const page = await show((fake) => fake.fill(20));
    await page.locator('.facts').waitFor();
    await history().post({ type: 'engine', state: 'failed', failure: 'It ended.', functionNames: [] });
    await page.locator('.notices.banner', { hasText: 'It ended.' }).waitFor();
    assert.ok(await page.locator('.execution').first().isVisible());
    await page.locator('vscode-button', { hasText: 'Try Again' }).click();
    const asked = ofType('list').length;
    history().fill(21);
    await history().post(history().engine);
    await page.locator(`[data-id="${entry(21).execution.id}"]`).waitFor();
    assert.equal(ofType('list').length, asked + 1);
    assert.deepEqual(ofType('action').map(({ action }) => action), ['start-engine']);
  });

  it('names its fields and rows for who hears them', async () => {
    const page = await show((fake) => fake.fill(11));
    await page.getByRole('textbox', { name: 'Filter by function name, request ID or error' }).waitFor();
    await page.getByRole('option', { name: /^ShipOrder 1\d\d ms Succeeded ?, cold start/ }).waitFor();
  });

  it('has all tabs and whole lines in the narrowest editor', async () => {
    const page = await show((fake) => fake.fill(3), { width: 222 });
    for (const name of ['Result', 'Logs', 'Event', 'Record']) {
      const box = await page.getByRole('tab', { name }).boundingBox();
      assert.ok(box && box.x >= 0 && box.x + box.width <= 222, `${name} at ${box?.x} to ${box && box.x + box.width}`);
    }
    await page.locator('#view-result .json-key').first().waitFor();
    const { right, scrolls } = await page.evaluate<{ right: number; scrolls: boolean }>(`(() => {
      const view = document.querySelector('#view-result');
      return { right: view.getBoundingClientRect().right, scrolls: view.scrollWidth > view.clientWidth };
    })()`);
    assert.ok(right <= 222, `the result ends at ${right}`);
    assert.equal(scrolls, false);
  });

  it('says what to do when there is nothing to list', async () => {
    const page = await show(() => {});
    await page.locator('h2', { hasText: 'No executions yet' }).waitFor();
    assert.match(await page.locator('pre.command').innerText(), /--endpoint-url http:\/\/127\.0\.0\.1:34567/);
    await history().post({ type: 'engine', state: 'untrusted', functionNames: [] });
    await page.locator('vscode-button', { hasText: 'Manage Workspace Trust' }).waitFor();
    await history().post({ type: 'engine', state: 'no-folder', functionNames: [] });
    await page.locator('vscode-button', { hasText: 'Open Folder' }).waitFor();
    await history().post({ type: 'engine', state: 'starting', functionNames: [] });
    await page.locator('.waiting', { hasText: 'Starting the engine' }).waitFor();
    history().listFailure = 'The database is locked.';
    await history().post(history().engine);
    await page.locator('.notices', { hasText: 'The database is locked.' }).waitFor();
    history().listFailure = undefined;
    history().fill(1);
    await page.locator('vscode-button', { hasText: 'Try Again' }).click();
    await page.locator('.execution').waitFor();
  });

  it('spins nothing when motion is to be reduced', async () => {
    const page = await show((fake) => { fake.entries.push(entry(1, { status: 'running' })); }, { reducedMotion: true });
    await page.locator('.execution .codicon-modifier-spin').waitFor();
    assert.equal(await page.evaluate(`getComputedStyle(document.querySelector('.execution .codicon-modifier-spin')).animationName`), 'none');
  });

  for (const theme of allThemes) {
    it(`is accessible in the ${theme} theme: axe finds nothing serious in any state`, async () => {
      const page = await show((fake) => { fake.fill(60).entries.push(entry(61, { status: 'running' })); }, { theme });
      await page.locator('.facts').waitFor();
      const found: string[] = [];
      const look = async (state: string) => { found.push(...(await violations(page)).map((violation) => `${state}: ${violation}`)); };
      await look('running');
      await page.locator('.execution.status-failed').first().click();
      await page.locator('.message.error').waitFor();
      await look('failed');
      for (const tab of ['logs', 'event', 'record']) {
        await page.locator(`#tab-${tab}`).click();
        await page.locator(`#view-${tab} .code`).waitFor();
        await look(tab);
      }
      await history().post({ type: 'engine', state: 'failed', failure: 'It ended.', functionNames: [] });
      await page.locator('.notices.banner').waitFor();
      await look('banner');
      await page.locator('.executions').focus();
      await look('focused list');
      assert.deepEqual(found, []);
    });
  }

  it('is accessible when there is nothing to list', async () => {
    const page = await show(() => {}, { theme: 'light' });
    await page.locator('h2', { hasText: 'No executions yet' }).waitFor();
    assert.deepEqual(await violations(page), []);
  });

  it('shows where the focus is in high contrast', async () => {
    const page = await show((fake) => fake.fill(5), { theme: 'high-contrast' });
    await page.locator('.facts').waitFor();
    await page.locator('.executions').focus();
    await page.keyboard.press('ArrowDown');
    const outline = await page.evaluate(`(() => { const { outlineStyle, outlineWidth } = getComputedStyle(document.querySelector('.execution[aria-selected="true"]')); return outlineStyle + ' ' + outlineWidth; })()`);
    assert.equal(outline, 'solid 2px');
  });
});
