import type { ServerResponse } from 'node:http';
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import type { AuditLog } from '../../domain/access/audit-log.ts';
import type { EventFeed, Follower } from '../../domain/event/event-feed.ts';
import { eventView } from '../../domain/event/event-view.ts';
import type { Principal } from '../../domain/model/principal.ts';
import type { RecordingEvent } from '../../domain/model/recording-event.ts';
import { uccKey } from '../../domain/model/ucc.ts';
import { media } from '../description/media.ts';
import { auditRead } from '../request/audit.ts';
import { problemSchema, sendProblem } from '../request/problems.ts';
import { askedUcc, isGiven } from '../request/scope.ts';
import { whenClosed } from '../request/when-closed.ts';
import type { HttpSettings } from '../settings.ts';
import {
  type Beginning,
  beginningOf,
  type EventCursorPorts,
  formatSequences,
  parseCursor,
} from './event-cursor.ts';

export interface EventsPorts extends EventCursorPorts {
  readonly feed: EventFeed;
  /** Whether a bearer is still who it was when it was let in. */
  isCurrent(principal: Principal): boolean;
  /** Called after somebody is no longer who it was. @returns what ends it */
  onPeopleChanged(listener: () => void): () => void;
  readonly auditLog: AuditLog;
  onError(cause: unknown): void;
}

/** A client that does not read is closed beyond this; it comes back with its Last-Event-ID. */
const MAX_BACKLOG_BYTES = 1024 * 1024;

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

const streamDescription =
  'Server-sent events (WHATWG HTML 9.2), until the token expires: `id` resumes the stream, `event` ' +
  'is the type, `data` the event as in GET /api/calls/{id}/events.';

export function eventRoutes(
  app: FastifyInstance,
  services: EventsPorts,
  { eventKeepAliveMs: keepAliveMs }: Pick<HttpSettings, 'eventKeepAliveMs'>,
): void {
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
      config: { access: 'readEvents', audit: 'read', takes: ['Last-Event-ID'] },
      schema: {
        operationId: 'streamEvents',
        tags: ['Events'],
        summary: 'Committed events as server-sent events; Last-Event-ID resumes without a gap',
        querystring: querySchema,
        response: { 200: media(streamDescription, 'text/event-stream'), 404: problemSchema },
      },
    },
    async (request, reply) => {
      const { ucc, since } = request.query;
      const { principal } = request.caller;
      if (ucc !== undefined && !askedUcc(services, request, ucc)) {
        return sendProblem(reply, 404, 'No such UCC.');
      }
      const lastEventId = request.headers['last-event-id'];
      const cursor = parseCursor(typeof lastEventId === 'string' ? lastEventId : '');
      const begin = cursor && (await beginningOf(services, { principal, ucc, since, cursor }));
      if (!begin) return sendProblem(reply, 400, 'Last-Event-ID is not one of ours.');
      await auditRead(services.auditLog, request, ucc);
      reply.hijack();
      const audience = { services, principal, ucc, keepAliveMs };
      const stream = new EventStream(reply.raw, audience, () => streams.delete(stream));
      streams.add(stream);
      stopListening ??= services.onPeopleChanged(dropStale);
      if (services.isCurrent(principal)) stream.follow(begin);
      else stream.end();
      return reply;
    },
  );
}

interface Audience {
  readonly services: EventsPorts;
  readonly principal: Principal;
  readonly ucc: string | undefined;
  readonly keepAliveMs: number;
}

/** One client's stream; it ends when its token expires. Its ids are positions. */
class EventStream {
  readonly #response: ServerResponse;
  readonly #audience: Audience;
  #follower: Follower | undefined;
  /** Positions: of the last event that the client has or does not see, and the last one told. */
  #position = 0;
  #toldPosition = 0;
  #onDrain: (() => void)[] = [];

  constructor(response: ServerResponse, audience: Audience, onClosed: () => void) {
    this.#response = response;
    this.#audience = audience;
    const { expiresAt } = audience.principal;
    response.writeHead(200, {
      'Content-Type': 'text/event-stream',
      'Cache-Control': 'no-cache, no-store',
      'X-Accel-Buffering': 'no',
    });
    response.write(': hello\n\n');
    const keepAlive = setInterval(() => this.#sayWhere(': \n\n'), audience.keepAliveMs);
    const expiry = expiresAt === null ? undefined : this.#endAt(expiresAt);
    response.on('drain', () => this.#drained());
    whenClosed(response, () => {
      clearInterval(keepAlive);
      clearTimeout(expiry);
      this.#follower?.stop();
      this.#drained();
      onClosed();
    });
  }

  get principal(): Principal {
    return this.#audience.principal;
  }

  follow(begin: Beginning): void {
    const { services, ucc } = this.#audience;
    const { since } = begin;
    const { feed } = services;
    const how = {
      since,
      deliver: (event: RecordingEvent) => this.#take(event, begin),
      onError: (cause: unknown) => {
        services.onError(cause);
        this.#response.destroy();
      },
    };
    this.#position = since === undefined ? services.publishedThrough() : begin.position;
    this.#sayWhere();
    this.#follower =
      ucc === undefined ? feed.followAll(how) : feed.follow({ ...how, uccName: uccKey(ucc) });
  }

  #endAt(expiresAt: number): NodeJS.Timeout {
    // A timer takes at most 2^31-1 ms; a token that lives longer is asked for again earlier.
    const delayMs = Math.min(Math.max(0, expiresAt - Date.now()), MAX_TIMER_MS);
    return setTimeout(() => this.end(), delayMs).unref();
  }

  /** Ends the stream: unread bytes may keep the connection open, but no more are written. */
  end(): void {
    this.#follower?.stop();
    this.#response.end();
  }

  /** A replay waits until the client has read; what is live cannot wait. */
  #take(event: RecordingEvent, begin: Beginning): void | Promise<void> {
    const { uccName, sequence, position } = event;
    const isBehind = position > begin.hadThrough;
    if (isBehind) this.#position = position;
    if (sequence <= (begin.had.get(uccName) ?? 0)) return undefined;
    // Lists of agents and supervisors change while a stream is open.
    const { services, principal } = this.#audience;
    if (!isGiven(services, principal, uccName)) return undefined;
    this.#toldPosition = this.#position;
    if (!isBehind) begin.had.set(uccName, sequence);
    const id = isBehind ? String(position) : formatSequences(begin.had);
    const data = JSON.stringify(eventView(event));
    const text = `id: ${id}\nevent: ${event.type}\ndata: ${data}\n\n`;
    if (this.#response.write(text)) return undefined;
    if (this.#response.writableLength > MAX_BACKLOG_BYTES) this.#response.destroy();
    return new Promise((resolve) => this.#onDrain.push(resolve));
  }

  /** Tells the client where to resume: an id without data is no event (WHATWG HTML 9.2.6). */
  #sayWhere(otherwise = ''): void {
    if (this.#response.writableEnded) return;
    const isNews = this.#position > this.#toldPosition;
    this.#toldPosition = this.#position;
    const text = isNews ? `id: ${this.#position}\n\n` : otherwise;
    if (text !== '') this.#response.write(text);
  }

  #drained(): void {
    for (const resolve of this.#onDrain.splice(0)) resolve();
  }
}
