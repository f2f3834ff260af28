/** How a function and everything it started are kept together and ended: the platform differences, in one place. */
import { spawn } from 'node:child_process';

/** POSIX: a process group of its own. Windows: the tree below the process, found by `taskkill`. */
export const groupedSpawnOptions = process.platform === 'win32'
  ? { windowsHide: true } as const
  : { detached: true } as const;

/** Ends a process started with `groupedSpawnOptions` and all its descendants at once. Harmless when it is gone. */
export function killTree(pid: number): void {
  if (process.platform === 'win32') {
    spawn('taskkill', ['/pid', String(pid), '/T', '/F'], { stdio: 'ignore', windowsHide: true }).on('error', () => {});
    return;
  }
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
