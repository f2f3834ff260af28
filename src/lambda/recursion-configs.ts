/** Whether Lambda stops a function that calls itself in a loop (`PutFunctionRecursionConfig`, lambda-facts §2.6). */
import type { DocumentCollection, DocumentStore } from '../contracts/documents.ts';
import { validationFault } from './function-names.ts';
import { requiredText, type Input } from './input.ts';

export type RecursiveLoop = 'Terminate' | 'Allow';

export class RecursionConfigs {
  readonly #stored: DocumentCollection<RecursiveLoop>;
  readonly #allowed: Set<string>;

  constructor(documents: DocumentStore) {
    this.#stored = documents.collection('recursion-configs');
    this.#allowed = new Set(this.#stored.entries().map(([name]) => name));
  }

  get(functionName: string): RecursiveLoop {
    return this.#allowed.has(functionName) ? 'Allow' : 'Terminate';
  }

  /** @throws AwsFault ValidationException */
  put(functionName: string, input: Input): RecursiveLoop {
    const value = requiredText(input, 'RecursiveLoop');
    if (value !== 'Terminate' && value !== 'Allow') {
      throw validationFault(value, 'recursiveLoop', 'Member must satisfy enum value set: [Terminate, Allow]');
    }
    this.delete(functionName);
    if (value === 'Allow') {
      this.#stored.put(functionName, value);
      this.#allowed.add(functionName);
    }
    return value;
  }

  delete(functionName: string): void {
    this.#stored.delete(functionName);
    this.#allowed.delete(functionName);
  }
}
