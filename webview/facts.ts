/** One line of a list of facts: what, and its value. */
import { h } from './dom.ts';

/** Undefined parts are left out. Where there is no room a text ends in dots and its tooltip has it whole: only elements can. */
export function fact(name: string, ...value: readonly (Node | string | undefined)[]): HTMLElement {
  return h('div', {}, h('dt', {}, name), h('dd', {}, ...value.map((part) => (typeof part === 'string' ? h('span', { title: part }, part) : part))));
}
