/** Where a source lives: here, at a compatible server, or in AWS. Kept in the setting localLambda.eventSources of the workspace. */
import * as vscode from 'vscode';
import { UserError } from '../../contracts/faults.ts';
import type { EventSourceChoice } from '../../contracts/settings.ts';
import { section } from '../settings.ts';
import type { ChosenSource } from './chooser.ts';
import { sourceName } from './mapping-words.ts';
import type { EventSourceParts } from './parts.ts';
import { arnProblem, patternsIn, profileProblem, regionOf, regionProblem, sourceKind, urlProblem, withPlace } from './source-places.ts';

type Choices = Record<string, EventSourceChoice>;

const title = 'Where the Source Lives';
const setting = 'eventSources';

export function registerPlaceCommands({ commands, chooser, inform }: EventSourceParts): void {
  /** Arguments: source or mapping, and the entry of the setting (null for an embedded source), which leaves out the questions. */
  commands.register('chooseSourcePlace', async (argument, given) => {
    const source = await chooser.source(argument, title);
    if (!source) return;
    const choice = given === undefined || isNode(given) ? await askPlace(source.arn, true) : (given as EventSourceChoice | null);
    if (choice === undefined) return;
    await keep(source.arn, choice ?? undefined);
    inform(choice === null ? `${sourceName(source.arn)} is embedded.` : `${sourceName(source.arn)} is polled ${placeWords(choice)}.`);
  });
}

/** A source that is not here: its ARN, then where it lives. Undefined when the user gave up. */
export async function askSourceElsewhere(): Promise<ChosenSource | undefined> {
  const text = await vscode.window.showInputBox({ title, prompt: 'ARN of the queue or stream.', placeHolder: 'arn:aws:sqs:eu-west-1:111122223333:orders', ignoreFocusOut: true, validateInput: arnProblem });
  const arn = text?.trim() ?? '';
  const source = sourceKind(arn);
  if (source === undefined) return undefined;
  const choice = await askPlace(arn, false);
  if (!choice) return undefined;
  await keep(arn, choice);
  return { arn, source };
}

/** Null for an embedded source; undefined when the user gave up. */
async function askPlace(arn: string, mayBeHere: boolean): Promise<EventSourceChoice | null | undefined> {
  const here = { label: '$(package) Embedded', description: 'here, in the engine', place: 'here' as const };
  const picked = await vscode.window.showQuickPick([
    ...(mayBeHere ? [here] : []),
    { label: '$(server) A compatible server…', description: 'by URL: LocalStack, ElasticMQ, DynamoDB Local, kinesalite …', place: 'server' as const },
    { label: '$(cloud) AWS…', description: 'with a profile of your AWS configuration', place: 'aws' as const },
  ], { title: `${title}: ${sourceName(arn)}`, placeHolder: 'Choose where the queue or stream lives that mappings poll', ignoreFocusOut: true });
  switch (picked?.place) {
    case undefined: return undefined;
    case 'here': return null;
    case 'server': {
      const url = await ask('URL of the server.', 'http://127.0.0.1:4566', urlProblem);
      return url === undefined ? undefined : { endpoint: url };
    }
    case 'aws': return askAws(arn);
  }
}

async function askAws(arn: string): Promise<EventSourceChoice | undefined> {
  const profile = await ask('Profile of your AWS configuration.', '', profileProblem);
  if (profile === undefined) return undefined;
  const region = await ask('Region.', regionOf(arn), regionProblem);
  if (region === undefined) return undefined;
  const detail = sourceKind(arn) === 'sqs' ? 'Its messages are received and deleted there: whoever else reads the queue does not get them.' : 'Its records are read there; reading takes nothing away.';
  const poll = 'Poll AWS';
  const answer = await vscode.window.showWarningMessage(`Poll ${sourceName(arn)} in the AWS account of profile ${profile}, ${region}?`, { modal: true, detail }, poll);
  return answer === poll ? { profile, region } : undefined;
}

async function ask(prompt: string, value: string, problem: (text: string) => string | undefined): Promise<string | undefined> {
  return (await vscode.window.showInputBox({ title, prompt, value, ignoreFocusOut: true, validateInput: problem }))?.trim();
}

async function keep(arn: string, choice: EventSourceChoice | undefined): Promise<void> {
  const configuration = vscode.workspace.getConfiguration(section);
  const before = configuration.inspect<Choices>(setting)?.workspaceValue ?? {};
  const after = withPlace(before, { arn, name: sourceName(arn) }, choice);
  await configuration.update(setting, Object.keys(after).length === 0 ? undefined : after, vscode.ConfigurationTarget.Workspace);
  if (choice !== undefined) return;
  const all = vscode.workspace.getConfiguration(section).get<Choices>(setting, {});
  const others = [...patternsIn(all), ...[arn, sourceName(arn)].filter((key) => Object.hasOwn(all, key))];
  if (others.length > 0) throw new UserError(`The workspace says no more where ${sourceName(arn)} lives, but other entries of localLambda.eventSources may: ${others.join(', ')}. Look at them in the settings.`);
}

function placeWords({ endpoint, profile }: EventSourceChoice): string {
  return endpoint === undefined ? `in the AWS account of profile ${profile}` : `at ${endpoint}`;
}

/** Menus pass the selected nodes as a second argument. */
function isNode(value: unknown): boolean {
  return Array.isArray(value) || (typeof value === 'object' && value !== null && 'kind' in value);
}
