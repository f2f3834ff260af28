/** Shows a JSON text laid out and coloured, cut to what is readable; the rest is a click away in the editor. */
import type { BoundedText } from '../src/protocol/panel.ts';
import { layOutJson } from '../src/protocol/panel-json.ts';
import { textButton } from './controls.ts';
import { h } from './dom.ts';

/** Lines per block: blocks out of view cost no layout. */
const blockLines = 200;

/** `fileKind` ends the sentence "Only the first part of the … is shown". */
export function jsonView(bounded: BoundedText, fileKind: string, openInEditor: () => void): HTMLElement {
  const code = h('pre', { class: 'code', tabindex: '0', role: 'region', 'aria-label': fileKind });
  let block = h('div', { class: 'block' });
  let lines = 0;
  layOutJson(bounded.text, (kind, text) => {
    if (kind === 'space' && text.startsWith('\n')) {
      lines += 1;
      if (lines % blockLines === 0) {
        code.append(block);
        block = h('div', { class: 'block' });
        block.append(text.slice(1));
        return;
      }
    }
    if (kind === 'space' || kind === 'text') block.append(text);
    else block.append(h('span', { class: `json-${kind}` }, text));
  });
  code.append(block);
  if (!bounded.cut) return code;
  const shown = bounded.text.length.toLocaleString('en-US');
  const all = bounded.length.toLocaleString('en-US');
  return h(
    'div', {},
    h('div', { class: 'notice' },
      h('span', {}, `Only the first ${shown} of ${all} characters of the ${fileKind.toLowerCase()} are shown.`),
      textButton('Open in Editor', openInEditor).element),
    code,
  );
}
