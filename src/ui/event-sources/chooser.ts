/** Which mapping or source a command means: a node of the view, a UUID or ARN, or a Quick Pick. */
import * as vscode from 'vscode';
import { UserError } from '../../contracts/faults.ts';
import type { EventSourceMappingSummary, MappingSource } from '../../contracts/event-source-mappings.ts';
import type { EngineClient } from '../engine-client.ts';
import { bySource, mappingDescription, sourceName, sourceTitles } from './mapping-words.ts';
import { sourceKind } from './source-places.ts';
import type { SourceNode } from './tree.ts';

export interface ChosenSource {
  arn: string;
  source: MappingSource;
}

export class MappingChooser {
  readonly #engine: EngineClient;

  constructor(engine: EngineClient) {
    this.#engine = engine;
  }

  /**
   * Undefined when the user gave up.
   * @param fits Only those are offered.
   * @throws UserError when there is no such mapping, or none to choose from.
   */
  async mapping(argument: unknown, title: string, fits: (mapping: EventSourceMappingSummary) => boolean = () => true): Promise<EventSourceMappingSummary | undefined> {
    await this.#engine.start();
    const all = this.#engine.mappings;
    const wanted = typeof argument === 'string' ? argument : isSourceNode(argument) && argument.kind !== 'source' ? argument.mapping.uuid : undefined;
    if (wanted !== undefined) {
      const found = all.find(({ uuid }) => uuid === wanted);
      if (!found) throw new UserError(`There is no event source mapping ${wanted} any more.`);
      return found;
    }
    const candidates = all.filter(fits);
    if (candidates.length === 0) throw new UserError(all.length === 0 ? 'There is no event source mapping here: create one in the Event Sources view.' : 'None of the event source mappings here fits.');
    const picked = await vscode.window.showQuickPick(candidates.map((mapping) => ({ label: `${sourceName(mapping.eventSourceArn)} → ${mapping.functionName}`, description: mappingDescription(mapping), mapping })), { title, placeHolder: 'Choose an event source mapping' });
    return picked?.mapping;
  }

  /**
   * Any queue or stream that is here or that a mapping polls.
   * @param elsewhere Asks for another one; offers it, and takes any ARN.
   * @throws UserError when there is none, or no such.
   */
  async source(argument: unknown, title: string, elsewhere?: () => Promise<ChosenSource | undefined>): Promise<ChosenSource | undefined> {
    await this.#engine.start();
    const sources = this.#sources();
    const wanted = typeof argument === 'string' ? argument : sourceArnOf(argument);
    if (wanted !== undefined) {
      const found = sources.find(({ arn }) => arn === wanted) ?? sources.find(({ arn }) => sourceName(arn) === wanted);
      const kind = elsewhere && sourceKind(wanted);
      if (!found && !kind) throw new UserError(`There is no queue or stream ${wanted} here.`);
      return found ?? (kind && { arn: wanted, source: kind });
    }
    if (sources.length === 0 && !elsewhere) throw new UserError('There are no queues or streams here: declare one in a template, or create one by the API.');
    const items = sources.map((source) => ({ label: sourceName(source.arn), description: sourceTitles[source.source], detail: source.arn, source }));
    const other = { label: '$(globe) Elsewhere…', description: 'at a compatible server, or in AWS', detail: '', source: undefined };
    const picked = await vscode.window.showQuickPick([...items, ...(elsewhere ? [other] : [])], { title, placeHolder: 'Choose the queue or stream', ignoreFocusOut: true });
    return picked === other && elsewhere ? elsewhere() : picked?.source;
  }

  #sources(): ChosenSource[] {
    const { queues, streams, tableStreams } = this.#engine.resources;
    const here: ChosenSource[] = [
      ...queues.map(({ arn }): ChosenSource => ({ arn, source: 'sqs' })),
      ...streams.map(({ arn }): ChosenSource => ({ arn, source: 'kinesis' })),
      ...tableStreams.map(({ arn }): ChosenSource => ({ arn, source: 'dynamodb' })),
    ];
    const known = new Set(here.map(({ arn }) => arn));
    return [...here, ...bySource(this.#engine.mappings).filter(({ arn }) => !known.has(arn))];
  }
}

export function isSourceNode(value: unknown): value is SourceNode {
  return typeof value === 'object' && value !== null && ['source', 'mapping', 'note', 'shard', 'filtered'].includes(String((value as Partial<SourceNode>).kind));
}

/** Of a node of the view. */
export function sourceArnOf(value: unknown): string | undefined {
  if (!isSourceNode(value)) return undefined;
  return value.kind === 'source' ? value.group.arn : value.mapping.eventSourceArn;
}
