import type { FastifyReply } from 'fastify';
import { type RecordingRefusal, RecordingRefusedError } from '../domain/kept-recordings.ts';
import { sendProblem } from './problems.ts';

const statuses: Record<RecordingRefusal, number> = {
  unknown: 404,
  inProgress: 409,
  notKept: 410,
  onLegalHold: 409,
  noLegalHold: 404,
  beingErased: 409,
  outside: 400,
};

/** Answers why nothing was done; throws what is no refusal. */
export function refusedRecording(reply: FastifyReply, cause: unknown): FastifyReply {
  if (!(cause instanceof RecordingRefusedError)) throw cause;
  return sendProblem(reply, statuses[cause.refusal], cause.message);
}
