/** The output channel "Local Lambda": the engine's own log and what functions print, each line at its own level. */
import * as vscode from 'vscode';
import type { Logger } from '../contracts/logger.ts';
import { levelOf, readable } from '../protocol/log-lines.ts';
import type { EngineClient } from './engine-client.ts';

/** A flood shows in the record whole; the channel takes this many lines of one batch and counts the rest. */
const linesPerBatch = 500;

export class Output implements Logger, vscode.Disposable {
  readonly channel = vscode.window.createOutputChannel('Local Lambda', { log: true });
  #subscription: vscode.Disposable | undefined;

  /** Mirrors the functions' output from now on. */
  follow(engine: EngineClient): void {
    this.#subscription = engine.onDidWriteLog((batches) => {
      for (const { functionName, lines } of batches) {
        for (const line of lines.slice(0, linesPerBatch)) this.#mirror(functionName, line);
        if (lines.length > linesPerBatch) {
          this.channel.info(`${functionName} | … ${lines.length - linesPerBatch} more lines: see the record.`);
        }
      }
    });
  }

  /** What says no level was printed, and what the platform writes is worth seeing: both are info. */
  #mirror(functionName: string, line: string): void {
    const level = levelOf(line);
    this.channel[level === undefined || level === 'platform' ? 'info' : level](`${functionName} | ${readable(line)}`);
  }

  debug(message: string): void {
    this.channel.debug(message);
  }

  info(message: string): void {
    this.channel.info(message);
  }

  warn(message: string): void {
    this.channel.warn(message);
  }

  error(message: string, error?: unknown): void {
    this.channel.error(error === undefined ? message : `${message}\n${describe(error)}`);
  }

  dispose(): void {
    this.#subscription?.dispose();
    this.channel.dispose();
  }
}

/** Stack and causes. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const own = error.stack ?? `${error.name}: ${error.message}`;
  return error.cause === undefined ? own : `${own}\nCaused by ${describe(error.cause)}`;
}
