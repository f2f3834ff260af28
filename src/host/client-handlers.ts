/** Answers the messages of `src/protocol/engine.ts` for every client. */
import type { NotificationType} from 'vscode-jsonrpc/node';
import { type MessageConnection } from 'vscode-jsonrpc/node';
import type { ClockState, WaitTime } from '../contracts/clock.ts';
import type { ExecutionHistory, InvocationType } from '../contracts/executions.ts';
import { UserError } from '../contracts/faults.ts';
import type { InvokeInput, LambdaHost } from '../contracts/lambda-api.ts';
import type { Logger } from '../contracts/logger.ts';
import type { ResumeGate } from '../contracts/resume-gate.ts';
import type { WorkspaceDiagnostic } from '../contracts/workspace.ts';
import {
  actOnEvent, cancelExecution, clearExecutions, diagnosticsChanged, executionsCleared, explainPattern as explainPatternRequest, exportExecutions, getClock, getExecution, getExecutionContent,
  getInvocationRecord, getStatus, invoke, listDiagnostics, listExecutions, listFunctions, pauseEngine, replayExecution, resetDeadLetterQueue, resetEngine, resetEventInvokeConfig, resumeEngine,
  setClock, setFaults, shutdownEngine, updateWorkspace, type EngineStatus, type InvokeResult, type WorkspaceUpdate,
} from '../protocol/engine.ts';
import type { Broadcaster } from './broadcaster.ts';
import { explainPattern } from './pattern-explanation.ts';
import { answer } from './rpc-server.ts';

export interface ClientParts {
  lambda: LambdaHost;
  history: ExecutionHistory;
  /** Of templates and other files. */
  diagnostics: () => readonly WorkspaceDiagnostic[];
  broadcaster: Broadcaster;
  logger: Logger;
  clock: WaitTime;
  gate: ResumeGate;
  status: () => EngineStatus;
  connections: () => readonly MessageConnection[];
  updateWorkspace(update: WorkspaceUpdate): Promise<void>;
  shutdown(): Promise<void>;
  reset(): Promise<void>;
}

export function registerClient(parts: ClientParts): {
  register(connection: MessageConnection): void;
  diagnosticsChanged(diagnostics: readonly WorkspaceDiagnostic[]): void;
} {
  const { lambda, history, logger } = parts;
  const guarded = <R>(work: () => R | Promise<R>): Promise<R> => answer(logger, work);
  const tell = <P>(type: NotificationType<P>, parameters: P): void => {
    for (const connection of parts.connections()) connection.sendNotification(type.method, parameters).catch(() => {});
  };

  const run = async (input: InvokeInput): Promise<InvokeResult> => {
    const output = await lambda.invoke(input);
    return {
      executionId: output.requestId,
      statusCode: output.statusCode,
      payload: Buffer.from(output.payload).toString('utf8'),
      ...(output.functionError === undefined ? {} : { functionError: output.functionError }),
      ...(output.executedVersion === undefined ? {} : { executedVersion: output.executedVersion }),
    };
  };

  const replay = async (id: string, invocationType?: InvocationType): Promise<InvokeResult> => {
    const execution = history.get(id);
    const content = history.content(id);
    if (!execution || !content) throw new UserError('That execution is no longer in the history, so it cannot be replayed.');
    return run({
      functionName: execution.functionName,
      ...(execution.qualifier === undefined ? {} : { qualifier: execution.qualifier }),
      invocationType: invocationType ?? execution.invocationType,
      logType: execution.logType,
      ...(execution.clientContext === undefined ? {} : { clientContextBase64: Buffer.from(execution.clientContext).toString('base64') }),
      payload: Buffer.from(content.request),
      source: 'replay',
      replayOf: id,
    });
  };

  return {
    register(connection) {
      connection.onRequest(updateWorkspace, (update) => guarded(() => parts.updateWorkspace(update)));
      connection.onRequest(listFunctions, () => guarded(() => lambda.listSummaries()));
      connection.onRequest(listDiagnostics, () => guarded(() => [...parts.diagnostics()]));
      connection.onRequest(invoke, (parameters) => guarded(() => run({
        functionName: parameters.functionName,
        ...(parameters.qualifier === undefined ? {} : { qualifier: parameters.qualifier }),
        invocationType: parameters.invocationType,
        logType: parameters.logType,
        ...(parameters.clientContext === undefined ? {} : { clientContextBase64: Buffer.from(parameters.clientContext).toString('base64') }),
        payload: Buffer.from(parameters.payload),
        source: parameters.replayOf === undefined ? 'editor' : 'replay',
        ...(parameters.replayOf === undefined ? {} : { replayOf: parameters.replayOf }),
      })));
      connection.onRequest(cancelExecution, ({ id }) => guarded(() => lambda.cancel(id)));
      connection.onRequest(replayExecution, ({ id, invocationType }) => guarded(() => replay(id, invocationType)));
      connection.onRequest(listExecutions, (query) => guarded(() => history.list(query)));
      connection.onRequest(getExecution, ({ id }) => guarded(() => history.get(id) ?? null));
      connection.onRequest(getExecutionContent, ({ id }) => guarded(() => lambda.content(id) ?? null));
      connection.onRequest(getInvocationRecord, ({ id }) => guarded(() => lambda.invocationRecord(id) ?? null));
      connection.onRequest(clearExecutions, () => guarded(() => {
        history.clear();
        tell(executionsCleared, {});
        parts.broadcaster.functionsChanged();
      }));
      connection.onRequest(exportExecutions, ({ file }) => guarded(() => history.exportTo(file)));
      connection.onRequest(actOnEvent, ({ id, action }) => guarded(() => lambda.actOnEvent(id, action)));
      connection.onRequest(setFaults, ({ functionName, faults }) => guarded(() => lambda.setFaults(functionName, faults ?? undefined)));
      connection.onRequest(resetEventInvokeConfig, ({ functionName, qualifier }) => guarded(() => lambda.resetEventInvokeConfig(functionName, qualifier)));
      connection.onRequest(resetDeadLetterQueue, ({ functionName }) => guarded(() => lambda.resetDeadLetterQueue(functionName)));
      connection.onRequest(explainPatternRequest, (question) => guarded(() => explainPattern(question)));
      connection.onRequest(getStatus, () => guarded(() => parts.status()));
      connection.onRequest(getClock, () => guarded(() => parts.clock.state()));
      connection.onRequest(setClock, (change) => guarded(() => changeClock(parts.clock, change)));
      connection.onRequest(resumeEngine, () => guarded(() => parts.gate.resume()));
      connection.onRequest(pauseEngine, () => guarded(() => parts.gate.pause()));
      connection.onRequest(resetEngine, () => guarded(() => parts.reset()));
      connection.onRequest(shutdownEngine, () => guarded(() => parts.shutdown()));
    },
    diagnosticsChanged(diagnostics) {
      tell(diagnosticsChanged, { diagnostics: [...diagnostics] });
    },
  };
}

/** A new scale, a jump ahead, or both in that order. @throws UserError */
export function changeClock(clock: WaitTime, { scale, advanceSeconds }: { scale?: number; advanceSeconds?: number }): ClockState {
  if (scale !== undefined) clock.setScale(scale);
  if (advanceSeconds !== undefined) clock.advance(advanceSeconds);
  return clock.state();
}
