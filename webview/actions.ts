/** What can be done with the execution that is shown. */
import type { ExecutionAction } from '../src/protocol/panel.ts';
import { iconButton, textButton } from './controls.ts';
import { h } from './dom.ts';
import type { Detail } from './state.ts';

export interface ActionEvents {
  act(action: ExecutionAction): void;
  openInEditor(): void;
}

export class Actions {
  readonly element: HTMLElement;
  readonly #cancel;
  readonly #replay;

  constructor({ act, openInEditor }: ActionEvents) {
    this.#replay = textButton('Replay', () => act('replay'), { iconName: 'debug-rerun' });
    this.#cancel = textButton('Cancel', () => act('cancel'), { iconName: 'debug-stop' });
    this.#replay.element.title = 'Invoke the function with the same event again';
    this.#cancel.element.title = 'End the running invocation';
    this.element = h('div', { class: 'actions', role: 'group', 'aria-label': 'Actions' },
      this.#cancel.element,
      this.#replay.element,
      iconButton('terminal', 'Copy as AWS CLI command', () => act('copy-as-cli')).element,
      iconButton('save', 'Save event as test event', () => act('save-as-test-event')).element,
      iconButton('go-to-file', 'Open this tab\'s text in an editor', openInEditor).element);
  }

  show(execution: Detail['execution']): void {
    this.#cancel.setHidden(execution.status !== 'running');
    this.#replay.setHidden(execution.status === 'running');
  }
}
