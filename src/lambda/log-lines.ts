/** The lines that the platform itself writes into a function's log (lambda-facts §6.4), as text or as JSON. */
import type { FunctionConfiguration } from '../contracts/functions.ts';
import type { InitFailure } from '../contracts/runner.ts';

export interface ReportFigures {
  durationMs: number;
  billedDurationMs: number;
  maxMemoryUsedMb: number;
  initDurationMs?: number;
  status: 'success' | 'error' | 'timeout';
  errorType?: string;
}

/** Writes the platform's lines in the form that LoggingConfig asks for. */
export class PlatformLog {
  readonly #configuration: FunctionConfiguration;
  readonly #requestId: string;
  readonly #version: string;
  readonly #json: boolean;

  constructor(configuration: FunctionConfiguration, version: string, requestId: string) {
    this.#configuration = configuration;
    this.#requestId = requestId;
    this.#version = version;
    this.#json = configuration.loggingConfig.logFormat === 'JSON';
  }

  initStart(time: number, binaryVersion: string): string {
    const { runtime } = this.#configuration;
    if (this.#json) return this.#record(time, 'platform.initStart', { initializationType: 'on-demand', phase: 'init', runtimeVersion: `${runtime}:${binaryVersion}`, functionVersion: this.#version });
    return `INIT_START Runtime Version: ${runtime.replace(/^(nodejs|python)/, '$1:').replace(/\.x$/, '')}${binaryVersion === '' ? '' : `.v${binaryVersion}`}`;
  }

  initReport(time: number, { phase, status, errorType, durationMs }: InitFailure): string {
    if (this.#json) {
      return this.#record(time, 'platform.initReport', {
        initializationType: 'on-demand', phase, status, ...(errorType === undefined ? {} : { errorType }), metrics: { durationMs: round(durationMs) },
      });
    }
    return `INIT_REPORT Init Duration: ${durationMs.toFixed(2)} ms\tPhase: ${phase}\tStatus: ${status}${errorType === undefined ? '' : `\tError Type: ${errorType}`}`;
  }

  start(time: number): string {
    return this.#json
      ? this.#record(time, 'platform.start', { requestId: this.#requestId, version: this.#version })
      : `START RequestId: ${this.#requestId} Version: ${this.#version}`;
  }

  /** After the function's own lines: END (text only) and REPORT. */
  finish(time: number, figures: ReportFigures): string[] {
    const { durationMs, billedDurationMs, maxMemoryUsedMb, initDurationMs, status, errorType } = figures;
    const { memorySize } = this.#configuration;
    if (this.#json) {
      return [this.#record(time, 'platform.report', {
        requestId: this.#requestId,
        metrics: {
          durationMs: round(durationMs), billedDurationMs, memorySizeMB: memorySize, maxMemoryUsedMB: maxMemoryUsedMb,
          ...(initDurationMs === undefined ? {} : { initDurationMs: round(initDurationMs) }),
        },
        status,
        ...(errorType === undefined || status !== 'error' ? {} : { errorType }),
      })];
    }
    return [
      `END RequestId: ${this.#requestId}`,
      `REPORT RequestId: ${this.#requestId}\tDuration: ${durationMs.toFixed(2)} ms\tBilled Duration: ${billedDurationMs} ms\t`
      + `Memory Size: ${memorySize} MB\tMax Memory Used: ${maxMemoryUsedMb} MB\t`
      + (initDurationMs === undefined ? '' : `Init Duration: ${initDurationMs.toFixed(2)} ms\t`)
      + (status === 'timeout' ? 'Status: timeout' : status === 'error' && errorType !== undefined ? `Status: error\tError Type: ${errorType}` : ''),
    ];
  }

  #record(time: number, type: string, record: object): string {
    return JSON.stringify({ time: new Date(time).toISOString(), type, record });
  }
}

function round(milliseconds: number): number {
  return Math.round(milliseconds * 1000) / 1000;
}
