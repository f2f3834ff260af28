/** Resident memory of processes, read the cheapest way each platform has. The only file that knows about it. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { readFileSync } from 'node:fs';

export interface MemorySampler {
  /** Calls `report` for each process that could be read, at once or later. Never throws. */
  sample(pids: readonly number[], report: (pid: number, kilobytes: number) => void): void;
}

export function memorySampler(platform: NodeJS.Platform = process.platform): MemorySampler {
  if (platform === 'linux') return { sample: sampleLinux };
  return platform === 'win32' ? { sample: sampleWindows } : { sample: samplePosix };
}

const linuxPageKilobytes = 4;

/** `/proc/<pid>/statm`: size resident shared …, in pages. One process is read at once, so that an answer can carry it. */
function sampleLinux(pids: readonly number[], report: (pid: number, kilobytes: number) => void): void {
  const tell = (pid: number, text: string) => {
    const pages = Number(text.split(' ', 2)[1]);
    if (pages > 0) report(pid, pages * linuxPageKilobytes);
  };
  if (pids.length === 1) {
    try {
      tell(pids[0]!, readFileSync(`/proc/${pids[0]!}/statm`, 'latin1'));
    } catch {
      // It ended meanwhile.
    }
    return;
  }
  for (const pid of pids) {
    // A process that ended meanwhile has no memory to report.
    readFile(`/proc/${pid}/statm`, 'latin1').then((text) => tell(pid, text), () => {});
  }
}

function samplePosix(pids: readonly number[], report: (pid: number, kilobytes: number) => void): void {
  if (pids.length === 0) return;
  execFile('ps', ['-o', 'pid=,rss=', '-p', pids.join(',')], (_error, stdout) => {
    for (const [, pid, kilobytes] of stdout.matchAll(/^\s*(\d+)\s+(\d+)/gm)) report(Number(pid), Number(kilobytes));
  });
}

/** `tasklist` prints `"node.exe","4242","Console","1","45,096 K"`; the separator of thousands depends on the locale. */
function sampleWindows(pids: readonly number[], report: (pid: number, kilobytes: number) => void): void {
  for (const pid of pids) {
    execFile('tasklist', ['/FI', `PID eq ${pid}`, '/FO', 'CSV', '/NH'], { windowsHide: true }, (_error, stdout) => {
      const columns = stdout.match(/"[^"]*"/g);
      const kilobytes = Number(columns?.[4]?.replace(/\D/g, ''));
      if (kilobytes > 0) report(pid, kilobytes);
    });
  }
}
