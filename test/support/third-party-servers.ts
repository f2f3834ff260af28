/** Servers of others that speak AWS's protocols, in this process, on loopback: kinesalite for Kinesis, fauxqs for SQS. */
import { once } from 'node:events';
import { createServer, Server, type RequestListener } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';

export interface ThirdPartyServer {
  endpoint: string;
  /** Ends every connection and refuses new ones; what the server holds stays. */
  interrupt(): Promise<void>;
  /** Listens again at the same place. */
  resume(): Promise<void>;
  close(): Promise<void>;
}

export async function startKinesalite(): Promise<ThirdPartyServer> {
  const kinesalite = createRequire(import.meta.url)('kinesalite') as (options: object) => Server;
  const server = kinesalite({ createStreamMs: 0, deleteStreamMs: 0, updateStreamMs: 0 });
  return interruptible(server, () => new Promise((resolve) => { server.close(() => resolve()); }));
}

export async function startFauxqs(): Promise<ThirdPartyServer> {
  // Neither of the two is wanted for type checks.
  const { buildApp } = await import('fauxqs' as string) as { buildApp(options: object): { ready(): Promise<void>; close(): Promise<void>; routing: RequestListener } };
  const app = buildApp({ logger: false });
  await app.ready();
  // Without its own listening, which would bind to every address.
  const server = createServer(app.routing);
  return interruptible(server, async () => {
    await app.close();
    await stop(server);
  });
}

async function interruptible(server: Server, close: () => Promise<void>): Promise<ThirdPartyServer> {
  const listen = async (port: number) => {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  };
  const port = await listen(0);
  let up = true;
  return {
    endpoint: `http://127.0.0.1:${port}`,
    async interrupt() {
      up = false;
      await stop(server);
    },
    async resume() {
      await listen(port);
      up = true;
    },
    async close() {
      if (!up) await listen(port);
      server.closeAllConnections();
      await close();
    },
  };
}

/** Past what a server has made of its own `close`. */
function stop(server: Server): Promise<void> {
  return new Promise((resolve) => {
    Server.prototype.close.call(server, () => resolve());
    server.closeAllConnections();
  });
}
