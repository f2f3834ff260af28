/** The view "Event Sources" with its commands and documents: joined here, so that the composition root stays short. */
import * as vscode from 'vscode';
import { UserError } from '../../contracts/faults.ts';
import type { CommandRegistry } from '../command-registry.ts';
import type { EngineClient } from '../engine-client.ts';
import type { FunctionChooser } from '../function-chooser.ts';
import type { FunctionStates } from '../function-states.ts';
import type { PatternTryOut } from '../pattern-try-out.ts';
import { MappingChooser } from './chooser.ts';
import { registerCreateCommands } from './create-commands.ts';
import { MappingDocuments } from './documents.ts';
import { registerMappingCommands } from './mapping-commands.ts';
import { FilterTryOut } from './filter-try-out.ts';
import type { EventSourceParts } from './parts.ts';
import { registerPlaceCommands } from './place-commands.ts';
import { registerRecordCommands } from './record-commands.ts';
import { EventSourcesTree } from './tree.ts';

export interface EventSourcesViewParts {
  engine: EngineClient;
  commands: CommandRegistry;
  functions: FunctionChooser;
  states: FunctionStates;
  tryOut: PatternTryOut;
  extensionUri: vscode.Uri;
  onVisible(): void;
}

/** How long a confirmation stays in the status bar, milliseconds. */
const informFor = 4000;

export class EventSourcesView implements vscode.Disposable {
  readonly tree: EventSourcesTree;
  readonly #documents: MappingDocuments;

  constructor({ engine, commands, functions, states, tryOut, extensionUri, onVisible }: EventSourcesViewParts) {
    this.tree = new EventSourcesTree(engine, onVisible);
    this.#documents = new MappingDocuments(engine);
    const parts: EventSourceParts = {
      engine, commands, functions, states, tryOut, chooser: new MappingChooser(engine), documents: this.#documents,
      filters: new FilterTryOut(engine, tryOut, extensionUri), reveal: (uuid) => this.tree.revealOnceThere(uuid),
      inform: (message) => { vscode.window.setStatusBarMessage(`Local Lambda: ${message}`, informFor); },
    };
    registerMappingCommands(parts);
    registerCreateCommands(parts);
    registerRecordCommands(parts);
    registerPlaceCommands(parts);
    /** A mapping by its UUID or ARN, or a queue or stream by its ARN. */
    commands.register('revealEventSource', async (argument) => {
      if (typeof argument !== 'string') throw new UserError('Choose an event source mapping in the Event Sources view.');
      await engine.start();
      if (!await this.tree.reveal(argument, { focus: true })) throw new UserError(`${argument} is not here any more.`);
    });
  }

  dispose(): void {
    this.tree.dispose();
    this.#documents.dispose();
  }
}
