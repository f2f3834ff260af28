/** Commands that say where the results of a function's events go, and how often and how long they are tried. */
import * as vscode from 'vscode';
import { UserError } from '../../contracts/faults.ts';
import type { EventInvokeConfigSummary, FunctionSummary } from '../../contracts/lambda-api.ts';
import { resetDeadLetterQueue, resetEventInvokeConfig } from '../../protocol/engine.ts';
import { waitText } from '../../protocol/wait-clock.ts';
import { isNode } from './chooser.ts';
import { createResource } from './create-commands.ts';
import { ageProblem, readAge, readRetries, retriesProblem } from './names.ts';
import { defaultAgeSeconds, defaultRetries, type DestinationKind } from './nodes.ts';
import type { DestinationParts } from './parts.ts';
import { destinationTitles, retriesText, targetKind, targetName, targetText } from './words.ts';

interface Choice {
  kind?: DestinationKind;
  qualifier?: string;
  /** ARN; empty for none. */
  target?: string;
}

interface TargetItem extends vscode.QuickPickItem {
  arn?: string;
  create?: 'queue' | 'topic' | 'bus';
}

export function registerDestinationCommands(parts: DestinationParts): void {
  const { commands, engine, calls, functions, inform } = parts;

  commands.register('setDestination', async (argument, given) => {
    const fn = await chooseFunction(argument, 'Set Destination');
    if (!fn) return;
    const known = readChoice(argument, given);
    const qualifier = known.qualifier ?? await chooseQualifier(fn);
    if (qualifier === undefined) return;
    const kind = known.kind ?? await chooseKind(fn, qualifier);
    if (kind === undefined) return;
    const target = known.target ?? await chooseTarget(fn, qualifier, kind);
    if (target !== undefined) await set(fn, qualifier, kind, target);
  });
  commands.register('removeDestination', async (argument) => {
    if (!isNode(argument) || argument.kind !== 'destination') throw new UserError('Choose a destination in the Destinations view.');
    await set(argument.fn, argument.qualifier, argument.destination, '');
  });

  commands.register('editEventInvokeConfig', async (argument, given) => {
    const fn = await chooseFunction(argument, 'Edit Retries and Age');
    if (!fn) return;
    const qualifier = readChoice(argument, given).qualifier ?? await chooseQualifier(fn);
    if (qualifier === undefined) return;
    const config = configOf(fn, qualifier);
    const change = isLimits(given) ? given : await askLimits(fn, config);
    if (!change) return;
    await calls.lambda('UpdateFunctionEventInvokeConfig', {
      FunctionName: fn.name, Qualifier: qualifier,
      ...(change.maximumRetryAttempts !== undefined && { MaximumRetryAttempts: change.maximumRetryAttempts }),
      ...(change.maximumEventAgeInSeconds !== undefined && { MaximumEventAgeInSeconds: change.maximumEventAgeInSeconds }),
    });
    inform(`${fn.name}: ${retriesText({ ...config, ...change })}.`);
  });

  commands.register('resetDestinations', async (argument) => {
    const fn = await chooseFunction(argument, 'Reset Destinations to the Template');
    if (!fn) return;
    const one = isNode(argument) && (argument.kind === 'destination' || argument.kind === 'qualifier' || argument.kind === 'retries') ? argument : undefined;
    const qualifiers = one ? [one.kind === 'destination' ? one.qualifier : one.config.qualifier] : fn.eventInvokeConfigs.filter(({ changed }) => changed).map(({ qualifier }) => qualifier);
    if (one?.kind !== 'destination' || one.destination !== 'DeadLetterQueue') {
      for (const qualifier of qualifiers) await engine.request(resetEventInvokeConfig, { functionName: fn.name, qualifier });
    }
    if (!one || (one.kind === 'destination' && one.destination === 'DeadLetterQueue')) await engine.request(resetDeadLetterQueue, { functionName: fn.name });
    inform(`${fn.name} sends its results where its template says.`);
  });

  async function set(fn: FunctionSummary, qualifier: string, kind: DestinationKind, target: string): Promise<void> {
    if (kind === 'DeadLetterQueue') {
      await calls.lambda('UpdateFunctionConfiguration', { FunctionName: fn.name, DeadLetterConfig: { TargetArn: target } });
    } else {
      const config = configOf(fn, qualifier);
      const onSuccess = kind === 'OnSuccess' ? target : config?.onSuccess ?? '';
      const onFailure = kind === 'OnFailure' ? target : config?.onFailure ?? '';
      // Update replaces both destinations and leaves retries and age.
      await calls.lambda('UpdateFunctionEventInvokeConfig', {
        FunctionName: fn.name, Qualifier: qualifier,
        DestinationConfig: { OnSuccess: onSuccess === '' ? {} : { Destination: onSuccess }, OnFailure: onFailure === '' ? {} : { Destination: onFailure } },
      });
    }
    inform(`${fn.name}, ${destinationTitles[kind].toLowerCase()}: ${target === '' ? 'nothing' : targetText(target)}.`);
  }

  /** Of a node of this view, or as everywhere else. */
  function chooseFunction(argument: unknown, title: string): Promise<FunctionSummary | undefined> {
    return functions.choose(isNode(argument) && 'fn' in argument ? argument.fn.name : argument, title);
  }

  async function chooseTarget(fn: FunctionSummary, qualifier: string, kind: DestinationKind): Promise<string | undefined> {
    const present = targetOf(fn, qualifier, kind);
    const { queues, topics, buses, buckets } = engine.resources;
    const others = kind === 'DeadLetterQueue' ? [] : engine.functions.filter(({ arn }) => arn !== fn.arn);
    const group = (title: string, arns: readonly string[]): TargetItem[] => (arns.length === 0 ? [] : [
      { label: title, kind: vscode.QuickPickItemKind.Separator },
      ...arns.map((arn) => ({ label: `${arn === present ? '$(check) ' : ''}${targetName(arn)}`, description: targetKind(arn), arn })),
    ]);
    const standard = ({ fifo }: { fifo: boolean }) => !fifo;
    const items: TargetItem[] = [
      ...group('SQS queues', queues.filter(standard).map(({ arn }) => arn)),
      ...group('SNS topics', topics.filter(standard).map(({ arn }) => arn)),
      ...group('Functions', others.map(({ arn }) => arn)),
      ...(kind === 'DeadLetterQueue' ? [] : group('EventBridge', buses.map(({ arn }) => arn))),
      ...(kind === 'OnFailure' ? group('S3 buckets', buckets.map(({ arn }) => arn)) : []),
      { label: 'New', kind: vscode.QuickPickItemKind.Separator },
      { label: '$(add) Create new queue…', create: 'queue' },
      { label: '$(add) Create new topic…', create: 'topic' },
      ...(kind === 'DeadLetterQueue' ? [] : [{ label: '$(add) Create new bus…', create: 'bus' } as const]),
      ...(present === undefined ? [] : [{ label: '', kind: vscode.QuickPickItemKind.Separator }, { label: '$(close) None', arn: '' }]),
    ];
    const picked = await vscode.window.showQuickPick(items, {
      title: `${destinationTitles[kind]} of ${fn.name}${qualifier === '$LATEST' ? '' : `:${qualifier}`}`,
      placeHolder: present === undefined ? 'Where it goes' : `Now ${targetText(present)}`,
      matchOnDescription: true,
    });
    if (picked?.create) return createResource(parts, picked.create);
    return picked?.arn;
  }

  async function chooseKind(fn: FunctionSummary, qualifier: string): Promise<DestinationKind | undefined> {
    const item = (kind: DestinationKind, detail: string) => {
      const target = targetOf(fn, qualifier, kind);
      return { label: destinationTitles[kind], description: target === undefined ? '' : targetText(target), detail, kindOf: kind };
    };
    const picked = await vscode.window.showQuickPick([
      item('OnSuccess', 'The invocation record of an event that succeeded: SQS, SNS, EventBridge or another function'),
      item('OnFailure', 'The invocation record of an event that was given up: SQS, SNS, EventBridge, another function or S3'),
      item('DeadLetterQueue', 'The event itself, when it was given up: SQS or SNS, for the whole function'),
    ], { title: `Set Destination of ${fn.name}`, placeHolder: 'Which results' });
    return picked?.kindOf;
  }

  async function askLimits(fn: FunctionSummary, config: EventInvokeConfigSummary | undefined): Promise<Limits | undefined> {
    const retries = config?.maximumRetryAttempts ?? defaultRetries;
    const age = config?.maximumEventAgeInSeconds ?? defaultAgeSeconds;
    const title = `Retries and Age of ${fn.name}`;
    const picked = await vscode.window.showQuickPick([
      { label: 'Retries', description: String(retries), detail: 'How often an event that failed is tried again: 0 to 2', what: 'retries' },
      { label: 'Maximum age', description: waitText(age * 1000), detail: 'How old an event may become before it is given up: 1 minute to 6 hours', what: 'age' },
    ], { title, placeHolder: 'What to change' });
    if (!picked) return undefined;
    if (picked.what === 'retries') {
      const text = await vscode.window.showInputBox({ title, prompt: 'Retries after a function error: 0, 1 or 2.', value: String(retries), validateInput: retriesProblem });
      const maximumRetryAttempts = text === undefined ? undefined : readRetries(text);
      return maximumRetryAttempts === undefined ? undefined : { maximumRetryAttempts };
    }
    const text = await vscode.window.showInputBox({ title, prompt: 'Seconds from 60 to 21600, or for example 5 min.', value: String(age), validateInput: ageProblem });
    const maximumEventAgeInSeconds = text === undefined ? undefined : readAge(text);
    return maximumEventAgeInSeconds === undefined ? undefined : { maximumEventAgeInSeconds };
  }
}

interface Limits {
  maximumRetryAttempts?: number;
  maximumEventAgeInSeconds?: number;
}

function isLimits(value: unknown): value is Limits {
  return typeof value === 'object' && value !== null && ('maximumRetryAttempts' in value || 'maximumEventAgeInSeconds' in value);
}

/** Of the node that the command was used on, and of what a caller passed. */
function readChoice(argument: unknown, given: unknown): Choice {
  const { kind, qualifier, target } = (typeof given === 'object' && given !== null && !Array.isArray(given) ? given : {}) as Choice;
  const node: Choice = isNode(argument)
    ? argument.kind === 'destination' ? { qualifier: argument.qualifier, kind: argument.destination }
      : argument.kind === 'qualifier' || argument.kind === 'retries' ? { qualifier: argument.config.qualifier } : {}
    : {};
  return { ...node, ...(kind !== undefined && { kind }), ...(qualifier !== undefined && { qualifier }), ...(target !== undefined && { target }) };
}

async function chooseQualifier(fn: FunctionSummary): Promise<string | undefined> {
  const qualifiers = ['$LATEST', ...fn.aliases.map(({ name }) => name), ...fn.versions.filter((version) => version !== '$LATEST')];
  if (qualifiers.length === 1) return '$LATEST';
  const picked = await vscode.window.showQuickPick(qualifiers.map((qualifier) => ({
    label: qualifier, description: configOf(fn, qualifier) ? 'configured' : '',
  })), { title: `Qualifier of ${fn.name}`, placeHolder: 'AWS keeps this per version and alias' });
  return picked?.label;
}

function configOf(fn: FunctionSummary, qualifier: string): EventInvokeConfigSummary | undefined {
  return fn.eventInvokeConfigs.find((config) => config.qualifier === qualifier);
}

function targetOf(fn: FunctionSummary, qualifier: string, kind: DestinationKind): string | undefined {
  const config = configOf(fn, qualifier);
  const target = kind === 'DeadLetterQueue' ? fn.deadLetterTargetArn : kind === 'OnSuccess' ? config?.onSuccess : config?.onFailure;
  return target === '' ? undefined : target;
}
