/** How a function and everything it started are kept together and ended: the platform differences, in one place. */
import { execFile, spawn, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

/** POSIX: a process group of its own. Windows: the tree below the process, found by `taskkill`. */
export const groupedSpawnOptions = process.platform === 'win32'
  ? { windowsHide: true } as const
  : { detached: true } as const;

export interface ProcessTree {
  /** Of a process started with `groupedSpawnOptions`. */
  pid: number;
  /** From `markOf`; without one, descendants that left the group and their parent are not found. */
  mark: string | undefined;
}

/** The entry of a function's environment that no other function has: what the function starts inherits it. */
export function markOf(environment: Readonly<Record<string, string>>): string | undefined {
  const stream = environment['AWS_LAMBDA_LOG_STREAM_NAME'];
  return stream !== undefined && /[0-9a-f]{32}$/.test(stream) ? `AWS_LAMBDA_LOG_STREAM_NAME=${stream}` : undefined;
}

/** Marks of trees whose strays are still to be looked for. */
const swept = new Set<string>();
let sweeping: NodeJS.Timeout | undefined;
/** Looking for strays reads about every process, which must not hold up the start of the next one: milliseconds. */
const sweepDelay = 100;

/** Ends a process and all that is left in its group at once, and what it detached a moment later. Harmless when it is gone. */
export function killTree(tree: ProcessTree): void {
  if (process.platform === 'linux') {
    kill(-tree.pid);
    if (tree.mark === undefined) return;
    swept.add(tree.mark);
    sweeping ??= setTimeout(() => killTrees([]), sweepDelay);
  } else if (process.platform === 'win32') killTrees([tree]);
  else {
    // Descendants are known by their parents only as long as these live.
    execFile('ps', psArguments, (_error, stdout) => {
      for (const stray of descendants(stdout, [tree.pid])) kill(stray);
      kill(-tree.pid);
    });
  }
}

/** Ends processes and all their descendants before it returns, and whatever an earlier `killTree` still looks for. */
export function killTrees(trees: readonly ProcessTree[]): void {
  if (process.platform === 'win32') {
    for (const { pid } of trees) spawn('taskkill', ['/pid', String(pid), '/T', '/F'], { stdio: 'ignore', windowsHide: true }).on('error', () => {});
    return;
  }
  clearTimeout(sweeping);
  sweeping = undefined;
  const strays = process.platform === 'linux' || trees.length === 0 ? []
    : descendants(spawnSync('ps', psArguments, { encoding: 'utf8' }).stdout ?? '', trees.map(({ pid }) => pid));
  for (const { pid } of trees) kill(-pid);
  for (const stray of strays) kill(stray);
  for (const { mark } of trees) if (mark !== undefined) swept.add(mark);
  for (const stray of process.platform === 'linux' ? marked(swept) : []) kill(stray);
  swept.clear();
}

/** Linux shows the environment of each of the user's processes. */
function marked(marks: ReadonlySet<string>): number[] {
  if (marks.size === 0) return [];
  const found: number[] = [];
  for (const name of readdirSync('/proc')) {
    const pid = Number(name);
    if (!Number.isInteger(pid) || pid === process.pid) continue;
    try {
      const environment = readFileSync(`/proc/${name}/environ`, 'latin1');
      if (environment.includes('LAMBDA_LOG_STREAM') && environment.split('\0').some((entry) => marks.has(entry))) found.push(pid);
    } catch {
      // Another user's process, or one that has just ended.
    }
  }
  return found;
}

const psArguments = ['-axo', 'pid=,ppid='];

/** By parents, as `ps` lists them; what its parent has left behind is not found. */
function descendants(listing: string, roots: readonly number[]): number[] {
  const children = new Map<number, number[]>();
  for (const line of listing.split('\n')) {
    const [pid = 0, parent = 0] = line.trim().split(/\s+/).map(Number);
    children.set(parent, [...(children.get(parent) ?? []), pid]);
  }
  const found: number[] = [];
  const visit = (pid: number): void => {
    for (const child of children.get(pid) ?? []) {
      found.push(child);
      visit(child);
    }
  };
  for (const root of roots) visit(root);
  return found;
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    // It is gone; macOS says EPERM of a group that is.
    if (!['ESRCH', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
}
