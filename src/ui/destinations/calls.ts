/** Calls of service operations as the view's commands make them. */
import type { ServiceOutput } from '../../contracts/resources.ts';
import { callService } from '../../protocol/engine.ts';
import type { EngineClient } from '../engine-client.ts';

export class ServiceCalls {
  readonly #engine: EngineClient;

  constructor(engine: EngineClient) {
    this.#engine = engine;
  }

  /** @throws ResponseError with the service's own fault. */
  sqs(operation: string, input: Record<string, unknown>): Promise<ServiceOutput> {
    return this.#engine.request(callService, { service: 'sqs', operation, input });
  }

  sns(operation: string, input: Record<string, unknown>): Promise<ServiceOutput> {
    return this.#engine.request(callService, { service: 'sns', operation, input });
  }

  events(operation: string, input: Record<string, unknown>): Promise<ServiceOutput> {
    return this.#engine.request(callService, { service: 'events', operation, input });
  }

  lambda(operation: string, input: Record<string, unknown>): Promise<ServiceOutput> {
    return this.#engine.request(callService, { service: 'lambda', operation, input });
  }
}
