import { createHash, randomBytes } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import type { Principal } from '../../domain/model/principal.ts';
import { problemSchema } from '../request/problems.ts';
import { keptRecording, type RecordingsPorts } from './recordings.ts';

export interface AudioTicketsPorts extends RecordingsPorts {}

const TICKET_BYTES = 32;
/** A ticket that is not used for so long ends: it outlasts a listener's pause. */
const IDLE_MS = 15 * 60_000;
/** A ticket in use ends after as long as a person stays signed in. */
const MAX_AGE_MS = 12 * 3_600_000;
const MAX_TICKETS = 10_000;

interface Ticket {
  readonly recordingId: string;
  readonly principal: Principal;
  readonly issuedAt: number;
  usedAt: number;
}

/**
 * Tickets let an audio element, which sends no token, play one recording. They are kept in memory,
 * by hash: a restart ends them all.
 */
export class AudioTickets {
  readonly #now: () => number;
  readonly #isCurrent: (principal: Principal) => boolean;
  /** The oldest first. */
  readonly #tickets = new Map<string, Ticket>();

  /**
   * @param now Unix ms
   * @param isCurrent whether a holder is still who it was
   */
  constructor(now: () => number, isCurrent: (principal: Principal) => boolean = () => true) {
    this.#now = now;
    this.#isCurrent = isCurrent;
  }

  issue(recordingId: string, principal: Principal): string {
    const now = this.#now();
    for (const [hash, ticket] of this.#tickets) {
      if (this.#tickets.size < MAX_TICKETS && isGood(ticket, now)) break;
      this.#tickets.delete(hash);
    }
    const ticket = randomBytes(TICKET_BYTES).toString('base64url');
    this.#tickets.set(hashOf(ticket), { recordingId, principal, issuedAt: now, usedAt: now });
    return ticket;
  }

  /** Returns its bearer; undefined for another recording's ticket, or one that has ended. */
  holder(ticket: string, recordingId: string): Principal | undefined {
    const known = this.#tickets.get(hashOf(ticket));
    const now = this.#now();
    if (!known || known.recordingId !== recordingId || !isGood(known, now)) return undefined;
    if (!this.#isCurrent(known.principal)) {
      this.#tickets.delete(hashOf(ticket));
      return undefined;
    }
    known.usedAt = now;
    return known.principal;
  }
}

function isGood({ issuedAt, usedAt }: Ticket, now: number): boolean {
  return now < usedAt + IDLE_MS && now < issuedAt + MAX_AGE_MS;
}

/** Looked up by hash, so that how long it takes tells nothing of the ticket. */
function hashOf(ticket: string): string {
  return createHash('sha256').update(ticket).digest('base64url');
}

export function audioTicketRoute(
  app: FastifyInstance,
  services: AudioTicketsPorts,
  tickets: AudioTickets,
): void {
  app.post<{ Params: { id: string } }>(
    '/api/recordings/:id/audio-tickets',
    {
      config: { access: 'listen', audit: 'read' },
      schema: {
        operationId: 'createAudioTicket',
        tags: ['Recordings'],
        summary: 'An address that an audio element, which sends no token, plays the recording from',
        description: 'It holds for 15 minutes after it was used last, and for 12 hours at most.',
        params: Type.Object({ id: Type.String() }),
        response: {
          201: Type.Object(
            { url: Type.String({ description: 'Below the address of Hush' }) },
            { title: 'AudioTicket' },
          ),
          ...{ 404: problemSchema, 409: problemSchema, 410: problemSchema },
        },
      },
    },
    async (request, reply) => {
      const record = await keptRecording(services, request, reply);
      if (!record) return reply;
      const ticket = tickets.issue(record.id, request.caller.principal);
      reply.header('Cache-Control', 'no-store').code(201);
      return { url: `/api/recordings/${record.id}/audio?ticket=${ticket}` };
    },
  );
}
