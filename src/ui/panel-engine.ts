/** What the records panel needs of the editor's engine client; tests stand in for it without VS Code. */
import type { EngineClient } from './engine-client.ts';

export type PanelEngine = Pick<
  EngineClient,
  | 'state' | 'failure' | 'mappings' | 'resources' | 'functions' | 'status' | 'clock' | 'start' | 'request' | 'request0'
  | 'onDidChangeState' | 'onDidChangeFunctions' | 'onDidChangeExecutions' | 'onDidClearExecutions' | 'onDidWriteLog'
  | 'onDidChangeStatus' | 'onDidChangeClock'
> & {
  readonly info: { readonly endpoint: string } | undefined;
};
