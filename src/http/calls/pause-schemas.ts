import { Type } from 'typebox';
import { leaseLimits } from '../../domain/model/lease.ts';
import { recordingStateName } from '../description/enums.ts';
import { problemSchema } from '../request/problems.ts';

const nullableTime = Type.Unsafe<string | null>({ type: ['string', 'null'], format: 'date-time' });
const { minTtlMs, maxTtlMs, maxLookbackMs } = leaseLimits;
const ttlMs = Type.Integer({
  minimum: minTtlMs,
  maximum: maxTtlMs,
  description: 'How long the pause holds unless it is renewed',
});

export const params = Type.Object({
  id: Type.String({ description: 'Of the call, or correlation id' }),
});
/** Printable, and at home in a path, a log and an event. */
const ownerPattern = '^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$';
export const ownerParams = Type.Object({ id: Type.String(), owner: Type.String() });

const requester = Type.Optional(
  Type.String({
    maxLength: 512,
    description: 'SIP or tel URI of the agent or supervisor on whose behalf it is asked for',
    examples: ['sip:agent@domain.com'],
  }),
);

export const takeBody = Type.Object(
  {
    requester,
    owner: Type.String({ pattern: ownerPattern, examples: ['payment-page-7'] }),
    reason: Type.Optional(Type.String({ maxLength: 200 })),
    ttlMs,
    lookbackMs: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: maxLookbackMs,
        description: "Erase this much of what came before; default and limit: the UCC's",
      }),
    ),
  },
  { title: 'PauseRequest', additionalProperties: false },
);
export const renewBody = Type.Object(
  { ttlMs: Type.Optional(ttlMs), requester },
  { title: 'PauseRenewal', additionalProperties: false },
);
export const releaseQuery = Type.Object({ requester });

const pauseSchema = Type.Object(
  {
    owner: Type.String({ description: '`api`, `hold`, or whose lease it is' }),
    reason: Type.Unsafe<string | null>({ type: ['string', 'null'] }),
    since: nullableTime,
    expiresAt: nullableTime,
    expired: Type.Boolean({ description: 'Not renewed in time, and holding all the same' }),
    isYours: Type.Boolean({ description: 'Whether it is a lease that the caller took' }),
  },
  { title: 'Pause' },
);

export const pausesSchema = Type.Object(
  {
    callId: Type.String(),
    version: Type.Integer(),
    recordingState: recordingStateName,
    keepsAudio: Type.Boolean({ description: 'Whether the gate is open' }),
    effectiveAt: nullableTime,
    sequence: Type.Unsafe<number | null>({ type: ['integer', 'null'] }),
    pauses: Type.Array(pauseSchema),
  },
  { title: 'Pauses' },
);

export const answers = {
  200: pausesSchema,
  201: pausesSchema,
  ...Object.fromEntries(
    [400, 403, 404, 409, 412, 422, 503].map((status) => [status, problemSchema]),
  ),
};
