import type { FastifyInstance, FastifyRequest, RouteOptions } from 'fastify';
import type { ApiSurface, Caller, Principal } from '../domain/model/principal.ts';
import type { Access, AccessRequest, Gate } from './edge/access-gate.ts';
import { refuseTricks } from './edge/request-guard.ts';
import type { AudioTickets } from './recordings/audio-tickets.ts';
import { type ContractShape, refuseAddress } from './request/refusals.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The route's demand on its caller; the server does not start without one. */
    access?: Access;
    /** The API surface the route belongs to; the Hush API unless it says otherwise. */
    surface?: ApiSurface;
    /**
     * Answers in the contract's shape, errors included: state and command alike, or capabilities.
     */
    contract?: ContractShape;
    /** Takes the tickets of `POST /api/recordings/{id}/audio-tickets` in its query. */
    takesTicket?: boolean;
  }
  interface FastifyRequest {
    /** The caller, once it is let in. */
    caller: Caller;
  }
}

/** Puts the gate in front of every route that is registered from now on. */
export function admitAll(app: FastifyInstance, gate: Gate, tickets: AudioTickets): void {
  const accessRequests = new WeakMap<object, AccessRequest>();
  app.decorateRequest('caller', null as unknown as Caller);
  app.addHook('onRoute', requireAccess);
  app.addHook('onRequest', (request, reply, done) => {
    if (refuseTricks(request.raw)) return void refuseAddress(request, reply);
    if (request.is404) return admit(gate, nowhere, { request, done });
    const { config } = request.routeOptions;
    let accessRequest = accessRequests.get(config);
    if (!accessRequest) {
      accessRequest = accessRequestOf(request);
      accessRequests.set(config, accessRequest);
    }
    const holder = config.takesTicket ? holderOf(tickets, request) : undefined;
    admit(gate, accessRequest, { request, done, holder });
  });
}

/** Strangers are not told what there is and what there is not. */
const nowhere: AccessRequest = {
  access: 'anybody',
  surface: 'api',
  action: 'unknown path',
  isCommand: false,
};

function holderOf(tickets: AudioTickets, { query, params }: FastifyRequest): Principal | undefined {
  const { ticket } = query as { ticket?: unknown };
  const { id } = params as { id: string };
  return typeof ticket === 'string' ? tickets.holder(ticket, id) : undefined;
}

interface Exchange {
  readonly request: FastifyRequest;
  readonly holder?: Principal | undefined;
  done(cause?: Error): void;
}

function admit(
  gate: Gate,
  accessRequest: AccessRequest,
  { request, holder, done }: Exchange,
): void {
  const letIn = (caller: Caller): void => {
    request.caller = caller;
    done();
  };
  try {
    const caller = gate.admit(request.raw, accessRequest, holder);
    if (caller instanceof Promise) {
      caller.then(letIn, done);
    } else letIn(caller);
  } catch (cause) {
    done(cause as Error);
  }
}

function accessRequestOf({ method, routeOptions }: FastifyRequest): AccessRequest {
  const { access = 'anybody', surface = 'api', contract } = routeOptions.config;
  return {
    access,
    surface,
    action: `${method} ${routeOptions.url ?? ''}`,
    isCommand: contract === 'recording' && method === 'POST',
  };
}

/** A forgotten rule is no open surface: the server does not start. */
function requireAccess(route: RouteOptions): void {
  const { method, url, config } = route;
  if (config?.access !== undefined) return;
  throw new Error(`the route ${[method].flat().join()} ${url} does not say who may call it`);
}
