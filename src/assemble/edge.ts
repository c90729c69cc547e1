import type { Config } from '../config/schema.ts';
import { systemCaller } from '../domain/access/access.ts';
import type { Log } from '../domain/ports/log.ts';
import { originRule } from '../http/edge/origins.ts';
import { RecordingHub } from '../hub/recording-hub.ts';
import { Certificate } from '../protocols/tls/certificate.ts';
import { WebhookDispatcher } from '../webhooks/webhook-dispatcher.ts';
import type { Capabilities } from './capabilities.ts';
import type { Context } from './context.ts';
import { type HttpEdge, httpEdge } from './http.ts';
import { assembleSip } from './sip.ts';
import { namingAtOnce } from './start-error.ts';

export type EdgeParts = ReturnType<typeof assembleEdge>;

/** Assembles the network side: SIP, HTTP, the hub, webhooks and their certificates. */
export function assembleEdge(context: Context, needs: Capabilities) {
  const { config, disposal, logs } = context;
  const onTlsFailed = (log: Log) => (cause: unknown) =>
    log.error({ err: cause }, 'a certificate could not be renewed');
  const certificates = {
    http: namingAtOnce('http.tls', () => certificateOf(config.http.tls, onTlsFailed(logs.http))),
    sip: namingAtOnce('sip.tls', () => certificateOf(config.sip.tls, onTlsFailed(logs.sip))),
  };
  disposal.add('certificates', () => {
    certificates.http?.close();
    certificates.sip?.close();
  });
  const webhooks = newWebhooks(context, needs);
  disposal.add('webhooks', () => webhooks.close());
  const srs = assembleSip(context, needs, certificates.sip);
  const hub = newHub(context, needs, certificates.http);
  const http: HttpEdge = httpEdge(context, needs, {
    hub,
    webhooks,
    certificate: certificates.http,
  });
  disposal.add('HTTP', () => http.close(), http.closeLimitMs);
  // Listeners end before answers in progress are awaited.
  disposal.add('listeners', [() => hub.close(), () => needs.archive.archive.close()]);
  return { certificates, webhooks, srs, http };
}

function newHub(
  { config, logs }: Context,
  { events: { feed, uccs }, access: { auditLog, auth, isCurrent }, assurance }: Capabilities,
  certificate: Certificate | undefined,
): RecordingHub {
  const hub = new RecordingHub({
    feed,
    maxConnections: config.events.maxHubConnections,
    subscriptions: config.events,
    maxBacklogBytes: config.events.maxBacklogBytes,
    longPollTimeoutMs: config.events.longPollTimeoutMs,
    keepAliveMs: config.events.keepAliveMs,
    aliases: config.hub.aliases,
    ucc: (name) => uccs.get(name),
    auditRead: (caller, what) => auditLog.read(caller, what),
    auditDenied: (caller, what) => auditLog.denied(caller, { ...what, reason: 'ucc' }),
    isOriginAllowed: originRule({ ...config.http, tls: certificate }),
    isCurrent,
    onError: (cause) => logs.hub.error({ err: cause }, 'the hub failed'),
  });
  assurance.hub.set(hub);
  auth.standings?.onChange(() => hub.dropStale());
  return hub;
}

function newWebhooks(
  { config, clock, logs }: Context,
  { store: { store }, events: { feed, uccs }, assurance, access: { auditLog } }: Capabilities,
): WebhookDispatcher {
  const { alarms, metrics } = assurance;
  return new WebhookDispatcher({
    feed,
    alarms,
    clock,
    history: store,
    store: store.webhooks,
    limits: config.webhooks,
    isUcc: (name) => uccs.get(name) !== undefined,
    onAttempt: (outcome) => metrics.webhookDelivery(outcome),
    auditDisabled: (change) =>
      auditLog.entry(systemCaller('hush', 'hush'), {
        action: 'webhook disable',
        outcome: 'ok',
        reason: 'gone',
        change,
      }),
    onDisabled: (webhook) =>
      logs.webhook.warn({ webhook }, 'a webhook answered 410 and was disabled'),
    onError: (cause) => logs.webhook.error({ err: cause }, 'a webhook failed'),
  });
}

/** Undefined where no certificate is configured. @throws Error naming a file that cannot be read */
function certificateOf(
  { certFile, keyFile, caFile, minVersion }: Config['http']['tls'],
  onError: (cause: unknown) => void,
): Certificate | undefined {
  if (certFile === undefined || keyFile === undefined) return undefined;
  return new Certificate({ certFile, keyFile, caFile, minVersion }, onError);
}
