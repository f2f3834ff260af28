/** The view "Destinations" with its commands, drafts and documents: joined here, so that the composition root stays short. */
import * as vscode from 'vscode';
import { UserError } from '../../contracts/faults.ts';
import { explainEvent } from '../../protocol/engine.ts';
import { indentJson } from '../../protocol/panel-json.ts';
import type { CommandRegistry } from '../command-registry.ts';
import type { EngineClient } from '../engine-client.ts';
import type { FunctionChooser } from '../function-chooser.ts';
import type { LeftOvers } from '../left-over.ts';
import type { PatternTryOut } from '../pattern-try-out.ts';
import { registerBucketCommands } from './bucket-commands.ts';
import { registerBusCommands } from './bus-commands.ts';
import { ServiceCalls } from './calls.ts';
import { isNode, ResourceChooser } from './chooser.ts';
import { registerResourceCommands } from './create-commands.ts';
import { registerDestinationCommands } from './destination-commands.ts';
import { ResourceDocuments } from './documents.ts';
import { Drafts } from './drafts.ts';
import { previewOf } from './filter-preview.ts';
import type { DestinationParts } from './parts.ts';
import { registerQueueCommands } from './queue-commands.ts';
import { registerTopicCommands } from './topic-commands.ts';
import { DestinationsTree } from './tree.ts';

export interface DestinationsViewParts {
  engine: EngineClient;
  commands: CommandRegistry;
  functions: FunctionChooser;
  leftOvers: LeftOvers;
  tryOut: PatternTryOut;
  /** The workspace's. */
  memory: vscode.Memento;
  showRecord(id: string): Promise<void>;
  onVisible(): void;
}

/** How long a confirmation stays in the status bar, milliseconds. */
const informFor = 4000;

export class DestinationsView implements vscode.Disposable {
  readonly tree: DestinationsTree;
  readonly #disposables: vscode.Disposable[];

  constructor({ engine, commands, functions, leftOvers, tryOut, memory, showRecord, onVisible }: DestinationsViewParts) {
    this.tree = new DestinationsTree(engine, leftOvers, onVisible);
    const documents = new ResourceDocuments(engine);
    const drafts = new Drafts(memory, (draft, text) => previewOf(engine, draft, text));
    this.#disposables = [this.tree, documents, drafts, engine.onDidChangeResources(() => drafts.refresh())];
    const parts: DestinationParts = {
      commands, engine, functions, documents, drafts, tree: this.tree, showRecord,
      calls: new ServiceCalls(engine), chooser: new ResourceChooser(engine),
      inform: (message) => { vscode.window.setStatusBarMessage(`Local Lambda: ${message}`, informFor); },
    };
    registerQueueCommands(parts);
    registerTopicCommands(parts);
    registerBusCommands(parts);
    registerBucketCommands(parts);
    registerDestinationCommands(parts);
    registerResourceCommands(parts);
    commands.register('tryPattern', async (argument) => {
      if (!isNode(argument)) return tryOut.open(isTexts(argument) ? argument : {});
      if (argument.kind === 'rule' && argument.rule.pattern !== undefined) {
        const [last] = argument.bus.lastEvents;
        const event = last && (await engine.request(explainEvent, { busArn: argument.bus.arn, eventId: last.id })).event;
        return tryOut.open({ pattern: readable(argument.rule.pattern), ...(event !== undefined && { event: readable(event) }) });
      }
      if (argument.kind === 'subscription' && argument.subscription.filterPolicy !== undefined) {
        const body = argument.subscription.filterPolicyScope === 'MessageBody';
        return tryOut.open({ dialect: body ? 'sns-body' : 'sns-attributes', pattern: readable(argument.subscription.filterPolicy), event: body ? '{}\n' : '{\n  "name": { "Type": "String", "Value": "value" }\n}\n' });
      }
      throw new UserError('It has no pattern to try.');
    });
    commands.register('choosePatternDialect', () => tryOut.chooseDialect());
  }

  dispose(): void {
    for (const disposable of this.#disposables) disposable.dispose();
  }
}

function isTexts(value: unknown): value is { dialect?: string; pattern?: string; event?: string } {
  return typeof value === 'object' && value !== null && Object.values(value).every((member) => typeof member === 'string');
}

function readable(json: string): string {
  return `${indentJson(json)}\n`;
}
