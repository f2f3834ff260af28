/** Which function a command means: from the tree, a lens, the editor's cursor, or a Quick Pick. */
import * as vscode from 'vscode';
import { UserError } from '../contracts/faults.ts';
import type { FunctionSummary } from '../contracts/lambda-api.ts';
import type { EngineClient } from './engine-client.ts';
import type { FunctionStates } from './function-states.ts';
import type { FunctionNode } from './functions-tree.ts';
import type { HandlerIndex } from './handler-index.ts';
import { outcomeText } from './outcome.ts';

export class FunctionChooser {
  readonly #engine: EngineClient;
  readonly #states: FunctionStates;
  readonly #index: HandlerIndex;

  constructor(engine: EngineClient, states: FunctionStates, index: HandlerIndex) {
    this.#engine = engine;
    this.#states = states;
    this.#index = index;
  }

  /**
   * `argument` is a function's name, a node of the tree, or what an editor menu passes. Undefined when the user gave up.
   * @throws UserError when there is no such function, or no engine.
   */
  async choose(argument: unknown, title: string): Promise<FunctionSummary | undefined> {
    await this.#engine.start();
    if (typeof argument === 'string') return this.#known(argument);
    if (isFunctionNode(argument)) return this.#known(argument.summary.name);
    const here = await this.#atCursor();
    if (here.length === 1) return here[0];
    const candidates = here.length > 1 ? here : this.#states.all;
    if (candidates.length === 0) throw new UserError('No Lambda functions were found in this workspace: add a template, or register a handler.');
    const picked = await vscode.window.showQuickPick(
      candidates.map((fn) => ({ label: fn.name, description: [fn.runtime, fn.last && outcomeText(fn.last)].filter(Boolean).join(' · '), fn })),
      { title, placeHolder: 'Choose a function', matchOnDescription: true },
    );
    return picked?.fn;
  }

  #known(name: string): FunctionSummary {
    const fn = this.#states.find(name);
    if (!fn) throw new UserError(`There is no function ${name} any more: the template that named it has changed.`);
    return fn;
  }

  /** The functions of the handler that the cursor stands in or after. */
  async #atCursor(): Promise<FunctionSummary[]> {
    const editor = vscode.window.activeTextEditor;
    if (!editor) return [];
    const named = (await this.#index.find(editor.document)).filter(({ functionName }) => functionName !== undefined);
    const { line: cursor } = editor.selection.active;
    const nearest = named.findLast(({ line }) => line <= cursor) ?? named[0];
    return named
      .filter(({ line }) => line === nearest?.line)
      .map(({ functionName }) => this.#states.find(functionName ?? ''))
      .filter((fn) => fn !== undefined);
  }
}

function isFunctionNode(value: unknown): value is FunctionNode {
  return typeof value === 'object' && value !== null && (value as Partial<FunctionNode>).kind === 'function';
}
