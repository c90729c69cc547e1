import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { parseGuid } from '../domain/correlation-id.ts';
import { problemSchema, sendProblem } from './problems.ts';
import { uccFor } from './scope.ts';
import type { HttpServices } from './services.ts';
import { callSchema, callView } from './views.ts';

const tags = ['Calls'];

export function callRoutes(app: FastifyInstance, services: HttpServices): void {
  app.get<{ Querystring: { ucc?: string; agent?: string } }>(
    '/api/calls',
    {
      config: { access: 'readCalls' },
      schema: {
        tags,
        summary: 'Calls in progress: how an integrator finds the correlation id',
        querystring: Type.Object({
          ucc: Type.Optional(Type.String()),
          agent: Type.Optional(Type.String({ description: 'SIP URI or phone number' })),
        }),
        response: { 200: Type.Object({ items: Type.Array(callSchema) }) },
      },
    },
    async ({ query, caller }) => {
      const calls = services.calls.list(query);
      const seen = calls.filter(({ uccName }) => uccFor(services, caller.principal, uccName));
      return { items: seen.map(callView) };
    },
  );

  app.get<{ Params: { id: string } }>(
    '/api/calls/:id',
    {
      config: { access: 'readCalls' },
      schema: {
        tags,
        summary: 'A call in progress, by its id or its correlation id',
        params: Type.Object({ id: Type.String() }),
        response: { 200: callSchema, 404: problemSchema },
      },
    },
    async (request, reply) => {
      const id = parseGuid(request.params.id) ?? request.params.id;
      const call = services.calls.byId(id) ?? services.calls.byCorrelationId(id);
      const isSeen = call && uccFor(services, request.caller.principal, call.uccName);
      return isSeen ? callView(call) : sendProblem(reply, 404, 'No such call is in progress.');
    },
  );
}
