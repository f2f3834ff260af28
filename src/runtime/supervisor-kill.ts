/** Ending a function's process with everything that it has started. The only file that knows how each platform does it. */
import { spawn, spawnSync } from 'node:child_process';

const windows = process.platform === 'win32';

/** On POSIX a function process leads a process group of its own, which can be ended as one. */
export const processesLeadGroups = !windows;

/** Ends the tree at once, without asking it. Harmless when it is gone. */
export function killTree(pid: number): void {
  if (windows) {
    spawn('taskkill', ['/PID', String(pid), '/T', '/F'], { stdio: 'ignore', windowsHide: true }).on('error', () => {});
    return;
  }
  killGroup(pid);
}

/** The same, for a caller that is itself about to end: returns when the order has been carried out. */
export function killTreeNow(pid: number): void {
  if (windows) spawnSync('taskkill', ['/PID', String(pid), '/T', '/F'], { stdio: 'ignore', windowsHide: true });
  else killGroup(pid);
}

/** What a process left behind when it ended by itself; Windows has no group that outlives its leader. */
export function killLeftovers(pid: number): void {
  if (!windows) killGroup(pid);
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    // ESRCH: nobody is left. EPERM: only zombies are left (macOS).
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ESRCH' && code !== 'EPERM') throw error;
  }
}
