/** The engine's own log: one line per message, with stack and causes for errors. */
import { inspect } from 'node:util';
import type { Logger } from '../contracts/logger.ts';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

export class EngineLogger implements Logger {
  readonly #sinks = new Set<(level: LogLevel, message: string) => void>();

  /** Returns the function that takes the sink away again. */
  addSink(sink: (level: LogLevel, message: string) => void): () => void {
    this.#sinks.add(sink);
    return () => this.#sinks.delete(sink);
  }

  debug(message: string): void {
    this.#write('debug', message);
  }

  info(message: string): void {
    this.#write('info', message);
  }

  warn(message: string): void {
    this.#write('warn', message);
  }

  error(message: string, error?: unknown): void {
    this.#write('error', error === undefined ? message : `${message}\n${inspect(error, { depth: 4 })}`);
  }

  #write(level: LogLevel, message: string): void {
    for (const sink of this.#sinks) sink(level, message);
  }
}

/** Writes to stderr, where neither a JSON line nor function output goes. */
export function stderrSink(minimum: LogLevel = 'info'): (level: LogLevel, message: string) => void {
  const order: LogLevel[] = ['debug', 'info', 'warn', 'error'];
  let gone = false;
  // Whoever read it has ended: an error that nobody heard would be logged in turn, without end.
  process.stderr.on('error', () => { gone = true; });
  return (level, message) => {
    if (gone || order.indexOf(level) < order.indexOf(minimum)) return;
    process.stderr.write(`${new Date().toISOString()} ${level.padEnd(5)} ${message}\n`);
  };
}
