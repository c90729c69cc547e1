import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import type { Caller } from '../../domain/model/principal.ts';
import { none } from '../request/audit.ts';
import { type AccessRequest, type Gate, NotAdmittedError } from './access-gate.ts';
import type { StrayRule } from './host-guard.ts';
import { afterAnswers } from './in-turn.ts';
import type { OriginRule } from './origins.ts';
import { refuseTricks } from './request-guard.ts';

/** A request below one of the hub's paths, and its caller. */
export interface HubTarget {
  /** Lower case, without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly caller: Caller;
}

/** Something that answers raw requests below paths of its own: the recording hub. */
export interface HttpMount {
  /** Folders of its paths: `/attendantservice/hubs`. */
  readonly folders: readonly string[];
  /** @param path lower case, without the query */
  owns(path: string): boolean;
  handleRequest(
    request: IncomingMessage,
    response: ServerResponse,
    target: HubTarget,
  ): Promise<void>;
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer, target: HubTarget): void;
}

interface MountRules {
  readonly gate: Gate;
  readonly isOriginAllowed: OriginRule;
  readonly strayOf: StrayRule;
}

/**
 * Hands the hub's requests over as they came, bodies unread, and its WebSocket upgrades. The gate
 * is asked here: what the hub goes by is the path as it was written, and so is the door.
 */
export function mountHub(app: FastifyInstance, hub: HttpMount, rules: MountRules): void {
  void app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', (_request, _payload, done) => done(null));
    for (const url of hub.folders) {
      scope.route({
        method: ['GET', 'POST', 'DELETE'],
        url: `${url}/*`,
        schema: { hide: true },
        config: {
          access: 'open',
          surface: 'hub',
          audit: none('what is subscribed to stands in it'),
        },
        handler: async (request, reply) => {
          const { origin, host } = request.headers;
          if (origin !== undefined && !rules.isOriginAllowed(origin, host)) {
            return reply.code(403).send();
          }
          const target = targetOf(request.raw);
          try {
            const caller = await rules.gate.admit(request.raw, accessRequestOf(target));
            reply.hijack();
            await hub.handleRequest(request.raw, reply.raw, { ...target, caller });
          } catch (cause) {
            if (!(cause instanceof NotAdmittedError)) throw cause;
            return reply.code(cause.status).headers(cause.headers).send();
          }
          return reply;
        },
      });
    }
  });
  app.server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    void upgrade(hub, rules, { request, socket, head });
  });
}

interface Upgrade {
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  readonly head: Buffer;
}

async function upgrade(hub: HttpMount, rules: MountRules, { request, socket, head }: Upgrade) {
  // A reset while the gate makes up its mind would otherwise end the process.
  const onReset = (): void => undefined;
  socket.on('error', onReset);
  await new Promise<void>((resolve) => afterAnswers(request, resolve));
  const target = targetOf(request);
  try {
    const stray = rules.strayOf(request, true);
    if (stray) {
      await rules.gate.strayed(request, stray.reason);
      return refuse(socket, stray.status);
    }
    if (refuseTricks(request) !== undefined) return refuse(socket, 400);
    if (!hub.owns(target.path)) return refuse(socket, 404);
    const caller = await rules.gate.admit(request, accessRequestOf(target));
    if (socket.destroyed) return undefined;
    hub.handleUpgrade(request, socket, head, { ...target, caller });
    socket.off('error', onReset);
    return undefined;
  } catch (cause) {
    if (!(cause instanceof NotAdmittedError)) return refuse(socket, 500);
    return refuse(socket, cause.status, cause.headers);
  }
}

interface Target {
  /** Lower case, without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
}

function targetOf(request: IncomingMessage): Target {
  const { url = '' } = request;
  const mark = url.indexOf('?');
  const path = mark < 0 ? url : url.slice(0, mark);
  const query = new URLSearchParams(mark < 0 ? '' : url.slice(mark));
  return { path: path.toLowerCase(), query };
}

/** The v2 hub takes tokens only, the other no token at all. */
function accessRequestOf({ path, query }: Target): AccessRequest {
  const isV2 = path.startsWith('/attendantservice/v2/');
  return {
    access: 'readEvents',
    surface: isV2 ? 'v2' : 'v1',
    action: 'connect to the hub',
    isCommand: false,
    tokensInQuery: query
      .getAll('access_token')
      .map((token) => token.trim())
      .filter((token) => token !== ''),
  };
}

const reasons: Record<number, string> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  421: 'Misdirected Request',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
};

function refuse(socket: Duplex, status: number, headers: Readonly<Record<string, string>> = {}) {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(
    `HTTP/1.1 ${status} ${reasons[status] ?? 'Error'}\r\n` +
      `${lines.join('')}Connection: close\r\nContent-Length: 0\r\n\r\n`,
  );
}
