/** Nodes of the view "Destinations" as VS Code shows them. */
import * as vscode from 'vscode';
import type { FunctionOrigin } from '../../contracts/functions.ts';
import { failedBatch } from './dead-letters.ts';
import { arnOf, idOf, type BusEvent, type Node } from './nodes.ts';
import {
  bucketDescription, busEventDescription, count, deniedWords, destinationTitles, messageDescription, messageTitle, preview, publishedDescription,
  queueDescription, retriesText, ruleDescription, sectionTitles, size, subscriptionDescription, subscriptionName, targetKind,
  targetName, topicDescription,
} from './words.ts';

interface Appearance {
  label: string;
  description?: string;
  icon: string;
  color?: string;
  /** Absent: no children. */
  state?: 'expanded' | 'collapsed';
  tooltip?: vscode.MarkdownString;
  command?: vscode.Command;
  /** Words of the context value beside the kind. */
  context?: readonly (string | false | undefined)[];
  /** For screen readers; label and description by default. */
  spoken?: string;
}

const warning = 'problemsWarningIcon.foreground';

export function itemOf(node: Node, now: number, snapshotAt: number): vscode.TreeItem {
  const { label, description, icon, color, state, tooltip, command, context = [], spoken } = appearance(node, now, snapshotAt);
  const item = new vscode.TreeItem(label, state === 'expanded' ? vscode.TreeItemCollapsibleState.Expanded : state === 'collapsed' ? vscode.TreeItemCollapsibleState.Collapsed : vscode.TreeItemCollapsibleState.None);
  item.id = idOf(node);
  item.iconPath = new vscode.ThemeIcon(icon, color === undefined ? undefined : new vscode.ThemeColor(color));
  item.contextValue = [node.kind, arnOf(node) !== undefined && 'arn', ...context].filter(Boolean).join(' ');
  item.accessibilityInformation = { label: spoken ?? [label, description].filter(Boolean).join(', ') };
  if (description !== undefined) item.description = description;
  if (tooltip) item.tooltip = tooltip;
  if (command) item.command = command;
  return item;
}

function appearance(node: Node, now: number, snapshotAt: number): Appearance {
  switch (node.kind) {
    case 'section':
      return { label: sectionTitles[node.section], icon: sectionIcons[node.section], state: 'expanded', context: [node.section] };
    case 'owner':
      return { label: node.fn.name, icon: 'symbol-function', state: node.expanded ? 'expanded' : 'collapsed', context: [template(node.fn.origin)] };
    case 'qualifier':
      return { label: node.config.qualifier, icon: 'tag', state: 'expanded', description: node.config.changed ? 'changed' : '', context: [node.config.changed && 'changed'] };
    case 'destination': {
      const { destination, targetArn, exists, changed, qualifier, fn } = node;
      const title = destinationTitles[destination];
      if (targetArn === '') return { label: `${title} → none`, description: 'removed · changed', icon: 'archive', context: [destination, 'changed'] };
      const missing = exists ? [] : ['not here'];
      return {
        label: `${title} → ${targetName(targetArn)}`,
        description: [targetKind(targetArn), ...missing, changed && 'changed'].filter(Boolean).join(' · '),
        icon: exists ? destination === 'OnSuccess' ? 'pass' : destination === 'OnFailure' ? 'error' : 'archive' : 'warning',
        color: exists ? destination === 'OnSuccess' ? 'testing.iconPassed' : destination === 'OnFailure' ? 'testing.iconFailed' : 'descriptionForeground' : warning,
        context: [destination, exists && 'exists', changed && 'changed'],
        tooltip: table(title, [
          ['Function', code(qualifier === '$LATEST' ? fn.name : `${fn.name}:${qualifier}`)],
          ['Target', code(targetArn)],
          ['Here', exists ? 'yes' : 'no: deliveries fail until there is one'],
          ['Set by', changed ? 'an edit or API call, over the template' : 'the template'],
        ]),
        ...(exists && { command: { command: 'localLambda.revealTarget', title: 'Show Target', arguments: [node] } }),
      };
    }
    case 'retries':
      return { label: 'Retries', description: [retriesText(node.config), node.config.changed && 'changed'].filter(Boolean).join(' · '), icon: 'sync', context: [node.config.changed && 'changed'], command: { command: 'localLambda.editEventInvokeConfig', title: 'Edit Retries and Age', arguments: [node] } };
    case 'queue': {
      const { queue, deadLetters } = node;
      const holds = queue.visible + queue.inFlight + queue.delayed > 0;
      return {
        label: queue.name,
        description: [queueDescription(queue, now - snapshotAt), deadLetters && 'dead letters'].filter(Boolean).join(' · '),
        icon: deadLetters ? 'archive' : 'inbox',
        ...(deadLetters && holds && { color: warning }),
        state: 'collapsed',
        context: [queue.fifo && 'fifo', deadLetters && 'deadLetters', queue.sourceArns.length > 0 && 'redrivable', template(queue.origin), holds && 'holds'],
        tooltip: table(queue.name, [
          ['Messages', String(queue.visible)],
          ['In flight', String(queue.inFlight)],
          ['Delayed', String(queue.delayed)],
          ['Visibility timeout', `${queue.visibilityTimeoutSeconds} s`],
          ['Dead-letter queue', queue.deadLetterTargetArn === undefined ? '' : `${code(targetName(queue.deadLetterTargetArn))} after ${queue.maxReceiveCount ?? '?'} receives`],
          ['Dead letters of', queue.sourceArns.map((arn) => code(targetName(arn))).join(', ')],
          ['URL', code(queue.url)],
          ['ARN', code(queue.arn)],
          ['Changed', queue.changed.map(code).join(', ')],
        ]),
      };
    }
    case 'message': {
      const { message } = node;
      return {
        label: messageTitle(message.body), description: messageDescription(message, now),
        icon: message.state === 'visible' ? 'mail' : message.state === 'delayed' ? 'watch' : 'mail-read',
        command: { command: 'localLambda.openMessage', title: 'Open Message', arguments: [node] },
        context: [(message.causedBy !== undefined || failedBatch(message.body) !== undefined) && 'caused'],
        spoken: `Message ${messageTitle(message.body)}, ${messageDescription(message, now)}`,
      };
    }
    case 'more':
      return { label: 'Show more', icon: 'ellipsis', command: { command: 'localLambda.showMore', title: 'Show More', arguments: [node] } };
    case 'topic': {
      const { topic } = node;
      return {
        label: topic.name, description: topicDescription(topic), icon: 'megaphone',
        ...(topic.subscriptions.length + topic.lastMessages.length > 0 && { state: 'collapsed' as const }),
        context: [topic.fifo && 'fifo', template(topic.origin)],
        tooltip: table(topic.name, [['Subscriptions', String(topic.subscriptions.length)], ['Published', String(topic.published)], ['ARN', code(topic.arn)], ['Changed', topic.changed.map(code).join(', ')]]),
      };
    }
    case 'subscription': {
      const { subscription } = node;
      return {
        label: subscriptionName(subscription), description: subscriptionDescription(subscription), icon: 'arrow-right', context: [subscription.filterPolicy !== undefined && 'filtered'],
        ...((subscription.pending || subscription.hint !== undefined) && { color: warning }),
        tooltip: table('Subscription', [
          ['Endpoint', code(subscription.endpoint)],
          ['Filter policy', subscription.filterPolicy === undefined ? '' : code(subscription.filterPolicy)],
          ['Filters', subscription.filterPolicy === undefined ? '' : subscription.filterPolicyScope ?? 'MessageAttributes'],
          ['Dead-letter queue', subscription.deadLetterTargetArn === undefined ? '' : code(subscription.deadLetterTargetArn)],
          ['ARN', code(subscription.arn)],
          ['On AWS', subscription.hint === undefined ? '' : text(subscription.hint)],
        ]),
      };
    }
    case 'publishedGroup': return { label: 'Last messages', icon: 'history', state: 'collapsed' };
    case 'published': {
      const { message } = node;
      const missed = message.missed.map(({ endpoint, reason }): [string, string] => [code(targetName(endpoint)), text(reason)]);
      return {
        label: message.subject === undefined ? messageTitle(message.preview) : preview(message.subject), description: publishedDescription(message, now),
        // Filter policies keep most messages from most subscriptions; one that nobody got is worth a look.
        icon: message.delivered === 0 ? 'warning' : 'mail',
        ...(message.delivered === 0 && { color: warning }),
        tooltip: table('Message', [['Message ID', code(message.messageId)], ['Delivered to', count(message.delivered, 'subscription')], ...missed]),
        command: { command: 'localLambda.openPublished', title: 'Show What Became of It', arguments: [node] },
      };
    }
    case 'bus': {
      const { bus } = node;
      return {
        label: bus.name, description: bus.rules.length === 0 ? 'no rules' : count(bus.rules.length, 'rule'), icon: 'symbol-event',
        ...(bus.rules.length + bus.lastEvents.length > 0 && { state: 'collapsed' as const }),
        context: [template(bus.origin), bus.name === 'default' && 'default'],
        tooltip: table(bus.name, [['Rules', String(bus.rules.length)], ['ARN', code(bus.arn)]]),
      };
    }
    case 'rule': {
      const { rule } = node;
      return {
        label: rule.name, description: ruleDescription(rule), icon: rule.problem !== undefined ? 'warning' : rule.enabled ? rule.schedule === undefined ? 'filter' : 'calendar' : 'circle-slash',
        ...(rule.problem !== undefined && { color: warning }),
        ...(rule.targetArns.length > 0 && { state: 'collapsed' as const }),
        context: [rule.enabled ? 'enabled' : 'disabled', rule.schedule !== undefined && 'schedule', rule.pattern !== undefined && 'pattern', template(rule.origin)],
        tooltip: table(rule.name, [
          ['Pattern', rule.pattern === undefined ? '' : code(rule.pattern)],
          ['Schedule', rule.schedule === undefined ? '' : code(rule.schedule)],
          ['Next run', rule.nextRun === undefined || !rule.enabled ? '' : new Date(rule.nextRun).toLocaleString()],
          ['Last run', rule.lastRun === undefined ? '' : new Date(rule.lastRun).toLocaleString()],
          ['Matched', String(rule.matched)],
          ['Problem', rule.problem === undefined ? '' : text(rule.problem)],
          ['Changed', rule.changed.map(code).join(', ')],
          ['ARN', code(rule.arn)],
        ]),
      };
    }
    case 'ruleTarget': {
      const hint = node.rule.hints?.[node.targetArn];
      return {
        label: targetName(node.targetArn), description: [targetKind(node.targetArn), ...hint === undefined ? [] : [deniedWords]].join(' · '), icon: 'arrow-right',
        ...(hint !== undefined && { color: warning, tooltip: table('Target', [['ARN', code(node.targetArn)], ['On AWS', text(hint)]]) }),
        command: { command: 'localLambda.revealTarget', title: 'Show Target', arguments: [node] },
      };
    }
    case 'eventGroup': return { label: 'Last events', icon: 'history', state: 'collapsed' };
    case 'busEvent': {
      const { event } = node;
      return {
        label: event.detailType, description: busEventDescription(event, now),
        icon: lost(event) ? 'warning' : event.matchedRules.length === 0 ? 'circle-outline' : 'pass',
        ...(lost(event) && { color: warning }),
        command: { command: 'localLambda.openBusEvent', title: 'Show What Became of It', arguments: [node] },
        tooltip: table('Event', [['Source', code(event.source)], ['Detail type', code(event.detailType)], ['Time', text(event.time)], ['Rules', event.matchedRules.length === 0 ? 'none matched' : event.matchedRules.map(code).join(', ')], ...event.deliveries.map(({ targetArn, status, error }): [string, string] => [code(targetName(targetArn)), text(error === undefined ? status : `${status}: ${error}`)]), ['ID', code(event.id)]]),
      };
    }
    case 'bucket': {
      const { bucket } = node;
      return { label: bucket.name, description: bucketDescription(bucket), icon: 'database', ...(bucket.objects > 0 && { state: 'collapsed' as const }), context: [template(bucket.origin)], tooltip: table(bucket.name, [['Objects', String(bucket.objects)], ['Size', size(bucket.bytes)], ['ARN', code(bucket.arn)]]) };
    }
    case 'object': {
      const { object } = node;
      return { label: object.key.slice(object.key.lastIndexOf('/') + 1), description: `${size(object.bytes)} · ${object.key}`, icon: 'file', command: { command: 'localLambda.openObject', title: 'Open Object', arguments: [node] } };
    }
  }
}

/** Whether a target did not get it. */
function lost({ deliveries }: BusEvent): boolean {
  return deliveries.some(({ status }) => status !== 'delivered');
}

const sectionIcons = { functions: 'symbol-function', queues: 'inbox', topics: 'megaphone', buses: 'symbol-event', buckets: 'database' } as const;

function template(origin: FunctionOrigin | undefined): string | false {
  return origin?.location !== undefined && 'template';
}

function table(title: string, rows: readonly (readonly [string, string])[]): vscode.MarkdownString {
  const markdown = new vscode.MarkdownString(undefined, true);
  markdown.appendMarkdown(`**${code(title)}**\n\n| | |\n|---|---|\n`);
  for (const [name, value] of rows) if (value !== '') markdown.appendMarkdown(`| ${name} | ${value} |\n`);
  return markdown;
}

/** A code span that no value can leave, nor split a table row. */
function code(value: string): string {
  return `\`${value.slice(0, 500).replaceAll(/[`|\r\n]/g, ' ')}\``;
}

function text(value: string): string {
  return value.replaceAll(/[\\`*_{}[\]()#+\-.!|<>]/g, '\\$&').replaceAll(/[\r\n]/g, ' ');
}
