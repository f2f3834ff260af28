/** How a function and everything it started are kept together and ended: the platform differences, in one place. */
import { spawn, spawnSync } from 'node:child_process';
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

/** Ends processes and all their descendants at once, those that left their group too. Harmless when they are gone. */
export function killTrees(trees: readonly ProcessTree[]): void {
  if (trees.length === 0) return;
  if (process.platform === 'win32') {
    for (const { pid } of trees) spawn('taskkill', ['/pid', String(pid), '/T', '/F'], { stdio: 'ignore', windowsHide: true }).on('error', () => {});
    return;
  }
  const marks = new Set(trees.map(({ mark }) => mark).filter((mark) => mark !== undefined));
  const strays = process.platform === 'linux' ? marked(marks) : descendants(trees.map(({ pid }) => pid));
  for (const { pid } of trees) kill(-pid);
  for (const stray of strays) kill(stray);
  // One that was being started while the others were looked for.
  if (process.platform === 'linux' && strays.length > trees.length) for (const stray of marked(marks)) kill(stray);
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

/** By parents, as `ps` lists them; what its parent has left behind is not found. */
function descendants(roots: readonly number[]): number[] {
  const { stdout } = spawnSync('ps', ['-axo', 'pid=,ppid='], { encoding: 'utf8' });
  const children = new Map<number, number[]>();
  for (const line of (stdout ?? '').split('\n')) {
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
