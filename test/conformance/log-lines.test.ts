/** The platform's own lines in a function's log, in both formats. */
import assert from 'node:assert/strict';
import { PlatformLog, type ReportFigures } from '../../src/lambda/log-lines.ts';
import { definition } from '../unit/lambda/fakes.ts';

const id = '8f507cfc-example';
const time = Date.UTC(2026, 10, 24, 12, 0, 0, 5);
const figures: ReportFigures = { durationMs: 3.0123, billedDurationMs: 4, maxMemoryUsedMb: 36, status: 'success' };

function log(logFormat: 'Text' | 'JSON', runtime = 'python3.13'): PlatformLog {
  return new PlatformLog({ ...definition('f', { runtime }).configuration, loggingConfig: { logFormat, logGroup: '/aws/lambda/f' } }, '7', id);
}

describe('lambda-facts §6.4: platform lines as text', () => {
  const text = log('Text');

  it('INIT_START names language and version', () => {
    assert.equal(text.initStart(time, '3.13.1'), 'INIT_START Runtime Version: python:3.13.v3.13.1');
    assert.equal(log('Text', 'nodejs24.x').initStart(time, '24.1.0'), 'INIT_START Runtime Version: nodejs:24.v24.1.0');
    assert.equal(log('Text', 'provided.al2023').initStart(time, ''), 'INIT_START Runtime Version: provided.al2023');
  });

  it('START names the version', () => {
    assert.equal(text.start(time), `START RequestId: ${id} Version: 7`);
  });

  it('END and REPORT: figures parted by tabs, Init Duration only when cold', () => {
    const report = `REPORT RequestId: ${id}\tDuration: 3.01 ms\tBilled Duration: 4 ms\tMemory Size: 128 MB\tMax Memory Used: 36 MB\t`;
    assert.deepEqual(text.finish(time, figures), [`END RequestId: ${id}`, report]);
    assert.equal(text.finish(time, { ...figures, initDurationMs: 110.1 })[1], `${report}Init Duration: 110.10 ms\t`);
  });

  it('REPORT of a failure carries Status: timeout, or Status: error and its type', () => {
    assert.match(text.finish(time, { ...figures, status: 'timeout', errorType: 'Sandbox.Timedout' })[1] ?? '', /Used: 36 MB\tStatus: timeout$/);
    assert.match(text.finish(time, { ...figures, status: 'error', errorType: 'Runtime.ExitError' })[1] ?? '', /Used: 36 MB\tStatus: error\tError Type: Runtime.ExitError$/);
  });

  it('INIT_REPORT tells of an init that failed', () => {
    assert.equal(
      text.initReport(time, { phase: 'init', status: 'error', errorType: 'Runtime.ExitError', durationMs: 1236.04 }),
      'INIT_REPORT Init Duration: 1236.04 ms\tPhase: init\tStatus: error\tError Type: Runtime.ExitError',
    );
    assert.equal(text.initReport(time, { phase: 'init', status: 'timeout', durationMs: 9999.809 }), 'INIT_REPORT Init Duration: 9999.81 ms\tPhase: init\tStatus: timeout');
  });
});

describe('lambda-facts §6.4: platform lines as JSON', () => {
  const json = log('JSON');
  const read = (line: string | undefined) => JSON.parse(line ?? '') as { time: string; type: string; record: unknown };

  it('platform.initStart and platform.start', () => {
    assert.equal(read(json.initStart(time, '3.13.1')).type, 'platform.initStart');
    assert.deepEqual(read(json.start(time)), { time: '2026-11-24T12:00:00.005Z', type: 'platform.start', record: { requestId: id, version: '7' } });
  });

  it('platform.report: metrics and status, and no END line', () => {
    const lines = json.finish(time, { ...figures, initDurationMs: 110.1 });
    assert.equal(lines.length, 1);
    assert.deepEqual(read(lines[0]), {
      time: '2026-11-24T12:00:00.005Z', type: 'platform.report',
      record: { requestId: id, metrics: { durationMs: 3.012, billedDurationMs: 4, memorySizeMB: 128, maxMemoryUsedMB: 36, initDurationMs: 110.1 }, status: 'success' },
    });
    assert.deepEqual(
      (read(json.finish(time, { ...figures, status: 'error', errorType: 'Runtime.ExitError' })[0]).record as Record<string, unknown>)['errorType'], 'Runtime.ExitError',
    );
  });

  it('platform.initReport', () => {
    assert.deepEqual(read(json.initReport(time, { phase: 'invoke', status: 'timeout', durationMs: 3000 })).record, {
      initializationType: 'on-demand', phase: 'invoke', status: 'timeout', metrics: { durationMs: 3000 },
    });
  });
});
