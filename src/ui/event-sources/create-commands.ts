/** Commands that make a mapping, change its values, and try its filters. */
import * as vscode from 'vscode';
import { UserError } from '../../contracts/faults.ts';
import type { EventSourceMappingSummary } from '../../contracts/event-source-mappings.ts';
import { callService } from '../../protocol/engine.ts';
import { isForTheUser, sentence } from '../sentences.ts';
import { isSourceNode, type ChosenSource } from './chooser.ts';
import { mappingForm } from './mapping-form.ts';
import { sourceName } from './mapping-words.ts';
import { factsOf, filterCriteria, fromConfiguration, toInput, type MappingValues } from './mapping-values.ts';
import type { EventSourceParts } from './parts.ts';
import { askSourceElsewhere } from './place-commands.ts';

export function registerCreateCommands({ commands, engine, chooser, functions, states, tryOut, filters, reveal, inform }: EventSourceParts): void {
  /** AWS's own words when it refuses; the form stays open. */
  const saved = async (work: () => Promise<unknown>): Promise<boolean> => {
    try {
      await work();
      return true;
    } catch (error) {
      if (!isForTheUser(error)) throw error;
      void vscode.window.showErrorMessage(sentence(error));
      return false;
    }
  };
  const titleOf = (arn: string, functionName: string) => `${sourceName(arn)} → ${functionName}`;

  async function create(source: ChosenSource, functionName: string, input: Record<string, unknown>): Promise<string> {
    const output = await engine.request(callService, { service: 'lambda', operation: 'CreateEventSourceMapping', input: { EventSourceArn: source.arn, FunctionName: functionName, ...input } });
    const uuid = String(output['UUID']);
    inform(`${functionName} reads from ${sourceName(source.arn)}.`);
    reveal(uuid);
    return uuid;
  }

  async function update({ uuid, functionName }: EventSourceMappingSummary, input: Record<string, unknown>): Promise<void> {
    await engine.request(callService, { service: 'lambda', operation: 'UpdateEventSourceMapping', input: { UUID: uuid, ...input } });
    inform(`The mapping of ${functionName} was changed.`);
  }

  /** Undefined when nothing was made, or when filters are being tried first. */
  async function createForm(source: ChosenSource, functionName: string, values: MappingValues): Promise<string | undefined> {
    const facts = factsOf(source.source, source.arn);
    const title = titleOf(source.arn, functionName);
    let uuid: string | undefined;
    await mappingForm({
      title, facts, values, fresh: true, destinations: destinations(),
      tryFilters: (typed) => tryFor(source, `the new mapping ${title}`, typed, (changed) => createForm(source, functionName, changed)),
      save: (typed) => saved(async () => { uuid = await create(source, functionName, toInput(typed, facts, true)); }),
    });
    return uuid;
  }

  async function editForm(mapping: EventSourceMappingSummary, values: MappingValues): Promise<void> {
    const { source, eventSourceArn: arn, functionName } = mapping;
    const facts = factsOf(source, arn);
    const title = titleOf(arn, functionName);
    await mappingForm({
      title, facts, values, fresh: false, destinations: destinations(),
      tryFilters: (typed) => tryFor({ arn, source }, `${title}: back to its values`, typed, (changed) => editForm(mapping, changed)),
      save: (typed) => saved(() => update(mapping, toInput(typed, facts, false))),
    });
  }

  /** From a form and back to it. */
  function tryFor(source: ChosenSource, title: string, values: MappingValues, back: (values: MappingValues) => Promise<unknown>): Promise<unknown> {
    return filters.open({
      source, title, closes: true, ...(values.Filters && { filters: values.Filters }),
      use: (typed) => back({ ...values, Filters: filterText(typed) }),
    });
  }

  /** What may be told of batches given up: standard queues and topics, and buckets. */
  function destinations() {
    const { queues, topics, buckets } = engine.resources;
    return [
      ...queues.filter(({ fifo }) => !fifo).map(({ name, arn }) => ({ label: name, description: 'SQS queue', arn })),
      ...topics.filter(({ arn }) => !arn.endsWith('.fifo')).map(({ name, arn }) => ({ label: name, description: 'SNS topic', arn })),
      ...buckets.map(({ name, arn }) => ({ label: name, description: 'S3 bucket', arn })),
    ];
  }

  /**
   * Arguments: source (node, ARN or name), function name, and the input of CreateEventSourceMapping, which leaves out the
   * questions. Answers with the UUID.
   */
  commands.register('createMapping', async (sourceArgument, functionArgument, given) => {
    const title = 'Create Event Source Mapping';
    const source = await chooser.source(sourceArgument, title, askSourceElsewhere);
    if (!source) return undefined;
    const functionName = typeof functionArgument === 'string' ? functionArgument : await chooseFunction(title);
    if (functionName === undefined) return undefined;
    return isInput(given) ? create(source, functionName, given) : createForm(source, functionName, {});
  });

  /** Arguments: mapping, and the input of UpdateEventSourceMapping, which leaves out the questions. */
  commands.register('editMapping', async (argument, given) => {
    const mapping = await chooser.mapping(argument, 'Edit Event Source Mapping');
    if (!mapping) return;
    if (isInput(given)) await update(mapping, given);
    else await editForm(mapping, fromConfiguration(mapping.configuration));
  });

  /** Arguments: a mapping, a record that its filters kept away, or a source without mappings. Answers with the documents. */
  commands.register('tryFilters', async (argument) => {
    if (isSourceNode(argument) && argument.kind === 'source') {
      const { arn, source, name } = argument.group;
      return filters.open({
        source: { arn, source }, title: `a new mapping of ${name}…`, closes: true,
        use: async (typed) => {
          const functionName = await chooseFunction('Create Event Source Mapping');
          if (functionName !== undefined) await createForm({ arn, source }, functionName, { Filters: filterText(typed) });
        },
      });
    }
    const mapping = await chooser.mapping(argument, 'Try Filters');
    if (!mapping) return undefined;
    const { source, eventSourceArn: arn, functionName, configuration } = mapping;
    const now = fromConfiguration(configuration).Filters;
    return filters.open({
      source: { arn, source }, title: titleOf(arn, functionName), closes: false, ...(now !== undefined && { filters: now }),
      ...(isSourceNode(argument) && argument.kind === 'filtered' && { recordId: argument.record.id }),
      use: (typed) => update(mapping, { FilterCriteria: filterCriteria(typed) }),
    });
  });
  commands.register('useFilters', (uri) => tryOut.use(uri));
  commands.register('chooseSampleRecord', (uri) => tryOut.another(uri));

  /** Any function, wherever the cursor is. */
  async function chooseFunction(title: string): Promise<string | undefined> {
    if (states.all.length === 0) return (await functions.choose(undefined, title))?.name;
    const picked = await vscode.window.showQuickPick(states.all.map(({ name, runtime }) => ({ label: name, description: runtime })), { title, placeHolder: 'Choose the function that gets the records', ignoreFocusOut: true });
    if (picked && !states.find(picked.label)) throw new UserError(`There is no function ${picked.label} any more.`);
    return picked?.label;
  }
}

/** In one line, as the form shows it. */
function filterText(typed: string): string {
  const patterns = filterCriteria(typed).Filters.map(({ Pattern }) => Pattern);
  return patterns.length === 0 ? '' : patterns.length === 1 ? patterns[0] ?? '' : `[${patterns.join(',')}]`;
}

/** Menus pass the selected nodes as a second argument. */
function isInput(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !isSourceNode(value);
}
