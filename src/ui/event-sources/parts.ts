/** What the commands of the view "Event Sources" are made of. */
import type { CommandRegistry } from '../command-registry.ts';
import type { EngineClient } from '../engine-client.ts';
import type { FunctionChooser } from '../function-chooser.ts';
import type { FunctionStates } from '../function-states.ts';
import type { PatternTryOut } from '../pattern-try-out.ts';
import type { MappingChooser } from './chooser.ts';
import type { MappingDocuments } from './documents.ts';
import type { FilterTryOut } from './filter-try-out.ts';

export interface EventSourceParts {
  commands: CommandRegistry;
  engine: EngineClient;
  functions: FunctionChooser;
  states: FunctionStates;
  chooser: MappingChooser;
  documents: MappingDocuments;
  tryOut: PatternTryOut;
  filters: FilterTryOut;
  /** Selects a mapping in the view, once it is there. */
  reveal(uuid: string): void;
  /** Tells in the status bar, for a moment. */
  inform(message: string): void;
}
