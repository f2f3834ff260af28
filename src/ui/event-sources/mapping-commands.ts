/** Commands about one mapping: its state, its position, where it stands. */
import * as vscode from 'vscode';
import type { EventSourceMappingSummary, ResetPosition } from '../../contracts/event-source-mappings.ts';
import { UserError } from '../../contracts/faults.ts';
import { callService, pauseMapping, pauseMappings, pollMappingOnce, resetMapping, resetMappingPosition, resumeMapping, resumeMappings } from '../../protocol/engine.ts';
import { columnForText } from '../text-column.ts';
import { count, sourceName } from './mapping-words.ts';
import type { EventSourceParts } from './parts.ts';
import { momentProblem } from './typed-values.ts';

export function registerMappingCommands({ commands, engine, chooser, documents, inform }: EventSourceParts): void {
  /** A command on a mapping that is chosen first. */
  const onMapping = <R>(
    name: string, title: string, work: (mapping: EventSourceMappingSummary, ...rest: unknown[]) => Promise<R>, fits?: (mapping: EventSourceMappingSummary) => boolean,
  ) => {
    commands.register(name, async (argument, ...rest) => {
      const mapping = await chooser.mapping(argument, title, fits);
      return mapping && work(mapping, ...rest);
    });
  };
  const setEnabled = (uuid: string, Enabled: boolean) =>
    engine.request(callService, { service: 'lambda', operation: 'UpdateEventSourceMapping', input: { UUID: uuid, Enabled } });

  onMapping('enableMapping', 'Enable Event Source Mapping', async ({ uuid }) => { await setEnabled(uuid, true); }, isOff);
  onMapping('disableMapping', 'Disable Event Source Mapping', async ({ uuid }) => { await setEnabled(uuid, false); }, (mapping) => !isOff(mapping));
  onMapping('deleteMapping', 'Delete Event Source Mapping', async (mapping, confirmed) => {
    const { uuid, functionName, eventSourceArn, origin } = mapping;
    const back = origin?.location ? ' A template declares it: it comes back when that template is read anew after a change.' : '';
    const remove = 'Delete';
    if (confirmed !== true) {
      const detail = `${functionName} gets no more records of ${sourceName(eventSourceArn)}; the records stay where they are.${back}`;
      if (await vscode.window.showWarningMessage('Delete this event source mapping?', { modal: true, detail }, remove) !== remove) return;
    }
    await engine.request(callService, { service: 'lambda', operation: 'DeleteEventSourceMapping', input: { UUID: uuid } });
    inform(`The mapping of ${functionName} was deleted.`);
  });
  onMapping('pollMapping', 'Poll Once', async ({ uuid, eventSourceArn }) => {
    const name = sourceName(eventSourceArn);
    const received = await vscode.window.withProgress({ location: { viewId: 'localLambda.eventSources' }, title: `Polling ${name}` },
      () => engine.request(pollMappingOnce, { uuid }));
    inform(received === 0 ? `Nothing was there to receive from ${name}.` : `${count(received, 'record')} received from ${name}.`);
    return received;
  });
  onMapping('pauseMapping', 'Pause Event Source Mapping', async ({ uuid }) => { await engine.request(pauseMapping, { uuid }); }, ({ pause }) => pause === undefined);
  onMapping('resumeMapping', 'Resume Event Source Mapping', async ({ uuid }) => { await engine.request(resumeMapping, { uuid }); }, ({ pause }) => pause !== undefined);
  commands.register('pauseMappings', async () => {
    const paused = await engine.request0(pauseMappings);
    inform(paused === 0 ? 'No event source mapping polls.' : `${count(paused, 'event source mapping')} paused.`);
    return paused;
  });
  commands.register('resumeMappings', async () => {
    const resumed = await engine.request0(resumeMappings);
    inform(resumed === 0 ? 'No event source mapping is paused.' : `${count(resumed, 'event source mapping')} resumed.`);
    return resumed;
  });
  onMapping('resetMapping', 'Reset Event Source Mapping to the Template', async ({ uuid, functionName }) => {
    const changed = await engine.request(resetMapping, { uuid });
    inform(changed ? `The mapping of ${functionName} is as the template says.` : 'It is as the template says already.');
    return changed;
  }, ({ changed }) => changed.length > 0);
  onMapping('resetMappingPosition', 'Reset Position in the Stream', async (mapping, given) => {
    if (mapping.source === 'sqs') throw new UserError('A queue has no position: what is in it is what is left to do.');
    const position = isPosition(given) ? given : await askPosition(mapping);
    if (!position) return;
    await engine.request(resetMappingPosition, { uuid: mapping.uuid, position });
    inform(`${mapping.functionName} reads ${sourceName(mapping.eventSourceArn)} from ${position.kind === 'AT_TIMESTAMP' ? new Date(position.at).toISOString() : position.kind}.`);
  }, ({ source }) => source !== 'sqs');
  onMapping('openMapping', 'Open Where the Mapping Is Defined', async ({ origin }) => {
    if (!origin?.location) throw new UserError('The API made this mapping: no template names it.');
    const { file, line, column } = origin.location;
    const position = new vscode.Position(line, column);
    await vscode.window.showTextDocument(vscode.Uri.file(file), { viewColumn: columnForText(), selection: new vscode.Range(position, position) });
  }, ({ origin }) => origin?.location !== undefined);
  onMapping('showMapping', 'Show Event Source Mapping as JSON', async ({ uuid }) => documents.openMapping(uuid));
}

function isOff({ state }: EventSourceMappingSummary): boolean {
  return state === 'Disabled' || state === 'Disabling';
}

function isPosition(value: unknown): value is ResetPosition {
  return typeof value === 'object' && value !== null && ['TRIM_HORIZON', 'LATEST', 'AT_TIMESTAMP'].includes(String((value as Partial<ResetPosition>).kind));
}

/** Undefined when the user gave up. */
async function askPosition({ eventSourceArn, functionName }: EventSourceMappingSummary): Promise<ResetPosition | undefined> {
  const title = `${sourceName(eventSourceArn)} → ${functionName}: Reset Position`;
  const picked = await vscode.window.showQuickPick([
    { label: 'Trim horizon', description: 'All records that are still there come again', position: 'TRIM_HORIZON' as const },
    { label: 'Latest', description: 'Only records from now on', position: 'LATEST' as const },
    { label: 'At timestamp…', description: 'Records from a moment on', position: 'AT_TIMESTAMP' as const },
  ], { title, placeHolder: 'Where to read from; what the mapping had done is forgotten' });
  if (!picked) return undefined;
  if (picked.position !== 'AT_TIMESTAMP') return { kind: picked.position };
  const text = await vscode.window.showInputBox({ title, prompt: 'A date and time such as 2026-05-01T12:00:00Z.', value: new Date(Date.now() - 3_600_000).toISOString(), validateInput: (value) => momentProblem(value, Date.now()) });
  return text === undefined ? undefined : { kind: 'AT_TIMESTAMP', at: Date.parse(text) };
}
