import type { FastifyInstance, FastifyRequest, RouteOptions } from 'fastify';
import type { AuditedAction, AuditLog, AuditOf } from '../../domain/access/audit-log.ts';
import type { AuditClass } from '../../domain/model/audit-record.ts';
import type { CallRecord } from '../../domain/model/call-record.ts';

/** A UCC, or a call or recording of one. */
interface HiddenSubject {
  readonly uccName: string;
  readonly id?: string;
  readonly correlationId?: string;
}

type Subject = Pick<CallRecord, 'id' | 'uccName' | 'correlationId'>;

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The route's class in the audit log; the server does not start without one. */
    audit?: AuditClass;
    /**
     * A read that answers also where its row cannot be written, and does not wait for it: how a
     * payment page finds the call that it is about to pause.
     */
    answersUnaudited?: boolean;
  }
  interface FastifyRequest {
    /** The call or recording that is read, once it is known. */
    subject: Subject | null;
    /** The thing that was asked for, where it exists and the caller does not see it. */
    hidden: HiddenSubject | null;
    /** The route has written its own row. */
    isAudited: boolean;
  }
}

/** The class of a route that leaves no row, and why it needs none. */
export function none(why: string): AuditClass {
  return { class: 'none', why };
}

/**
 * Demands of every route what it leaves in the audit log; nobody reads what is not in it. Who is
 * told that there is no such thing, because it is not theirs, was denied it.
 */
export function auditAll(
  app: FastifyInstance,
  auditLog: AuditLog,
  onError: (cause: unknown) => void,
): void {
  app.decorateRequest('subject', null);
  app.decorateRequest('hidden', null);
  app.decorateRequest('isAudited', false);
  app.addHook('onRoute', requireAudit);
  app.addHook('onSend', (request, reply, _payload, done) => {
    if (request.hidden && reply.statusCode === 404) {
      auditHidden(auditLog, request, request.hidden)
        .catch(onError)
        .then(() => done());
      return;
    }
    const { audit, answersUnaudited } = request.routeOptions.config;
    const isRead = audit === 'read' && request.method !== 'HEAD';
    if (!isRead || request.isAudited || request.is404 || reply.statusCode >= 400) return done();
    const written = auditRead(auditLog, request);
    if (!answersUnaudited) written.then(() => done(), done);
    else {
      written.catch(onError);
      done();
    }
  });
}

/** The row of what was read: of one recording, or of a list. Resolves once it is on record. */
export function auditRead(
  auditLog: AuditLog,
  request: FastifyRequest,
  uccName?: string,
): Promise<void> {
  request.isAudited = true;
  const { caller, subject } = request;
  return auditLog.read(caller, {
    action: actionOf(request),
    uccName: uccName ?? subject?.uccName ?? null,
    correlationId: subject?.correlationId ?? null,
    callId: subject?.id ?? null,
  });
}

function auditHidden(
  auditLog: AuditLog,
  request: FastifyRequest,
  { uccName, correlationId, id }: HiddenSubject,
): Promise<void> {
  const of = { uccName, correlationId: correlationId ?? null, callId: id ?? null };
  const what = { ...of, action: actionOf(request), reason: 'ucc' };
  return auditLog.denied(request.caller, what);
}

/** The row of a change by the caller, for the commit of the change. */
export function auditOfChange(
  auditLog: AuditLog,
  { caller }: Pick<FastifyRequest, 'caller'>,
  audited: Omit<AuditedAction, 'outcome' | 'change'>,
): AuditOf {
  return (change) => auditLog.entry(caller, { ...audited, outcome: 'ok', change });
}

/** `GET /api/calls/:id` */
export function actionOf({ method, routeOptions }: FastifyRequest): string {
  return `${method} ${routeOptions.url ?? ''}`;
}

/** Stops the start where a route has no class: it would leave no trace. */
function requireAudit(route: RouteOptions): void {
  const { method, url, config } = route;
  if (config?.audit !== undefined) return;
  throw new Error(`the route ${[method].flat().join()} ${url} does not say what is on record`);
}
