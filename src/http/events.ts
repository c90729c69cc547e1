import type { ServerResponse } from 'node:http';
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import type { Principal } from '../domain/access.ts';
import type { Follower } from '../domain/event-feed.ts';
import { eventView } from '../domain/event-view.ts';
import type { RecordingEvent } from '../domain/events.ts';
import { uccKey } from '../domain/ucc.ts';
import { problemSchema, sendProblem } from './problems.ts';
import { isGiven, uccFor, uccsFor } from './scope.ts';
import type { HttpServices } from './services.ts';

/** A client that does not read is closed beyond this; it comes back with its Last-Event-ID. */
const MAX_BACKLOG_BYTES = 1024 * 1024;
/** A comment this often keeps proxies from closing a quiet stream. */
const KEEP_ALIVE_MS = 15_000;

const MAX_TIMER_MS = 2 ** 31 - 1;

interface EventQuery {
  ucc?: string;
  since?: number;
}

const querySchema = Type.Object({
  ucc: Type.Optional(Type.String({ description: 'One UCC; without it, all of them' })),
  since: Type.Optional(
    Type.Integer({ minimum: 0, description: 'Replay after this sequence number; with ucc' }),
  ),
});

/** Per UCC, the last sequence number that the client has. */
type Positions = Map<string, number>;

export function eventRoutes(app: FastifyInstance, services: HttpServices): void {
  const streams = new Set<EventStream>();
  const dropStale = (): void => {
    for (const stream of streams) if (!services.isCurrent(stream.principal)) stream.end();
  };
  let stopListening: (() => void) | undefined;
  // A stream has no end of its own that a stop could wait for.
  app.addHook('preClose', async () => {
    stopListening?.();
    for (const stream of streams) stream.end();
  });
  app.get<{ Querystring: EventQuery }>(
    '/api/events',
    {
      config: { access: 'readEvents' },
      schema: {
        tags: ['Events'],
        summary: 'Committed events as server-sent events; Last-Event-ID resumes without a gap',
        querystring: querySchema,
        produces: ['text/event-stream'],
        response: { 400: problemSchema, 404: problemSchema },
      },
    },
    async (request, reply) => {
      const { ucc, since } = request.query;
      const { principal } = request.caller;
      if (ucc !== undefined && !uccFor(services, principal, ucc)) {
        return sendProblem(reply, 404, 'No such UCC.');
      }
      const lastEventId = request.headers['last-event-id'];
      const resumed = parsePositions(typeof lastEventId === 'string' ? lastEventId : '');
      if (!resumed) return sendProblem(reply, 400, 'Last-Event-ID is not one of ours.');
      const begin = await beginning(services, { principal, ucc, since, resumed });
      reply.hijack();
      const stream = new EventStream(reply.raw, { services, principal }, () =>
        streams.delete(stream),
      );
      streams.add(stream);
      stopListening ??= services.onPeopleChanged(dropStale);
      if (!services.isCurrent(principal)) stream.end();
      stream.follow(begin);
      if (ucc === undefined) stream.followNewcomers();
      return reply;
    },
  );
}

interface Asked {
  readonly principal: Principal;
  readonly ucc: string | undefined;
  readonly since: number | undefined;
  readonly resumed: Positions;
}

/**
 * Where each UCC's events begin. Every id names every UCC that has had an event, so that one which
 * a resumed stream does not name has had none by then.
 */
async function beginning(services: HttpServices, { principal, ucc, since, resumed }: Asked) {
  const isFresh = resumed.size === 0 && since === undefined;
  const last: Positions = isFresh ? await services.store.lastSequences() : new Map();
  const names = ucc === undefined ? uccsFor(services, principal).map(({ name }) => name) : [ucc];
  const entries = names.map(uccKey).map((name) => {
    return [name, resumed.get(name) ?? since ?? last.get(name) ?? 0] as const;
  });
  return new Map(entries);
}

interface Audience {
  readonly services: HttpServices;
  readonly principal: Principal;
}

/** One client's stream; it ends when its token expires. */
class EventStream {
  readonly #response: ServerResponse;
  readonly #services: HttpServices;
  readonly principal: Principal;
  readonly #positions: Positions = new Map();
  readonly #followers = new Map<string, Follower>();
  #stopListening = (): void => undefined;
  #onDrain: (() => void)[] = [];

  constructor(response: ServerResponse, { services, principal }: Audience, onClosed: () => void) {
    this.#response = response;
    this.#services = services;
    this.principal = principal;
    response.writeHead(200, {
      'Content-Type': 'text/event-stream',
      'Cache-Control': 'no-cache, no-store',
      'X-Accel-Buffering': 'no',
    });
    response.write(': hello\n\n');
    const keepAlive = setInterval(() => response.write(': \n\n'), KEEP_ALIVE_MS);
    const expiry = principal.expiresAt === null ? undefined : this.#endAt(principal.expiresAt);
    response.on('drain', () => this.#drained());
    response.once('close', () => {
      clearInterval(keepAlive);
      clearTimeout(expiry);
      this.#stopListening();
      for (const follower of this.#followers.values()) follower.stop();
      this.#drained();
      onClosed();
    });
  }

  follow(begin: Positions): void {
    for (const [uccName, since] of begin) {
      if (since > 0) this.#positions.set(uccName, since);
    }
    // Without data it is no event, but where to resume before there was one (WHATWG HTML 9.2.6).
    if (this.#positions.size > 0) {
      this.#response.write(`id: ${formatPositions(this.#positions)}\n\n`);
    }
    for (const [uccName, since] of begin) this.#follow(uccName, since);
  }

  /** UCCs that are created while the stream is open. */
  followNewcomers(): void {
    this.#stopListening = this.#services.feed.live(({ uccName }) => {
      if (!this.#followers.has(uccName) && this.#sees(uccName)) this.#follow(uccName, 0);
    });
  }

  #endAt(expiresAt: number): NodeJS.Timeout {
    // A timer takes at most 2^31-1 ms; a token that lives longer is asked for again earlier.
    const delayMs = Math.min(Math.max(0, expiresAt - Date.now()), MAX_TIMER_MS);
    return setTimeout(() => this.end(), delayMs).unref();
  }

  end(): void {
    this.#response.end();
  }

  #follow(uccName: string, since: number): void {
    const follower = this.#services.feed.follow({
      ...{ uccName, since },
      deliver: (event) => this.#send(event),
      onError: (cause) => {
        this.#services.onError(cause);
        this.#response.destroy();
      },
    });
    this.#followers.set(uccName, follower);
  }

  /** A replay waits until the client has read; what is live cannot wait. */
  #send(event: RecordingEvent): void | Promise<void> {
    // Lists of agents and supervisors change while a stream is open.
    if (!this.#sees(event.uccName)) return undefined;
    this.#positions.set(event.uccName, event.sequence);
    const data = JSON.stringify(eventView(event));
    const id = formatPositions(this.#positions);
    const flushed = this.#response.write(`id: ${id}\nevent: ${event.type}\ndata: ${data}\n\n`);
    if (flushed) return undefined;
    if (this.#response.writableLength > MAX_BACKLOG_BYTES) this.#response.destroy();
    return new Promise((resolve) => this.#onDrain.push(resolve));
  }

  #sees(uccName: string): boolean {
    return isGiven(this.#services, this.principal, uccName);
  }

  #drained(): void {
    for (const resolve of this.#onDrain.splice(0)) resolve();
  }
}

/** `ucc-a:12,ucc-b:7` */
function formatPositions(positions: Positions): string {
  return [...positions].map(([name, sequence]) => `${name}:${sequence}`).join(',');
}

function parsePositions(text: string): Positions | undefined {
  const positions: Positions = new Map();
  for (const part of text.split(',').filter((one) => one !== '')) {
    const match = /^([a-z0-9][a-z0-9._-]{0,63}):(\d{1,15})$/.exec(part.trim());
    if (!match) return undefined;
    positions.set(match[1] as string, Number(match[2]));
  }
  return positions;
}
