/** What can be done with the execution that is shown. */
import type { ExecutionAction } from '../src/protocol/panel.ts';
import { iconButton, textButton } from './controls.ts';
import { h } from './dom.ts';
import { isUnderWay } from './formatting.ts';
import type { Detail } from './state.ts';

export interface ActionEvents {
  act(action: ExecutionAction): void;
  openInEditor(): void;
}

export class Actions {
  readonly element: HTMLElement;
  readonly #cancel;
  readonly #replay;
  readonly #replayOther;
  readonly #twice;
  #otherAction: ExecutionAction = 'replay-async';

  constructor({ act, openInEditor }: ActionEvents) {
    this.#replay = textButton('Replay', () => act('replay'), { iconName: 'debug-rerun' });
    this.#cancel = textButton('Cancel', () => act('cancel'), { iconName: 'debug-stop' });
    this.#replay.element.title = 'Invoke the function with the same event again';
    this.#replayOther = iconButton('run-all', '', () => act(this.#otherAction));
    this.#twice = iconButton('copy', 'Deliver twice: this event reaches the function a second time, as AWS may do', () => act('deliver-twice'));
    this.element = h('div', { class: 'actions', role: 'group', 'aria-label': 'Actions' },
      this.#cancel.element,
      this.#replay.element,
      this.#replayOther.element,
      this.#twice.element,
      iconButton('terminal', 'Copy as AWS CLI command', () => act('copy-as-cli')).element,
      iconButton('save', 'Save event as test event', () => act('save-as-test-event')).element,
      iconButton('go-to-file', 'Open this tab\'s text in an editor', openInEditor).element);
  }

  show({ status, asynchronous }: Detail['execution']): void {
    const over = !isUnderWay(status);
    this.#cancel.setHidden(over);
    this.#cancel.element.title = status === 'queued' ? 'Take the event out of the queue' : 'End the running invocation';
    this.#replay.setHidden(!over);
    this.#replayOther.setHidden(!over);
    this.#otherAction = asynchronous ? 'replay-sync' : 'replay-async';
    this.#replayOther.setLabel(asynchronous ? 'Replay and wait for the answer' : 'Replay asynchronously: queue the same event');
    this.#twice.setHidden(!asynchronous || status === 'running');
  }
}
