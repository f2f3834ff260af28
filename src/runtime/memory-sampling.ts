/** Resident memory of another process: the platform differences, in one place. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';

/** Megabytes, rounded up; 0 where it cannot be read (Windows, or the process is gone). */
export async function residentMegabytes(pid: number): Promise<number> {
  try {
    if (process.platform === 'linux') {
      const status = await readFile(`/proc/${pid}/status`, 'utf8');
      const kilobytes = Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0);
      return Math.ceil(kilobytes / 1024);
    }
    if (process.platform === 'win32') return 0;
    const text = await new Promise<string>((resolve, reject) => {
      execFile('ps', ['-o', 'rss=', '-p', String(pid)], (error, stdout) => (error ? reject(error) : resolve(stdout)));
    });
    return Math.ceil(Number(text.trim() || 0) / 1024);
  } catch {
    // The process ended between the question and the answer.
    return 0;
  }
}
