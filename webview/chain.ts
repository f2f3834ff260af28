/** The chain of an execution: what caused it and what it caused, as one indented list. */
import { h, icon } from './dom.ts';
import { duration, sourceWords, statusWords } from './formatting.ts';
import type { Detail } from './state.ts';

export interface ChainEvents {
  go(executionId: string): void;
}

export function chainView({ chain, execution }: Detail, events: ChainEvents): HTMLElement | undefined {
  if (chain.links.length === 0) return undefined;
  const items = chain.links.map((link) => {
    const { icon: glyph, word } = statusWords[link.status];
    const here = link.id === execution.id;
    const name = `${link.functionName}${link.qualifier === undefined ? '' : `:${link.qualifier}`}`;
    const outcome = link.status === 'failed' && link.errorType !== undefined ? link.errorType : word;
    const button = h('button', { class: 'link', title: `Show execution ${link.id}`, 'aria-current': here ? 'true' : undefined }, name);
    button.addEventListener('click', () => events.go(link.id));
    const item = h('li', { class: `status-${link.status}`, 'aria-level': String(link.depth + 1) },
      link.depth > 0 && icon('indent'),
      icon(link.status === 'running' ? `${glyph} codicon-modifier-spin` : glyph),
      button,
      h('span', { class: 'hint' }, [outcome, link.durationMs !== undefined && duration(link.durationMs), `from ${sourceWords[link.source]}`].filter(Boolean).join(' · ')),
      here && h('span', { class: 'mark' }, 'this one'));
    item.style.setProperty('--depth', String(Math.min(link.depth, 20)));
    return item;
  });
  return h('section', { class: 'chain', 'aria-label': 'Chain' },
    h('h3', {}, 'Chain'),
    h('ol', {}, ...items),
    chain.cut && h('p', { class: 'hint' }, 'There are more executions in this chain: filter the list by function to see them.'));
}
