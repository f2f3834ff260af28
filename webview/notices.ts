/** What stands in the panel when there is no list to show, and above it when something is wrong. */
import type { PanelAction } from '../src/protocol/panel.ts';
import { progressRing, textButton } from './controls.ts';
import { h, icon } from './dom.ts';
import { isEmptyFilter } from './filters.ts';
import type { PanelState } from './state.ts';

export interface NoticeEvents {
  act(action: PanelAction): void;
  clearFilter(): void;
  retry(): void;
}

type Notice =
  | { kind: 'none' }
  | { kind: 'waiting'; text: string }
  | { kind: 'engine'; state: 'untrusted' | 'no-folder' | 'stopped' | 'failed'; failure?: string }
  | { kind: 'empty'; endpoint?: string; functionName?: string }
  | { kind: 'no-match' }
  | { kind: 'list-failed'; message: string };

/** Which notice a state calls for. Pure. */
export function noticeOf({ engine, rows, loading, filter, listFailure }: PanelState): Notice {
  if (!engine) return { kind: 'waiting', text: 'Loading…' };
  switch (engine.state) {
    case 'untrusted': case 'no-folder': case 'stopped': case 'failed':
      return { kind: 'engine', state: engine.state, ...(engine.failure !== undefined && { failure: engine.failure }) };
    case 'starting':
      return { kind: 'waiting', text: 'Starting the engine…' };
    case 'ready': break;
  }
  if (listFailure !== undefined) return { kind: 'list-failed', message: listFailure };
  if (rows.length > 0) return { kind: 'none' };
  if (loading) return { kind: 'waiting', text: 'Loading…' };
  if (!isEmptyFilter(filter)) return { kind: 'no-match' };
  const [functionName] = engine.functionNames;
  return {
    kind: 'empty',
    ...(engine.endpoint !== undefined && { endpoint: engine.endpoint }),
    ...(functionName !== undefined && { functionName }),
  };
}

export class Notices {
  readonly element = h('div', { class: 'notices', role: 'region', 'aria-label': 'State' });
  readonly #events: NoticeEvents;
  #shown = '';

  constructor(events: NoticeEvents) {
    this.#events = events;
  }

  /** True when the notice takes the place of the list. */
  show(state: PanelState): boolean {
    const notice = noticeOf(state);
    const key = JSON.stringify(notice);
    if (key !== this.#shown) {
      this.#shown = key;
      this.element.replaceChildren(...this.#content(notice));
    }
    this.element.hidden = notice.kind === 'none';
    const replaces = state.rows.length === 0;
    this.element.classList.toggle('banner', !replaces);
    return notice.kind !== 'none' && replaces;
  }

  #content(notice: Notice): Node[] {
    const { act, clearFilter, retry } = this.#events;
    switch (notice.kind) {
      case 'none': return [];
      case 'waiting':
        return [h('div', { class: 'waiting' }, progressRing(), h('p', {}, notice.text))];
      case 'engine': return this.#engine(notice.state, notice.failure);
      case 'empty': return emptyHistory(notice.endpoint, notice.functionName);
      case 'no-match':
        return [
          h('h2', {}, 'No execution matches'),
          h('p', {}, 'Nothing in the history fits this filter. Matching executions appear here as they happen.'),
          textButton('Clear Filter', clearFilter).element,
        ];
      case 'list-failed':
        return [
          h('h2', {}, icon('error'), 'The history could not be read'),
          h('p', {}, notice.message),
          buttons(textButton('Try Again', retry, { primary: true }), textButton('Show Log', () => act('show-log'))),
        ];
    }
  }

  #engine(state: 'untrusted' | 'no-folder' | 'stopped' | 'failed', failure: string | undefined): Node[] {
    const { act } = this.#events;
    switch (state) {
      case 'untrusted':
        return [
          h('h2', {}, icon('shield'), 'Restricted Mode'),
          h('p', {}, 'Functions of a workspace run code on your machine, so nothing runs until you trust this workspace.'),
          textButton('Manage Workspace Trust', () => act('manage-trust'), { primary: true }).element,
        ];
      case 'no-folder':
        return [
          h('h2', {}, 'No folder is open'),
          h('p', {}, 'Open the folder that holds your Lambda functions: their executions are listed here.'),
          textButton('Open Folder', () => act('open-folder'), { primary: true }).element,
        ];
      case 'stopped':
        return [
          h('h2', {}, 'The engine is not running'),
          h('p', {}, 'Start it to see the history and to invoke functions.'),
          textButton('Start Engine', () => act('start-engine'), { primary: true }).element,
        ];
      case 'failed':
        return [
          h('h2', {}, icon('error'), 'The engine is not available'),
          h('p', {}, failure ?? 'It ended unexpectedly.'),
          buttons(textButton('Try Again', () => act('start-engine'), { primary: true }), textButton('Show Log', () => act('show-log'))),
        ];
    }
  }
}

function emptyHistory(endpoint: string | undefined, functionName = 'MyFunction'): Node[] {
  const ways = h('ul', {},
    h('li', {}, 'Click ', h('strong', {}, 'Invoke'), ' above a handler in your code.'),
    h('li', {}, 'Click ', icon('play'), h('span', { class: 'visually-hidden' }, 'the Invoke button'), ' beside a function in the Functions view.'),
    h('li', {}, 'Run ', h('strong', {}, 'Local Lambda: Invoke Function'), ' from the Command Palette.'));
  const content: Node[] = [
    h('h2', {}, 'No executions yet'),
    h('p', {}, 'Every invocation is listed here with its result, logs and timing. To make the first one:'),
    ways,
  ];
  if (endpoint !== undefined) {
    const command = [
      `aws lambda invoke --function-name ${functionName} \\`,
      `  --endpoint-url ${endpoint} \\`,
      '  --cli-binary-format raw-in-base64-out \\',
      "  --payload '{}' response.json",
    ];
    content.push(
      h('p', {}, 'Or call it with any AWS SDK or the AWS CLI; ', h('strong', {}, 'Local Lambda: Copy Endpoint Exports'), ' has the credentials:'),
      h('pre', { class: 'command', tabindex: '0' }, command.join('\n')));
  }
  return content;
}

function buttons(...controls: readonly { element: HTMLElement }[]): HTMLElement {
  return h('div', { class: 'buttons' }, ...controls.map(({ element }) => element));
}
