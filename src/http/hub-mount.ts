import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import type { OriginRule } from './origins.ts';
import type { HttpMount } from './services.ts';

interface MountRules {
  isAllowed(address: string): boolean;
  readonly isOriginAllowed: OriginRule;
}

/** Hands the hub's requests over as they came, bodies unread, and its WebSocket upgrades. */
export function mountHub(app: FastifyInstance, hub: HttpMount, rules: MountRules): void {
  void app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', (_request, _payload, done) => done(null));
    for (const url of ['/attendantservice/hubs/*', '/attendantservice/signalr/*']) {
      scope.route({
        method: ['GET', 'POST', 'DELETE'],
        url,
        schema: { hide: true },
        handler: async (request, reply) => {
          const { origin, host } = request.headers;
          if (origin !== undefined && !rules.isOriginAllowed(origin, host)) {
            return reply.code(403).send();
          }
          reply.hijack();
          await hub.handleRequest(request.raw, reply.raw, targetOf(request.raw));
          return reply;
        },
      });
    }
  });
  app.server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const target = targetOf(request);
    if (!rules.isAllowed(request.socket.remoteAddress ?? '')) refuse(socket, '403 Forbidden');
    else if (!hub.owns(target.path)) refuse(socket, '404 Not Found');
    else hub.handleUpgrade(request, socket, head, target);
  });
}

function targetOf(request: IncomingMessage): { path: string; query: URLSearchParams } {
  const [path = '', query = ''] = (request.url ?? '').split('?', 2);
  return { path: path.toLowerCase(), query: new URLSearchParams(query) };
}

/** After the upgrade event nobody else listens: a reset in this moment would end the process. */
function refuse(socket: Duplex, status: string): void {
  socket.on('error', () => undefined);
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}
