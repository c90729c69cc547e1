import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type PostgresServer, SHARED_DATABASES, startPostgres } from './database-servers.ts';

/**
 * Answers test files that want an empty database, and no server to stop or restart, with one on a
 * server that they share. The first of them waits for its start.
 *
 * @returns what Vitest calls when all files have run
 */
export async function setup(): Promise<() => Promise<void>> {
  let server: Promise<PostgresServer> | undefined;
  const answering = createServer(async (_, answer) => {
    try {
      server ??= startPostgres();
      const { url } = await (await server).empty();
      answer.end(url);
    } catch (cause) {
      answer.writeHead(500).end(String(cause));
    }
  });
  answering.listen(0, '127.0.0.1');
  await once(answering, 'listening');
  process.env[SHARED_DATABASES] = `http://127.0.0.1:${(answering.address() as AddressInfo).port}`;
  return async () => {
    answering.close();
    await (await server)?.stop();
  };
}
