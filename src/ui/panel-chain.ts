/** Cause and consequences of one execution: up to the first cause that the history has, then down through all it caused. */
import type { Execution, ExecutionQuery } from '../contracts/executions.ts';
import type { ChainLink } from '../protocol/panel.ts';

export interface ChainSource {
  get(id: string): Promise<Execution | null>;
  list(query: ExecutionQuery): Promise<readonly Execution[]>;
}

/** AWS ends a chain after about 16 steps; a history made by other means may hold longer ones. */
const longestWayUp = 32;
/** Links shown at most. */
export const maxChainLinks = 60;

export interface Chain {
  /** Each cause before its consequences; empty when the execution stands alone. */
  links: ChainLink[];
  /** There are more than `maxChainLinks`. */
  cut: boolean;
}

export async function chainOf(execution: Execution, source: ChainSource): Promise<Chain> {
  const path = await wayUp(execution, source);
  const children = new Map<string, readonly Execution[]>();
  const known = new Set(path.map(({ id }) => id));
  let level: readonly Execution[] = path.slice(0, 1);
  let cut = false;
  for (let depth = 0; level.length > 0; depth += 1) {
    const room = Math.max(0, maxChainLinks - known.size);
    // One more than fits says whether there are more; the one on the way may be among them.
    const found = await Promise.all(level.map(({ id }) => source.list({ causedBy: id, limit: room + 2 })));
    const onTheWay = path[depth + 1];
    const next: Execution[] = [];
    for (const [index, caused] of found.entries()) {
      const cause = level[index] as Execution;
      const fresh = caused.filter(({ id }) => !known.has(id));
      const fitting = fresh.slice(0, Math.max(0, maxChainLinks - known.size));
      cut ||= fitting.length < fresh.length;
      for (const { id } of fitting) known.add(id);
      const own = onTheWay?.causedBy === cause.id ? [...fitting, onTheWay] : fitting;
      children.set(cause.id, own.toSorted((one, other) => one.sequence - other.sequence));
      next.push(...own);
    }
    level = next;
  }
  const links: ChainLink[] = [];
  const walk = (cause: Execution, depth: number): void => {
    links.push(linkOf(cause, depth));
    for (const consequence of children.get(cause.id) ?? []) walk(consequence, depth + 1);
  };
  walk(path[0] as Execution, 0);
  return { links: links.length === 1 ? [] : links, cut };
}

/** From the first cause that is known to the execution itself. */
async function wayUp(execution: Execution, source: ChainSource): Promise<Execution[]> {
  const path = [execution];
  const seen = new Set([execution.id]);
  for (let last = execution; last.causedBy !== undefined && path.length < longestWayUp && !seen.has(last.causedBy);) {
    const cause = await source.get(last.causedBy);
    if (!cause) break;
    seen.add(cause.id);
    path.unshift(cause);
    last = cause;
  }
  return path;
}

function linkOf(execution: Execution, depth: number): ChainLink {
  const { id, sequence, functionName, qualifier, status, source, invocationType, durationMs, errorType } = execution;
  return {
    id, sequence, functionName, status, source, invocationType, depth,
    ...(qualifier !== undefined && { qualifier }),
    ...(durationMs !== undefined && { durationMs }),
    ...(errorType !== undefined && { errorType }),
  };
}
