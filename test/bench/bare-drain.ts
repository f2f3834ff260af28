/** The least that draining a durable queue or stream into functions can be: one SQLite table, one commit a step, children that answer at once. */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

export interface Drained {
  /** Records per second. */
  rate: number;
  /** CPU time of the draining process, microseconds a record; not a number where it cannot be read. */
  cpu: number;
}

/** @param records Of `bytes` bytes each, in batches of `batch`. Batches in flight as of a queue at first: 5. */
export async function bareDrain({ records, bytes, batch }: { records: number; bytes: number; batch: number }): Promise<Drained> {
  const folder = mkdtempSync(join(tmpdir(), 'local-lambda-floor-'));
  const file = join(folder, 'child.cjs');
  writeFileSync(file, "process.on('message', () => process.send('0')); process.send('ready');");
  const children = [0, 1].map(() => fork(file, { execArgv: [], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] }));
  const database = new DatabaseSync(join(folder, 'bare.sqlite'));
  try {
    await Promise.all(children.map((child) => once(child, 'message')));
    database.exec('PRAGMA page_size = 8192; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; CREATE TABLE records (id INTEGER PRIMARY KEY, taken INTEGER NOT NULL DEFAULT 0, body TEXT NOT NULL)');
    const add = database.prepare('INSERT INTO records (body) VALUES (?)');
    database.exec('BEGIN');
    for (let index = 0; index < records; index += 1) add.run('x'.repeat(bytes));
    database.exec('COMMIT');
    const drain = new BareDrain(database, batch);
    const [started, before] = [performance.now(), process.cpuUsage()];
    await Promise.all([0, 1, 2, 3, 4].map((lane) => drain.lane(children[lane % 2] as ChildProcess)));
    const { user, system } = process.cpuUsage(before);
    return { rate: records / ((performance.now() - started) / 1000), cpu: (user + system) / records };
  } finally {
    for (const child of children) child.kill('SIGKILL');
    database.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

class BareDrain {
  readonly #batch: number;
  readonly #statements;
  #next = 1;

  constructor(database: DatabaseSync, batch: number) {
    this.#batch = batch;
    this.#statements = {
      read: database.prepare('SELECT id, body FROM records WHERE id >= ? ORDER BY id LIMIT ?'), take: database.prepare('UPDATE records SET taken = 1 WHERE id BETWEEN ? AND ?'),
      remove: database.prepare('DELETE FROM records WHERE id BETWEEN ? AND ?'), begin: database.prepare('BEGIN IMMEDIATE'), commit: database.prepare('COMMIT'),
    };
  }

  async lane(child: ChildProcess): Promise<void> {
    for (;;) {
      const rows = this.#committed(() => {
        const found = this.#statements.read.all(this.#next, this.#batch) as { id: number; body: string }[];
        const [first, last] = [found[0]?.id ?? 0, found.at(-1)?.id ?? -1];
        this.#statements.take.run(first, last);
        return found;
      });
      const [first, last] = [rows[0], rows.at(-1)];
      if (!first || !last) return;
      this.#next = last.id + 1;
      const answered = once(child, 'message');
      child.send(JSON.stringify(rows.map(({ body }) => body)));
      await answered;
      this.#committed(() => this.#statements.remove.run(first.id, last.id));
    }
  }

  #committed<R>(work: () => R): R {
    this.#statements.begin.run();
    const result = work();
    this.#statements.commit.run();
    return result;
  }
}
