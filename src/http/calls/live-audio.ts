import { Readable } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import type { Call } from '../../domain/call/call.ts';
import type { Principal } from '../../domain/model/principal.ts';
import type { LiveAudio } from '../../domain/ports/archive.ts';
import { partyRole } from '../description/enums.ts';
import { media } from '../description/media.ts';
import { cutOffStalled, type DownloadWatchPorts } from '../recordings/download-watch.ts';
import { type RecordingAuditPorts, recordingAudit } from '../recordings/recording-audit.ts';
import { problemSchema, sendProblem } from '../request/problems.ts';
import { seesRecording } from '../request/scope.ts';
import { whenClosed } from '../request/when-closed.ts';
import { type CallsPorts, callFor } from './calls.ts';

export interface LiveAudioPorts extends DownloadWatchPorts, RecordingAuditPorts, CallsPorts {
  /** Unix ms */
  now(): number;
  /** A download of which the client takes nothing for so long is cut off. */
  readonly downloadTimeoutMs: number;
  readonly live: LiveAudio;
}

const tags = ['Calls'];
const MAX_CALLS = 40;
/** Listeners at the same time; each costs some looks a second at files. */
const MAX_LISTENERS = 32;

const levelsSchema = Type.Object(
  {
    id: Type.String(),
    tracks: Type.Array(
      Type.Object(
        {
          track: Type.Integer(),
          aor: Type.Unsafe<string | null>({ type: ['string', 'null'] }),
          role: partyRole,
          dbfs: Type.Unsafe<number | null>({
            type: ['number', 'null'],
            description: 'Of the newest 300 ms, -96 to 0; null: nothing is being recorded',
          }),
        },
        { title: 'TrackLevel' },
      ),
    ),
  },
  { title: 'CallLevels' },
);

const listenSchema = {
  operationId: 'listenToCall',
  tags,
  summary: 'A call in progress as it is recorded, about a second behind, until it ends',
  description:
    'Stereo WAV without an end: the agent left. While the recorder is paused nothing comes, ' +
    'and afterwards it goes on with what is recorded then. It ends with the token it was asked ' +
    'with, as well.',
  params: Type.Object({ id: Type.String({ description: 'Or correlation id' }) }),
  response: {
    200: media('A WAV that goes on until the call ends', 'audio/wav'),
    404: problemSchema,
  },
};

/** Hearing calls in progress, and how loud they are: by what of them is recorded. */
export function liveAudioRoutes(app: FastifyInstance, services: LiveAudioPorts): void {
  levelsRoute(app, services);
  const listeners = new Set<() => void>();
  // A call has no end of its own that a stop could wait for.
  app.addHook('preClose', async () => {
    for (const leave of listeners) leave();
  });
  app.get<{ Params: { id: string } }>(
    '/api/calls/:id/audio',
    {
      config: { access: 'listen', audit: 'read' },
      schema: listenSchema,
    },
    async (request, reply) => {
      const call = callFor(services, request);
      const isHeard = call && seesRecording(services, request.caller.principal, call.record);
      if (!isHeard) {
        request.hidden ??= call?.record ?? null;
        return sendProblem(reply, 404, 'No such call is in progress.');
      }
      if (listeners.size >= MAX_LISTENERS) {
        return sendProblem(reply, 503, 'Too many are listening.');
      }
      let isThere = true;
      const leave = (): void => {
        isThere = false;
        listeners.delete(leave);
      };
      listeners.add(leave);
      whenClosed(reply.raw, leave);
      request.isAudited = true;
      await services.auditLog.record(recordingAudit(services, request, call.record, 'listen'));
      cutOffStalled(reply.raw, services.downloadTimeoutMs);
      const mayHear = hearingRule(services, request.caller.principal, call);
      const isLive = (): boolean => isThere && !call.ended && mayHear();
      reply.header('Cache-Control', 'no-store').type('audio/wav');
      return reply.send(Readable.from(services.live.wav(call.id, isLive), { objectMode: false }));
    },
  );
}

/** Ends listening with the token, the account, or the caller's place in the UCC. */
function hearingRule(services: LiveAudioPorts, principal: Principal, call: Call): () => boolean {
  const endsAt = principal.expiresAt ?? Number.POSITIVE_INFINITY;
  return () =>
    services.now() < endsAt &&
    services.isCurrent(principal) &&
    seesRecording(services, principal, call.record);
}

function levelsRoute(app: FastifyInstance, services: LiveAudioPorts): void {
  app.get<{ Querystring: { id: string[] } }>(
    '/api/calls/levels',
    {
      config: { access: 'readCalls', audit: 'read', answersUnaudited: true },
      schema: {
        operationId: 'getCallLevels',
        tags,
        summary: 'How loud each party is in what is being recorded, about a second behind',
        querystring: Type.Object({
          id: Type.Array(Type.String(), { minItems: 1, maxItems: MAX_CALLS }),
        }),
        response: { 200: Type.Object({ items: Type.Array(levelsSchema) }), 400: problemSchema },
      },
    },
    async ({ query, caller }) => {
      const seen = query.id.flatMap((id) => callFor(services, { params: { id }, caller }) ?? []);
      // One after the other: a Pause that comes meanwhile waits for one look, not for forty.
      const items = [];
      for (const { id } of seen) items.push({ id, tracks: await services.live.levels(id) });
      return { items };
    },
  );
}
