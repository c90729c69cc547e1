import { isIPv6 } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { FastifyInstance } from 'fastify';
import { storageOf } from '../archive/files/storage.ts';
import { anonymousAccess, consoleIssuersOf } from '../config/exposure.ts';
import { contractError } from '../domain/model/errors.ts';
import { buildHttpServer, type HttpServerPorts } from '../http/http-server.ts';
import type { HttpSettings } from '../http/settings.ts';
import { logCommand } from '../logging/command-log.ts';
import { version } from '../version.ts';
import type { Capabilities } from './capabilities.ts';
import type { Context } from './context.ts';
import { STEP_TIMEOUT_MS } from './disposal.ts';

/** The HTTP server: built and opened by the start, closed by the stop. */
export interface HttpEdge {
  /** Limit for `close`, ms: answers in progress may take their time. */
  readonly closeLimitMs: number;
  /** Builds the server with all its routes. */
  build(): Promise<void>;
  /** Resolves with the URL that it listens on. */
  listen(): Promise<string>;
  close(): Promise<void>;
}

type EdgePorts = Pick<HttpServerPorts, 'hub' | 'webhooks' | 'certificate'>;

export function httpEdge(context: Context, needs: Capabilities, edge: EdgePorts): HttpEdge {
  const { config } = context;
  let server: FastifyInstance | undefined;
  return {
    closeLimitMs: config.http.closeTimeoutMs + STEP_TIMEOUT_MS,
    async build() {
      server = await buildHttpServer(settingsOf(context), portsOf(context, needs, edge));
    },
    async listen() {
      if (!server) throw new Error('the HTTP server is not built yet');
      await server.listen({ host: config.http.host, port: config.http.port });
      const url = urlOf(server);
      needs.access.httpUrl.set(url);
      return url;
    },
    async close() {
      await server?.close();
    },
  };
}

function settingsOf({ config }: Context): HttpSettings {
  return {
    ...config.http,
    access: anonymousAccess(config),
    consoleDir: consoleDir(),
    consoleIssuers: consoleIssuersOf(config),
    eventKeepAliveMs: config.events.keepAliveMs,
  };
}

function portsOf(context: Context, needs: Capabilities, edge: EdgePorts): HttpServerPorts {
  const { clock, life, logs } = context;
  const { events, assurance, recording, control } = needs;
  const { metrics, storeProbe } = assurance;
  return {
    ...edge,
    version,
    ...accessPorts(needs),
    ...archivePorts(context, needs),
    uccs: events.uccs,
    calls: events.calls,
    feed: events.feed,
    publishedThrough: () => events.journal.publishedThrough,
    recorder: recording.recorder,
    trueRecord: (record) => recording.settlement.trueRecord(record),
    stopCallsOf: (uccName) => recording.lifecycle.stopCallsOf(uccName),
    leases: control.leases,
    seamLeases: control.seamLeases,
    handleCommand: async (request, caller) =>
      life.phase === 'stopping'
        ? { ok: false, error: contractError('processingFailed') }
        : control.commands.carry(request, caller),
    assessor: assurance.assessor,
    alarmsOf: (callId) => assurance.alarms.openOf(callId),
    timeZone: assurance.timeZone,
    now: () => clock.now(),
    ready: () => life.phase === 'ready',
    isStopping: () => life.phase === 'stopping',
    storeAnswers: () => storeProbe.answers(),
    metrics: () => metrics.text(),
    onCommand(answer, seconds) {
      metrics.command(answer, seconds);
      logCommand(logs.call, answer, seconds);
    },
    log: logs.http,
    onError: (cause) => logs.http.error({ err: cause }, 'a request failed'),
    onAuditFailed: assurance.onAuditFailed,
  };
}

function accessPorts({ access }: Capabilities) {
  const { auth, auditLog, accounts, firstAdmin, isCurrent } = access;
  return {
    auditLog,
    authenticator: auth.authenticator,
    issuer: auth.issuer,
    accounts: auth.issuer && accounts,
    firstAdmin,
    isCurrent,
    onPeopleChanged: (changed: () => void) =>
      auth.standings?.onChange(changed) ?? (() => undefined),
  };
}

function archivePorts(
  { config }: Context,
  { store: { store, recordingsDir }, archive }: Capabilities,
) {
  const { archive: sealed, lock } = archive;
  return {
    store,
    assurance: store.assurance,
    retentionStore: store.keeping,
    erasures: archive.erasures,
    legalHolds: archive.legalHolds,
    retention: archive.retention,
    archiveJob: archive.jobs,
    storage: () => storageOf(recordingsDir, archive.uploader),
    live: sealed.live,
    peaks: (callId: string) => lock.run(callId, () => sealed.peaks(callId)),
    play: (callId: string) => sealed.play(callId),
    exportAudio: (...wanted: Parameters<typeof sealed.export>) => sealed.export(...wanted),
    downloadTimeoutMs: config.archive.downloadTimeoutMs,
  };
}

/** The built console, two folders up from the sources and three from compiled code. */
function consoleDir(): string {
  const up = import.meta.url.endsWith('.ts') ? '../..' : '../../..';
  return fileURLToPath(new URL(`${up}/console/dist`, import.meta.url));
}

function urlOf(http: FastifyInstance): string {
  const address = http.server.address();
  if (address === null || typeof address === 'string') throw new Error('HTTP listens on no port');
  const scheme = 'setSecureContext' in http.server ? 'https' : 'http';
  const host = isIPv6(address.address) ? `[${address.address}]` : address.address;
  return `${scheme}://${host}:${address.port}`;
}
