/** Reads the lines that a function logged, for the panel and for the output channel. Pure, so that Node tests it. */

export type LogLevel = 'error' | 'warn' | 'info' | 'debug' | 'platform';

/** START, END, REPORT and the like, which the Lambda service writes, not the function. */
const platform = /^(?:START|END|REPORT) RequestId: |^(?:INIT_START|INIT_REPORT|EXTENSION|XRAY|TELEMETRY)\b/;
/** `2026-11-24T01:02:03.004Z\t<request id>\tINFO\t…`, as the Node runtime writes. */
const nodeText = /^\d{4}-\d\d-\d\dT[\d:.]+Z\t[^\t]*\t(TRACE|DEBUG|INFO|WARN|ERROR|FATAL)\t/;
/** `[ERROR]\t2026-…`, as the Python runtime writes. */
const pythonText = /^\[(TRACE|DEBUG|INFO|WARNING|WARN|ERROR|CRITICAL|FATAL)\]/;
/** `"level":"INFO"` of the JSON log format, and what common loggers write. */
const jsonLevel = /^\{.*?"level"\s*:\s*"(\w+)"/i;
const jsonPlatform = /^\{.*?"type"\s*:\s*"platform\./;
/** A level stands at the start; a long line is not searched to its end. */
const searchedLength = 2000;

/** Undefined when the line does not say. */
export function levelOf(line: string): LogLevel | undefined {
  const start = line.slice(0, searchedLength);
  if (platform.test(start) || jsonPlatform.test(start)) return 'platform';
  const word = (nodeText.exec(start) ?? pythonText.exec(start) ?? jsonLevel.exec(start))?.[1];
  switch (word?.toUpperCase()) {
    case 'ERROR': case 'FATAL': case 'CRITICAL': return 'error';
    case 'WARN': case 'WARNING': return 'warn';
    case 'INFO': return 'info';
    case 'DEBUG': case 'TRACE': return 'debug';
    default: return undefined;
  }
}

/** CSI and OSC sequences of terminals. */
const terminalSequences = /\u001b(?:\[[0-9;?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\))/g;

/** The line without colours, and with the carriage returns that stand for line breaks inside one log event. */
export function readable(line: string): string {
  return line.replaceAll(terminalSequences, '').replace(/\r$/, '').replaceAll('\r', '\n');
}
