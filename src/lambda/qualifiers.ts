/** The version that a qualifier stands for. */
import type { RunnableFunction } from '../contracts/functions.ts';
import { functionNotFound, type AccountContext } from './function-names.ts';
import type { FunctionRegistry, FunctionState } from './function-registry.ts';

/**
 * A template's alias may point to a version that was never published here; it then runs `$LATEST`, as there is nothing
 * else to run (docs/fidelity.md).
 */
const unpublishedAliasTarget = '$LATEST';

/**
 * What runs for a qualifier now; an alias with weights is drawn anew for each call.
 * @param random From 0 to 1.
 * @throws AwsFault ResourceNotFoundException
 */
export function runnableFor(
  registry: FunctionRegistry, name: string, state: FunctionState, qualifier: string | undefined, account: AccountContext, random: () => number,
): RunnableFunction {
  if (qualifier === undefined || qualifier === '$LATEST') return state.runnable;
  let version = qualifier;
  if (!/^\d+$/.test(qualifier)) {
    const alias = registry.alias(name, qualifier);
    if (!alias) throw functionNotFound(name, qualifier, account);
    version = alias.functionVersion;
    let draw = random();
    for (const [candidate, weight] of Object.entries(alias.additionalVersionWeights)) {
      if (draw < weight) {
        version = candidate;
        break;
      }
      draw -= weight;
    }
    if (alias.baseline && version !== '$LATEST' && !registry.version(name, version)) version = unpublishedAliasTarget;
    if (version === '$LATEST') return state.runnable;
  }
  const published = registry.version(name, version);
  if (!published) throw functionNotFound(name, qualifier, account);
  return registry.runnableVersion(name, published);
}
