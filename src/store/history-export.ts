/** Writes the execution history as JSON Lines. */
import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { once } from 'node:events';
import type { StatementSync } from 'node:sqlite';

/**
 * Oldest first, in slices between which the engine does its work, into a file that appears when it is whole.
 *
 * @param slice Rows after a sequence, oldest first; none when there are no more.
 * @returns The number of executions.
 */
export async function exportHistory(slice: StatementSync, file: string): Promise<number> {
  const partial = `${file}.partial`;
  const stream = createWriteStream(partial, { encoding: 'utf8' });
  const failed = once(stream, 'error').then(([error]) => { throw error as Error; });
  failed.catch(() => {});
  let written = 0;
  let after = 0;
  try {
    await Promise.race([once(stream, 'open'), failed]);
    for (;;) {
      const rows = slice.all(after) as
        { sequence: number; document: string; request: Uint8Array | null; response: Uint8Array | null; log: string | null }[];
      if (rows.length === 0) break;
      for (const row of rows) {
        after = row.sequence;
        written += 1;
        const line = `{"execution":${row.document},"request":${embedded(row.request)},"response":${embedded(row.response)},`
          + `"log":${JSON.stringify(row.log ?? '')}}\n`;
        if (!stream.write(line)) await Promise.race([once(stream, 'drain'), failed]);
      }
      await new Promise((resolve) => setImmediate(resolve));
    }
    stream.end();
    await Promise.race([once(stream, 'close'), failed]);
    await rename(partial, file);
  } catch (error) {
    stream.destroy();
    await rm(partial, { force: true });
    throw error;
  }
  return written;
}

/** JSON stays JSON; anything else becomes a string. */
function embedded(bytes: Uint8Array | null): string {
  if (!bytes) return 'null';
  const text = Buffer.from(bytes).toString('utf8');
  try {
    JSON.parse(text);
    return text.replaceAll(/[\r\n]+/g, ' ');
  } catch {
    return JSON.stringify(text);
  }
}
