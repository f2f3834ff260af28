/** A polled batch: how it ended, where it stands in its source, the invocations before and after it, its records. */
import type { PanelMessage } from '../src/protocol/panel.ts';
import type { BatchDetail, BatchNode } from '../src/protocol/panel-batch.ts';
import { BatchRecordsView, type BatchRecordsEvents } from './batch-records.ts';
import { deadLetterSentence, endSentence, isPoison, nodeLook, nodeOutcome, nodeTitle, shortPlace, type Polled } from './batch-words.ts';
import { h, icon, setText } from './dom.ts';
import { fact } from './facts.ts';
import { deliveredIdName, targetWords } from './event-words.ts';
import { count, duration, statusWords } from './formatting.ts';
import type { Detail } from './state.ts';
import { copyable, link, type SummaryEvents } from './summary.ts';

type Execution = Detail['execution'];

export interface BatchEvents extends SummaryEvents {
  ask: BatchRecordsEvents['ask'];
  openEvent(): void;
}

const sourceTitles: Readonly<Record<BatchDetail['source'], string>> = { sqs: 'SQS queue', kinesis: 'Kinesis stream', dynamodb: 'DynamoDB stream' };

export class BatchView {
  readonly element: HTMLElement;
  readonly #events: BatchEvents;
  readonly #waiting = h('p', { class: 'hint' }, 'Reading the batch…');
  readonly #head = h('div', { class: 'batch-head' });
  readonly #tree = h('section', { class: 'batch-section family', 'aria-label': 'Invocations of this batch' });
  readonly #filtered = h('section', { class: 'batch-section', 'aria-label': 'Kept out by filters' });
  readonly #records: BatchRecordsView;
  #shown: { execution: Execution; batch: BatchDetail | undefined } | undefined;

  constructor(events: BatchEvents) {
    this.#events = events;
    this.#records = new BatchRecordsView({ ask: events.ask, copy: events.copy, openEvent: events.openEvent });
    this.element = h('div', { class: 'batch' }, this.#waiting, this.#head, this.#tree, this.#filtered, this.#records.element);
  }

  show({ execution, batch }: Detail): void {
    if (this.#shown?.execution === execution && this.#shown.batch === batch) return;
    const other = this.#shown?.execution.id !== execution.id;
    this.#shown = { execution, batch };
    this.#waiting.hidden = batch !== undefined;
    for (const part of [this.#head, this.#tree, this.#filtered, this.#records.element]) part.hidden = batch === undefined;
    const { polled } = execution;
    if (!batch || !polled) return;
    const { activeElement } = document;
    const focused = this.element.contains(activeElement) ? activeElement?.getAttribute('data-link') : undefined;
    this.#head.replaceChildren(...this.#headOf(execution, polled, batch));
    this.#tree.hidden = batch.family.length < 2;
    if (!this.#tree.hidden) this.#tree.replaceChildren(...this.#treeOf(execution, batch));
    this.#filtered.hidden = polled.filtered === 0;
    if (!this.#filtered.hidden) this.#filtered.replaceChildren(...filteredOf(polled, batch));
    this.#records.element.hidden = polled.size === 0;
    this.#records.show(execution, batch);
    // The same button of what is shown now keeps the focus; a page that has none must not take it from the workbench.
    if (focused && document.hasFocus()) this.element.querySelector<HTMLElement>(`[data-link="${CSS.escape(focused)}"]`)?.focus();
    const scroller = this.element.closest('vscode-panel-view');
    if (scroller && other) scroller.scrollTop = 0;
  }

  take(answer: Extract<PanelMessage, { type: 'batch-rows' }>): void {
    this.#records.take(answer);
  }

  #headOf(execution: Execution, polled: Polled, batch: BatchDetail): HTMLElement[] {
    const { end, size, throttles, shardId, window, checkpoint, attempt, sourceArn, mappingUuid, deliveries = [] } = polled;
    const look = end === undefined ? execution.status : end.kind === 'done' ? 'succeeded' : ['progressed', 'returned'].includes(end.kind) && execution.status === 'succeeded' ? 'throttled' : 'failed';
    const glyph = look === 'throttled' ? 'warning' : statusWords[look].icon;
    const sentence = h('span', {});
    setText(sentence, endSentence(execution, batch, Date.now()));
    const dead = deadLetterSentence(batch);
    const facts = h('dl', { class: 'facts' });
    const add = (name: string, ...value: (Node | string | undefined)[]) => {
      if (value.some((part) => part !== undefined)) facts.append(fact(name, ...value));
    };
    const [, , , region = '', account = ''] = sourceArn.split(':');
    const mappingArn = `arn:aws:lambda:${region}:${account}:event-source-mapping:${mappingUuid}`;
    add('Mapping', batch.mapping ? this.#target(mappingArn, `${batch.sourceName} → ${execution.functionName}`, 'Show the event source mapping') : `${batch.sourceName} → ${execution.functionName} (deleted)`);
    add('Source', this.#target(sourceArn, `${sourceTitles[batch.source]} ${batch.sourceName}`, `Show ${batch.sourceName}`));
    if (shardId !== undefined) add('Shard', h('code', {}, shardId));
    if (batch.groups.length > 0) add('Groups', batch.groups.join(', ') + (batch.groups.length === 3 ? ' …' : ''));
    add('Batch', `${size.toLocaleString('en-US')}${batch.mapping?.batchSize === undefined ? '' : ` of at most ${batch.mapping.batchSize.toLocaleString('en-US')}`}${batch.mapping?.windowSeconds ? `, window ${batch.mapping.windowSeconds} s` : ''}`);
    add('Filters', `${count(size, batch.source === 'sqs' ? 'message' : 'record')} passed, ${polled.filtered.toLocaleString('en-US')} kept out`);
    if (window) add('Window', h('span', { title: `${window.start} – ${window.end}` }, `${window.start.slice(11, 19)} – ${window.end.slice(11, 19)} UTC${window.final ? ', final invocation' : ''}${window.terminatedEarly ? ', ended early' : ''}`));
    if (checkpoint) add('Position', h('span', { title: `Before: ${checkpoint.before}\nAfter: ${checkpoint.after ?? 'not known yet'}` }, moved(checkpoint)));
    if (batch.source !== 'sqs') add('Attempt', `${attempt}${polled.splitFrom?.by === 'bisect' ? ', after a split' : ''}`);
    if (throttles > 0) add('Throttled', throttles === 1 ? 'once before' : `${throttles} times before`);
    if (batch.deadLetterQueue) add('Dead letters', `after ${count(batch.deadLetterQueue.maxReceiveCount, 'receive')} to `, this.#target(batch.deadLetterQueue.arn, targetWords(batch.deadLetterQueue.arn)));
    return [
      h('div', { class: `batch-end status-${look}` }, icon(look === 'running' ? `${glyph} codicon-modifier-spin` : glyph), h('div', {}, sentence, end?.why !== undefined && h('p', { class: 'hint' }, end.why), dead !== undefined && h('p', { class: 'hint' }, dead))),
      ...deliveries.map((delivery) => this.#delivery(delivery)),
      facts,
    ];
  }

  #treeOf({ id: here }: Execution, { family, cut, source }: BatchDetail): HTMLElement[] {
    const items = family.map((node) => this.#nodeOf(node, here, source));
    return [
      h('h3', {}, source === 'sqs' ? 'Deliveries of these messages' : family.some(({ end }) => end?.kind === 'split') ? 'How the batch was split' : 'Invocations of this batch'),
      h('ol', {}, ...items),
      ...(cut ? [h('p', { class: 'hint' }, 'There are more invocations of this batch than are shown: go to one of its ends to see those around it.')] : []),
    ];
  }

  #nodeOf(node: BatchNode, here: string, source: BatchDetail['source']): HTMLElement {
    const { id, run, depth, deliveries = [] } = node;
    const status = nodeLook(node);
    const glyph = run ? statusWords[status].icon : 'circle-outline';
    const title = nodeTitle(node, source);
    const name = run ? link(id, this.#events) : h('span', {});
    setText(name, title);
    if (run) {
      name.title = `Show execution ${id}`;
      name.dataset.link = id;
      if (id === here) name.setAttribute('aria-current', 'true');
    }
    const item = h('li', { class: `status-${status}`, 'aria-level': String(depth + 1) },
      depth > 0 && icon('indent'),
      icon(status === 'running' ? `${glyph} codicon-modifier-spin` : glyph),
      name,
      h('span', { class: 'hint' }, [nodeOutcome(node), run?.durationMs !== undefined && duration(run.durationMs)].filter(Boolean).join(' · ')),
      isPoison(node) && h('span', { class: 'mark warn' }, 'poison record'),
      id === here && h('span', { class: 'mark' }, 'this one'),
      ...deliveries.map((delivery) => h('span', { class: 'sent' }, icon(delivery.status === 'delivered' ? 'arrow-right' : 'error'),
        delivery.status === 'delivered' ? '' : 'not delivered to ', this.#target(delivery.targetArn, targetWords(delivery.targetArn)))));
    item.style.setProperty('--depth', String(Math.min(depth, 16)));
    return item;
  }

  #delivery({ targetArn, status, deliveredId, error, hint }: NonNullable<Polled['deliveries']>[number]): HTMLElement {
    const idName = deliveredIdName(targetArn);
    return h('div', { class: 'batch-delivery' },
      icon(status === 'delivered' ? 'arrow-right' : 'error'),
      h('span', {}, status === 'delivered' ? 'On failure: ' : 'Not delivered to '), this.#target(targetArn, targetWords(targetArn)),
      ...(deliveredId === undefined ? [] : [h('span', { class: 'hint' }, `${idName} `), ...copyable(deliveredId, idName, this.#events)]),
      error !== undefined && h('span', { class: 'hint' }, error), hint !== undefined && h('span', { class: 'hint' }, `AWS would deny this. ${hint}`));
  }

  /** A button that shows a resource or mapping where it stands. */
  #target(arn: string, text: string, title = `Show ${text}`): HTMLElement {
    const button = h('button', { class: 'link', title, 'data-link': arn }, text);
    button.addEventListener('click', () => this.#events.openTarget(arn));
    return button;
  }
}

function moved({ before, after }: NonNullable<Polled['checkpoint']>): string {
  if (after === undefined) return `from ${shortPlace(before)}`;
  return before === after ? `stays at ${shortPlace(before)}` : `${shortPlace(before)} → ${shortPlace(after)}`;
}

function filteredOf({ filtered, filteredIds = [] }: Polled, batch: BatchDetail): HTMLElement[] {
  const verb = batch.source === 'sqs' ? 'deleted' : 'passed over';
  const more = filtered - filteredIds.length;
  return [
    h('h3', {}, 'Kept out by filters'),
    h('p', { class: 'hint' }, `${count(filtered, batch.source === 'sqs' ? 'message' : 'record')} matched no filter while this batch was gathered and ${filtered === 1 ? 'was' : 'were'} ${verb}.${more > 0 ? ` The first ${filteredIds.length}:` : ''}`),
    h('ul', { class: 'kept-out' }, ...batch.filtered.map(({ id, reasons }) => h('li', {},
      h('code', { title: id }, shortPlace(id)),
      ...(reasons === undefined ? [h('span', { class: 'hint' }, ' Why is not known any more.')] : reasons.map((reason) => h('div', { class: 'hint' }, reason)))))),
  ];
}
