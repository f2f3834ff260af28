/** What the commands of the view "Destinations" share. */
import type { CommandRegistry } from '../command-registry.ts';
import type { EngineClient } from '../engine-client.ts';
import type { FunctionChooser } from '../function-chooser.ts';
import type { ServiceCalls } from './calls.ts';
import type { ResourceChooser } from './chooser.ts';
import type { ResourceDocuments } from './documents.ts';
import type { Drafts } from './drafts.ts';
import type { DestinationsTree } from './tree.ts';

export interface DestinationParts {
  commands: CommandRegistry;
  engine: EngineClient;
  calls: ServiceCalls;
  chooser: ResourceChooser;
  functions: FunctionChooser;
  documents: ResourceDocuments;
  drafts: Drafts;
  tree: DestinationsTree;
  showRecord(id: string): Promise<void>;
  /** A short confirmation in the status bar. */
  inform(message: string): void;
}
