/** A function as views show it. */
import type { Execution } from '../contracts/executions.ts';
import type { FunctionSummary } from '../contracts/lambda-api.ts';
import type { Asynchronous } from './asynchronous.ts';
import type { Concurrency } from './concurrency.ts';
import type { EventInvokeConfigs } from './event-invoke-configs.ts';
import type { FunctionRegistry, FunctionState } from './function-registry.ts';
import type { InjectedFaults } from './injected-faults.ts';
import type { RecursionConfigs } from './recursion-configs.ts';

export interface FunctionSummaryParts {
  registry: FunctionRegistry;
  concurrency: Concurrency;
  asynchronous: Asynchronous;
  eventConfigs: EventInvokeConfigs;
  recursion: RecursionConfigs;
  faults: InjectedFaults;
}

/** @param last Its newest finished execution. */
export function functionSummary(name: string, state: FunctionState, last: Execution | undefined, parts: FunctionSummaryParts): FunctionSummary {
  const { registry, concurrency, asynchronous, eventConfigs, recursion } = parts;
  const { configuration, origin } = state;
  const faults = parts.faults.get(name);
  return {
    name, arn: state.runnable.functionArn, runtime: configuration.runtime, handler: configuration.handler,
    ...(configuration.code.handlerFile === undefined ? {} : { handlerFile: configuration.code.handlerFile }),
    ...(configuration.code.handlerExport === undefined ? {} : { handlerExport: configuration.code.handlerExport }),
    codeFolder: configuration.code.folder, origin, description: configuration.description, timeout: configuration.timeout,
    memorySize: configuration.memorySize, environmentNames: Object.keys(configuration.environment),
    layers: [...configuration.layers, ...configuration.unresolvedLayers],
    versions: registry.versions(name).map(({ version }) => String(version)),
    aliases: registry.aliases(name).map((alias) => ({ name: alias.name, functionVersion: alias.functionVersion, additionalVersionWeights: alias.additionalVersionWeights })),
    ...(state.reservedConcurrency === undefined ? {} : { reservedConcurrency: state.reservedConcurrency }),
    inFlight: concurrency.running(name), queued: asynchronous.queuedOf(name),
    ...(configuration.deadLetterTargetArn ? { deadLetterTargetArn: configuration.deadLetterTargetArn } : {}),
    eventInvokeConfigs: eventConfigs.summaries(name), recursiveLoop: recursion.get(name),
    ...(faults === undefined ? {} : { faults }),
    changed: state.changed,
    ...(last === undefined ? {} : { last }),
  };
}
