/**
 * The supervisor process: started by the engine, it alone starts function processes. When its pipe to the engine ends,
 * because the engine was closed, crashed or was killed, it ends every function with all that they started, and itself.
 * Being small and doing nothing else it notices at once, even while functions spin.
 */
import { Socket } from 'node:net';
import { FrameDecoder } from './channel-frames.ts';
import { memorySampler } from './memory-sampling.ts';
import { SupervisedProcesses } from './supervisor-processes.ts';
import { largestSupervisorFrame, supervisorFrame, supervisorPipe, type ProcessSpecification } from './supervisor-protocol.ts';

const pipe = new Socket({ fd: supervisorPipe, readable: true, writable: true });
const processes = new SupervisedProcesses(pipe, memorySampler());

function endEverything(code: number): never {
  processes.killAllNow();
  process.exit(code);
}

const decoder = new FrameDecoder(largestSupervisorFrame, (type, body) => {
  const id = body.readUInt32BE(0);
  switch (type) {
    case supervisorFrame.spawn:
      return processes.spawn(id, JSON.parse(body.toString('utf8', 4)) as ProcessSpecification);
    case supervisorFrame.kill:
      return processes.kill(id);
    case supervisorFrame.sync:
      return processes.sync(id, body.readUInt32BE(4));
    case supervisorFrame.sample:
      return processes.sample(id);
    default:
      throw new Error(`The supervisor does not know the frame type ${type}.`);
  }
});

pipe.on('data', (chunk: Buffer) => decoder.push(chunk));
pipe.on('end', () => endEverything(0));
pipe.on('error', () => endEverything(0));
pipe.on('close', () => endEverything(0));
process.on('uncaughtException', (error) => {
  process.stderr.write(`${error.stack ?? String(error)}\n`, () => endEverything(1));
});
// Ctrl+C in a terminal reaches the whole foreground group. The engine decides when to end, and the pipe tells.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});
