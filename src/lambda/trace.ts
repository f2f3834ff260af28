/**
 * The trace that carries cause and recursion: `Root=…;Parent=…;Sampled=…;Lineage=…` in `X-Amzn-Trace-Id` and
 * `AWSTraceHeader`. The parent is the execution itself: the first 16 hexadecimal digits of its id, so that whatever its
 * function calls or causes can be followed back, through queues and restarts too.
 */
import { createHash } from 'node:crypto';

/** Invocations of one function in one chain of requests after which Lambda stops it ("about 16", lambda-facts §2.6). */
export const recursionLimit = 16;

export interface Trace {
  /** `1-<8 hex>-<24 hex>`. */
  root: string;
  /** 16 hex: the segment of the execution that made the call. */
  parent?: string;
  sampled: '0' | '1';
  /** How often each function was invoked in this chain, by the first 8 hex digits of its ARN's hash. */
  lineage: ReadonlyMap<string, number>;
}

const noTrace: Pick<Trace, 'lineage'> = { lineage: new Map() };

/** Reads a header; what is missing or broken is left out. */
export function parseTrace(header: string | undefined): Partial<Trace> & Pick<Trace, 'lineage'> {
  if (header === undefined) return noTrace;
  const root = /Root=(1-[0-9a-f]{8}-[0-9a-f]{24})/i.exec(header)?.[1];
  const parent = /Parent=([0-9a-f]{16})/i.exec(header)?.[1];
  const sampled = /Sampled=([01])/.exec(header)?.[1] as '0' | '1' | undefined;
  const lineage = new Map<string, number>();
  for (const entry of /Lineage=([0-9a-f:|]+)/i.exec(header)?.[1]?.split('|') ?? []) {
    const [hash, count] = entry.split(':');
    if (hash && Number(count) > 0) lineage.set(hash, Number(count));
  }
  return {
    ...(root === undefined ? {} : { root }), ...(parent === undefined ? {} : { parent: parent.toLowerCase() }),
    ...(sampled === undefined ? {} : { sampled }), lineage,
  };
}

/** The segment of an execution in a trace. */
export function segmentOf(executionId: string): string {
  return executionId.slice(0, 8) + executionId.slice(9, 13) + executionId.slice(14, 18);
}

/** How often a function was invoked before in the chain that a header stands for. */
export function invocationsInChain(functionArn: string, header: string | undefined): number {
  return parseTrace(header).lineage.get(lineageHash(functionArn)) ?? 0;
}

export interface TraceOptions {
  executionId: string;
  /** Unqualified. */
  functionArn: string;
  /** The caller's header. */
  incoming: string | undefined;
  /** Epoch milliseconds. */
  now: number;
  hex: (bytes: number) => string;
}

/** The header that the function of an execution gets: the caller's trace goes on, otherwise one begins. */
export function traceFor({ executionId, functionArn, incoming, now, hex }: TraceOptions): string {
  const { root, sampled = '1', lineage } = parseTrace(incoming);
  const hash = lineageHash(functionArn);
  const begun = root ?? `1-${Math.floor(now / 1000).toString(16).padStart(8, '0')}-${hex(12)}`;
  const chain = lineage.size === 0 ? `${hash}:1`
    : [...new Map(lineage).set(hash, (lineage.get(hash) ?? 0) + 1)].map(([name, count]) => `${name}:${count}`).join('|');
  return `Root=${begun};Parent=${segmentOf(executionId)};Sampled=${sampled};Lineage=${chain}`;
}

const hashes = new Map<string, string>();

function lineageHash(functionArn: string): string {
  let hash = hashes.get(functionArn);
  if (hash === undefined) {
    hash = createHash('sha256').update(functionArn).digest('hex').slice(0, 8);
    hashes.set(functionArn, hash);
  }
  return hash;
}
