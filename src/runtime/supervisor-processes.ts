/** The function processes of a supervisor: starts them, passes on their output within bounds, reports their end. */
import { spawn, type ChildProcess } from 'node:child_process';
import type { Duplex, Readable } from 'node:stream';
import type { MemorySampler } from './memory-sampling.ts';
import { killLeftovers, killTree, killTreeNow, processesLeadGroups } from './supervisor-kill.ts';
import {
  jsonFrame, numbersFrame, outputHeader, supervisorFrame, type ProcessExit, type ProcessSpecification,
} from './supervisor-protocol.ts';

/** A process that left its group can hold its output open for ever: after this long nobody waits for it any more. */
const lingeringOutputMilliseconds = 500;
/** A function that never stops printing must not hold up its own answer. */
const longestSyncTurns = 200;

interface Child {
  process: ChildProcess;
  pid: number;
  /** Bytes of output read so far. */
  received: number;
  peakKilobytes: number;
}

export class SupervisedProcesses {
  readonly #pipe: Duplex;
  readonly #sampler: MemorySampler;
  readonly #children = new Map<number, Child>();
  /** The engine reads slower than functions print: nobody is read until it has caught up. */
  #paused = false;

  constructor(pipe: Duplex, sampler: MemorySampler) {
    this.#pipe = pipe;
    this.#sampler = sampler;
    pipe.on('drain', () => this.#setPaused(false));
  }

  spawn(id: number, specification: ProcessSpecification): void {
    let child: ChildProcess;
    try {
      child = spawn(specification.file, specification.arguments, {
        cwd: specification.workingDirectory,
        env: { ...specification.environment },
        detached: processesLeadGroups,
        stdio: ['ignore', 'pipe', 'pipe'],
        windowsHide: true,
      });
    } catch (error) {
      return this.#fail(id, error);
    }
    child.on('error', (error) => {
      if (child.pid === undefined) this.#fail(id, error);
    });
    if (child.pid === undefined) return;
    const entry: Child = { process: child, pid: child.pid, received: 0, peakKilobytes: 0 };
    this.#children.set(id, entry);
    this.#pipe.write(numbersFrame(supervisorFrame.started, id, child.pid));
    this.#relay(id, entry, child.stdout!, 1);
    this.#relay(id, entry, child.stderr!, 2);
    child.once('exit', (code, signal) => {
      killLeftovers(entry.pid);
      this.#awaitOutput(id, entry, { code, signal });
    });
  }

  kill(id: number): void {
    const child = this.#children.get(id);
    if (child) killTree(child.pid);
  }

  killAllNow(): void {
    for (const child of this.#children.values()) killTreeNow(child.pid);
  }

  /** Answers when everything that the process wrote before is on its way to the engine: when its pipes stay empty. */
  sync(id: number, token: number): void {
    const child = this.#children.get(id);
    const done = () => this.#pipe.write(numbersFrame(supervisorFrame.synced, id, token));
    if (!child) return void done();
    let quietTurns = 0;
    let turns = 0;
    let seen = child.received;
    const turn = () => {
      if (this.#paused) return void setTimeout(turn, 1);
      quietTurns = child.received === seen ? quietTurns + 1 : 0;
      seen = child.received;
      // The first turn may stand before the next look at the pipes, the second has certainly seen them.
      if (quietTurns >= 2 || ++turns > longestSyncTurns) {
        this.sample(id);
        done();
      } else {
        setImmediate(turn);
      }
    };
    setImmediate(turn);
  }

  sample(id: number): void {
    const child = this.#children.get(id);
    if (!child) return;
    this.#sampler.sample([child.pid], (_pid, kilobytes) => {
      if (kilobytes <= child.peakKilobytes) return;
      child.peakKilobytes = kilobytes;
      this.#pipe.write(numbersFrame(supervisorFrame.memory, id, kilobytes));
    });
  }

  #relay(id: number, entry: Child, stream: Readable, number: 1 | 2): void {
    stream.on('data', (chunk: Buffer) => {
      entry.received += chunk.length;
      this.#pipe.write(outputHeader(id, number, chunk.length));
      if (!this.#pipe.write(chunk)) this.#setPaused(true);
    });
    // A broken output pipe ends with the process, whose end is reported anyway.
    stream.on('error', () => {});
    if (this.#paused) stream.pause();
  }

  #setPaused(paused: boolean): void {
    if (this.#paused === paused) return;
    this.#paused = paused;
    for (const { process: child } of this.#children.values()) {
      for (const stream of [child.stdout, child.stderr]) {
        if (paused) stream?.pause();
        else stream?.resume();
      }
    }
  }

  /** Reports the end once all output has been passed on. */
  #awaitOutput(id: number, entry: Child, exit: ProcessExit): void {
    const child = entry.process;
    let timer: NodeJS.Timeout;
    const report = () => {
      clearTimeout(timer);
      if (!this.#children.delete(id)) return;
      child.stdout?.destroy();
      child.stderr?.destroy();
      this.#pipe.write(jsonFrame(supervisorFrame.exited, id, exit));
    };
    const lookAgain = (seen: number) => {
      timer = setTimeout(() => (this.#paused || entry.received !== seen ? lookAgain(entry.received) : report()), lingeringOutputMilliseconds);
    };
    child.once('close', report);
    lookAgain(entry.received);
  }

  #fail(id: number, error: unknown): void {
    const { code = '', message = String(error) } = error as NodeJS.ErrnoException;
    this.#pipe.write(jsonFrame(supervisorFrame.failed, id, { code, message }));
  }
}
