/** What the commands of the view "Event Sources" are made of. */
import type { CommandRegistry } from '../command-registry.ts';
import type { EngineClient } from '../engine-client.ts';
import type { FunctionChooser } from '../function-chooser.ts';
import type { FunctionStates } from '../function-states.ts';
import type { MappingChooser } from './chooser.ts';
import type { MappingDocuments } from './documents.ts';

export interface EventSourceParts {
  commands: CommandRegistry;
  engine: EngineClient;
  functions: FunctionChooser;
  states: FunctionStates;
  chooser: MappingChooser;
  documents: MappingDocuments;
  /** Tells in the status bar, for a moment. */
  inform(message: string): void;
}
