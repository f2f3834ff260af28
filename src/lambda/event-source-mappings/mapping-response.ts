/** A mapping as the API answers it: members as recorded for each source (lambda-facts §3.1). */
import type { MappingState } from '../../contracts/event-source-mappings.ts';
import type { AccountContext } from '../function-names.ts';
import { sourceOf, type MappingConfiguration } from './mapping.ts';

export interface MappingStatus {
  uuid: string;
  configuration: MappingConfiguration;
  state: MappingState;
  stateTransitionReason: string;
  /** `No records processed`, `OK`, `PROBLEM: Function call failed`; shown for streams only. */
  lastProcessingResult: string;
  /** Epoch milliseconds. */
  lastModified: number;
}

export function mappingArn(uuid: string, { accountId, region }: AccountContext): string {
  return `arn:aws:lambda:${region}:${accountId}:event-source-mapping:${uuid}`;
}

export function mappingResponse({ uuid, configuration, state, stateTransitionReason, lastProcessingResult, lastModified }: MappingStatus, account: AccountContext): Record<string, unknown> {
  const { stream, filters, maximumConcurrency, provisionedPollers, metrics } = configuration;
  const body: Record<string, unknown> = {
    BatchSize: configuration.batchSize,
    ...(stream === undefined ? {} : {
      BisectBatchOnFunctionError: stream.bisectBatchOnFunctionError,
      DestinationConfig: { OnFailure: stream.onFailure === undefined ? {} : { Destination: stream.onFailure } },
      LastProcessingResult: lastProcessingResult,
      MaximumRecordAgeInSeconds: stream.maximumRecordAgeInSeconds,
      MaximumRetryAttempts: stream.maximumRetryAttempts,
      ParallelizationFactor: stream.parallelizationFactor,
      StartingPosition: stream.startingPosition,
      ...(stream.startingPositionTimestamp === undefined ? {} : { StartingPositionTimestamp: stream.startingPositionTimestamp }),
      TumblingWindowInSeconds: stream.tumblingWindowInSeconds,
    }),
    EventSourceArn: configuration.eventSourceArn,
    EventSourceMappingArn: mappingArn(uuid, account),
    ...(filters.length === 0 ? {} : { FilterCriteria: { Filters: filters.map((Pattern) => ({ Pattern })) } }),
    FunctionArn: configuration.functionArn,
    FunctionResponseTypes: configuration.functionResponseTypes,
    LastModified: lastModified / 1000,
    MaximumBatchingWindowInSeconds: configuration.maximumBatchingWindowInSeconds,
    ...(metrics === undefined ? {} : { MetricsConfig: { Metrics: metrics } }),
    ...(provisionedPollers === undefined ? {} : { ProvisionedPollerConfig: {
      ...(provisionedPollers.maximum === undefined ? {} : { MaximumPollers: provisionedPollers.maximum }),
      ...(provisionedPollers.minimum === undefined ? {} : { MinimumPollers: provisionedPollers.minimum }),
    } }),
    ...(maximumConcurrency === undefined ? {} : { ScalingConfig: { MaximumConcurrency: maximumConcurrency } }),
    State: state,
    StateTransitionReason: stateTransitionReason,
    UUID: uuid,
  };
  return Object.fromEntries(Object.entries(body).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Who changed the state, in the words of each source (lambda-facts §3.1). */
export function userAction(configuration: MappingConfiguration): string {
  return sourceOf(configuration.eventSourceArn) === 'sqs' ? 'USER_INITIATED' : 'User action';
}
