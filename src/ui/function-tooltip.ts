/** The hover of a function in the tree. Environment variables appear by name only. */
import * as vscode from 'vscode';
import type { FunctionSummary } from '../contracts/lambda-api.ts';
import { faultWords } from './fault-words.ts';
import { outcomeText } from './outcome.ts';

export function functionTooltip(fn: FunctionSummary): vscode.MarkdownString {
  const text = new vscode.MarkdownString(undefined, true);
  text.appendMarkdown(`**${code(fn.name)}**\n\n`);
  if (fn.description !== '') text.appendText(fn.description).appendMarkdown('\n\n');
  const rows: [string, string][] = [
    ['Handler', code(fn.handler)],
    ['Runtime', fn.runtime === '' ? 'none declared' : code(fn.runtime)],
    ['Timeout', `${fn.timeout} s`],
    ['Memory', `${fn.memorySize} MB`],
    ['ARN', code(fn.arn)],
    ['Versions', fn.versions.map(code).join(', ')],
    ['Aliases', fn.aliases.map((alias) => code(`${alias.name} → ${[alias.functionVersion, ...weights(alias.additionalVersionWeights)].join(', ')}`)).join(', ')],
    ['Reserved concurrency', fn.reservedConcurrency === undefined ? '' : String(fn.reservedConcurrency)],
    ['Environment', fn.environmentNames.map(code).join(', ')],
    ['Layers', String(fn.layers.length || '')],
    ['Changed by API', fn.changed.map(code).join(', ')],
    ...fn.eventInvokeConfigs.flatMap((config): [string, string][] => [
      [`Asynchronous ${code(config.qualifier)}`, [
        config.maximumRetryAttempts !== undefined && `${config.maximumRetryAttempts} retries`,
        config.maximumEventAgeInSeconds !== undefined && `age ${config.maximumEventAgeInSeconds} s`,
        config.onSuccess !== undefined && `on success ${code(config.onSuccess)}`,
        config.onFailure !== undefined && `on failure ${code(config.onFailure)}`,
      ].filter((part) => part !== false).join(', ')],
    ]),
    ['Dead-letter queue', fn.deadLetterTargetArn === undefined || fn.deadLetterTargetArn === '' ? '' : code(fn.deadLetterTargetArn)],
    ['Injected faults', fn.faults ? faultWords(fn.faults) : ''],
    ['Waiting', fn.queued === 0 ? '' : String(fn.queued)],
    ['Running', fn.inFlight === 0 ? '' : String(fn.inFlight)],
    ['Last outcome', fn.last ? code(outcomeText(fn.last)) : ''],
  ];
  text.appendMarkdown('| | |\n|---|---|\n');
  for (const [label, value] of rows) if (value !== '') text.appendMarkdown(`| ${label} | ${value} |\n`);
  return text;
}

function weights(additional: Readonly<Record<string, number>>): string[] {
  return Object.entries(additional).map(([version, weight]) => `${version} (${Math.round(weight * 100)} %)`);
}

/** A code span that no value can leave, nor split a table row. */
function code(value: string): string {
  return `\`${value.replaceAll(/[`|\r\n]/g, ' ')}\``;
}
