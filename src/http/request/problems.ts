import type { FastifyReply } from 'fastify';
import { Type } from 'typebox';

/** RFC 9457 problem details: what every error of the Hush API looks like. */
export const problemSchema = Type.Object(
  {
    type: Type.String(),
    title: Type.String(),
    status: Type.Integer(),
    detail: Type.Optional(Type.String()),
  },
  { title: 'Problem', description: 'Problem details (RFC 9457)' },
);

const titles: Record<number, string> = {
  400: 'Bad request',
  401: 'Token needed',
  403: 'Not allowed',
  404: 'Not found',
  405: 'Method not allowed',
  409: 'Conflict',
  410: 'Gone',
  412: 'Precondition failed',
  413: 'Request body too large',
  414: 'Address too long',
  415: 'Unsupported media type',
  416: 'Range not satisfiable',
  421: 'Misdirected request',
  422: 'Request does not fit',
  429: 'Too many requests',
  431: 'Request headers too large',
  500: 'Internal error',
  503: 'Not available',
};

export function sendProblem(reply: FastifyReply, status: number, detail?: string): FastifyReply {
  const title = titles[status] ?? 'Error';
  return reply
    .code(status)
    .type('application/problem+json')
    .send({ type: 'about:blank', title, status, ...(detail === undefined ? {} : { detail }) });
}
