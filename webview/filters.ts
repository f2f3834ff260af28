/** The fields above the list that restrict it: text, status, function. */
import { maxFilterLength, type ExecutionFilter } from '../src/protocol/panel.ts';
import { dropdown, textField, type Choice } from './controls.ts';
import { h } from './dom.ts';
import { statusWords, type Status } from './formatting.ts';

/** The list is asked anew once typing rests for so long, milliseconds. */
const typingRest = 200;

const statusChoices: readonly Choice[] = [
  { value: '', label: 'All statuses' },
  ...Object.entries(statusWords).map(([value, { word }]) => ({ value, label: word })),
];

export class Filters {
  readonly element: HTMLElement;
  readonly #text;
  readonly #status;
  readonly #functions;
  readonly #onChange: (filter: ExecutionFilter) => void;
  #filter: ExecutionFilter = {};
  #typing: number | undefined;

  constructor(onChange: (filter: ExecutionFilter) => void) {
    this.#onChange = onChange;
    this.#text = textField({
      label: 'Filter by function name, request ID or error',
      placeholder: 'Filter',
      iconName: 'search',
      maxLength: maxFilterLength,
      onInput: () => {
        clearTimeout(this.#typing);
        this.#typing = window.setTimeout(() => this.#changed(), typingRest);
      },
    });
    this.#status = dropdown({ label: 'Filter by status', onChange: (value) => this.#set({ status: value as Status | '' }) });
    this.#functions = dropdown({ label: 'Filter by function', onChange: (value) => this.#set({ functionName: value }) });
    this.element = h('search', { class: 'filters' }, this.#text.element, this.#functions.element, this.#status.element);
  }

  focus(): void {
    this.#text.focus();
  }

  /** `functionNames`: what the function field offers. */
  show(filter: ExecutionFilter, functionNames: readonly string[]): void {
    if (filter !== this.#filter) {
      this.#filter = filter;
      if (this.#text.value.trim() !== (filter.text ?? '')) this.#text.value = filter.text ?? '';
    }
    this.#status.setChoices(statusChoices, filter.status ?? '');
    const names = new Set(functionNames);
    if (filter.functionName !== undefined) names.add(filter.functionName);
    this.#functions.setChoices(
      [{ value: '', label: 'All functions' }, ...[...names].sort().map((name) => ({ value: name, label: name }))],
      filter.functionName ?? '',
    );
  }

  #set({ status, functionName }: { status?: Status | ''; functionName?: string }): void {
    this.#changed({
      status: status ?? this.#filter.status ?? '',
      functionName: functionName ?? this.#filter.functionName ?? '',
    });
  }

  #changed({ status = this.#filter.status ?? '', functionName = this.#filter.functionName ?? '' }: { status?: Status | ''; functionName?: string } = {}): void {
    clearTimeout(this.#typing);
    const text = this.#text.value.trim();
    const next: ExecutionFilter = {
      ...(text !== '' && { text }),
      ...(status !== '' && { status }),
      ...(functionName !== '' && { functionName }),
    };
    if (sameFilter(next, this.#filter)) return;
    this.#filter = next;
    this.#onChange(next);
  }
}

export function isEmptyFilter(filter: ExecutionFilter): boolean {
  return filter.text === undefined && filter.status === undefined && filter.functionName === undefined;
}

function sameFilter(one: ExecutionFilter, other: ExecutionFilter): boolean {
  return one.text === other.text && one.status === other.status && one.functionName === other.functionName;
}
