import type { AddressInfo } from 'node:net';
import fastify from 'fastify';
import { expect, it } from 'vitest';
import { createSignalrServer } from '../../../src/protocols/signalr/server.ts';
import { createExampleHub } from './support/example-hub.ts';
import { buildConnection, TRANSPORTS, VENDOR_CLIENTS } from './support/vendor-clients.ts';

/** The server knows no framework; this is how an owner mounts it in one. */

it('can be mounted in Fastify, which reads the bodies', async () => {
  const signalr = createSignalrServer({ hub: createExampleHub() });
  const app = fastify();
  // Clients before version 8 send binary bodies as text/plain: no parser may decode them.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  app.all('/hub*', (request, reply) => {
    reply.hijack();
    const { pathname, searchParams } = new URL(request.url, 'http://host');
    const body = Buffer.isBuffer(request.body) ? request.body : undefined;
    const suffix = pathname === '/hub' ? '' : '/negotiate';
    const context = { suffix, query: searchParams, user: 'alice', body } as const;
    void signalr.handleRequest(request.raw, reply.raw, context);
  });
  app.server.on('upgrade', (request, socket, head) => {
    const query = new URL(request.url ?? '', 'http://host').searchParams;
    signalr.handleUpgrade(request, socket, head, { query, user: 'alice' });
  });
  await app.listen({ port: 0, host: '127.0.0.1' });
  const { port } = app.server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}/hub`;
  const transports = Object.keys(TRANSPORTS) as (keyof typeof TRANSPORTS)[];
  for (const client of VENDOR_CLIENTS) {
    for (const transport of transports) {
      const protocol = transport === 'LongPolling' ? 'messagepack' : 'json';
      const connection = buildConnection(client, { url, transport, protocol });
      await connection.start();
      expect(await connection.invoke('Add', 40, 2)).toBe(42);
      await connection.stop();
    }
  }
  signalr.close();
  app.server.closeAllConnections();
  await app.close();
});
