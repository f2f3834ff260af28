/**
 * The panel's controls: buttons, fields, tabs. The only file that knows `@vscode/webview-ui-toolkit`, which its makers
 * have archived; whoever replaces it rewrites this file and the `vscode-…` selectors of styles.css, nothing else.
 */
import {
  provideVSCodeDesignSystem, vsCodeButton, vsCodeDropdown, vsCodeOption, vsCodePanels, vsCodePanelTab,
  vsCodePanelView, vsCodeProgressRing, vsCodeTextField,
} from '@vscode/webview-ui-toolkit';
import type { Button, Dropdown, Panels, TextField } from '@vscode/webview-ui-toolkit';
import { h, icon } from './dom.ts';

/** Before any control is made. */
export function registerControls(): void {
  provideVSCodeDesignSystem().register(
    vsCodeButton(), vsCodeDropdown(), vsCodeOption(), vsCodePanels(), vsCodePanelTab(), vsCodePanelView(),
    vsCodeProgressRing(), vsCodeTextField(),
  );
}

export interface ButtonControl {
  readonly element: HTMLElement;
  setDisabled(disabled: boolean): void;
  setHidden(hidden: boolean): void;
  /** For toggles. */
  setPressed(pressed: boolean): void;
  /** Of a button with an icon only. */
  setLabel(label: string): void;
}

/** A button with a text. */
export function textButton(label: string, onClick: () => void, { primary = false, iconName }: { primary?: boolean; iconName?: string } = {}): ButtonControl {
  const element = make<Button>('vscode-button', { appearance: primary ? 'primary' : 'secondary' });
  if (iconName) {
    const glyph = icon(iconName);
    glyph.slot = 'start';
    element.append(glyph);
  }
  element.append(label);
  return buttonControl(element, onClick);
}

/** A button with an icon; its label shows as a tooltip and speaks to screen readers. */
export function iconButton(iconName: string, label: string, onClick: () => void): ButtonControl {
  const element = make<Button>('vscode-button', { appearance: 'icon', 'aria-label': label, title: label });
  element.append(icon(iconName));
  return buttonControl(element, onClick);
}

function buttonControl(element: Button, onClick: () => void): ButtonControl {
  element.addEventListener('click', onClick);
  return {
    element,
    setDisabled: (disabled) => { element.disabled = disabled; },
    setHidden: (hidden) => { element.hidden = hidden; },
    setPressed: (pressed) => {
      // The toolkit's button passes this on to its inner button as a property only.
      element.ariaPressed = String(pressed);
      element.classList.toggle('pressed', pressed);
    },
    setLabel: (label) => {
      element.setAttribute('aria-label', label);
      element.title = label;
    },
  };
}

export interface FieldControl {
  readonly element: HTMLElement;
  value: string;
  focus(): void;
}

/** A one-line text field; `onInput` is called with each keystroke. */
export function textField({ label, placeholder, iconName, maxLength, onInput }: {
  label: string; placeholder: string; iconName: string; maxLength: number; onInput: (value: string) => void;
}): FieldControl {
  const element = make<TextField>('vscode-text-field', { placeholder, maxlength: String(maxLength), title: label });
  // The toolkit takes the name of its input from this text (not shown, see styles.css), and from no attribute.
  element.append(label);
  const glyph = icon(iconName);
  glyph.slot = 'start';
  element.append(glyph);
  element.addEventListener('input', () => onInput(element.value));
  return {
    element,
    get value() { return element.value; },
    set value(value: string) { element.value = value; },
    focus: () => element.focus(),
  };
}

export interface Choice {
  value: string;
  label: string;
}

export interface DropdownControl {
  readonly element: HTMLElement;
  /** Shows these choices, keeping the chosen one when it is among them. */
  setChoices(choices: readonly Choice[], chosen: string): void;
}

export function dropdown({ label, onChange }: { label: string; onChange: (value: string) => void }): DropdownControl {
  const element = make<Dropdown>('vscode-dropdown', { 'aria-label': label, title: label });
  element.addEventListener('change', () => onChange(element.value));
  let shown = '';
  return {
    element,
    setChoices: (choices, chosen) => {
      const wanted = JSON.stringify(choices);
      if (wanted !== shown) {
        shown = wanted;
        element.replaceChildren(...choices.map((choice) => {
          const option = make('vscode-option', { value: choice.value });
          option.textContent = choice.label;
          return option;
        }));
      }
      // The options report to the dropdown in a microtask of theirs.
      queueMicrotask(() => { if (element.value !== chosen) element.value = chosen; });
    },
  };
}

export interface TabsControl {
  readonly element: HTMLElement;
  activate(id: string): void;
  /** A word or number beside a tab's title, or nothing. */
  setBadge(id: string, text: string | undefined): void;
  /** A tab that is hidden must not be the active one. */
  setHidden(id: string, hidden: boolean): void;
}

/** Tabs with one view each; arrow keys move between them. */
export function tabs(entries: readonly { id: string; title: string; view: HTMLElement }[], onActivate: (id: string) => void): TabsControl {
  const element = make<Panels>('vscode-panels', { 'aria-label': 'Detail' });
  const heads = new Map<string, { head: HTMLElement; title: string }>();
  for (const { id, title } of entries) {
    const head = make('vscode-panel-tab', { id: `tab-${id}`, 'aria-label': title });
    head.append(title);
    heads.set(id, { head, title });
    element.append(head);
  }
  for (const { id, view } of entries) {
    const panel = make('vscode-panel-view', { id: `view-${id}` });
    panel.append(view);
    element.append(panel);
  }
  let active = '';
  element.addEventListener('change', (event) => {
    // Fields inside a view bubble their own change events.
    if (event.target !== element || !element.activeid) return;
    const id = element.activeid.replace('tab-', '');
    if (id === active) return;
    active = id;
    onActivate(id);
  });
  return {
    element,
    activate: (id) => {
      if (id === active) return;
      active = id;
      element.setAttribute('activeid', `tab-${id}`);
    },
    setHidden: (id, hidden) => {
      const head = heads.get(id)?.head;
      if (head) head.hidden = hidden;
    },
    setBadge: (id, text) => {
      const tab = heads.get(id);
      if (!tab) return;
      const { head, title } = tab;
      head.setAttribute('aria-label', text === undefined ? title : `${title} ${text}`);
      // Not the toolkit's badge: its template has a style attribute, which the Content-Security-Policy refuses.
      const current = head.querySelector('.badge');
      if (text === undefined) {
        current?.remove();
      } else if (current?.textContent !== text) {
        if (current) current.textContent = text;
        else head.append(' ', h('span', { class: 'badge' }, text));
      }
    },
  };
}

/** Something is going on; the text beside it says what. */
export function progressRing(): HTMLElement {
  return make('vscode-progress-ring', { 'aria-hidden': 'true' });
}

function make<T extends HTMLElement>(tag: string, attributes: Readonly<Record<string, string>>): T {
  return h(tag as 'div', attributes) as HTMLElement as T;
}
