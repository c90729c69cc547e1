import { isPlainSipGuarded } from '../config/exposure.ts';
import type { Config } from '../config/schema.ts';
import { MetadataAlarms } from '../domain/assurance/metadata-alarms.ts';
import { parseNetworks } from '../domain/common/networks.ts';
import type { CallRecord } from '../domain/model/call-record.ts';
import type { Certificate } from '../protocols/tls/certificate.ts';
import { SessionRecordingServer } from '../srs/session-recording-server.ts';
import type { AssuranceParts } from './assurance.ts';
import type { Context } from './context.ts';
import type { EventParts } from './events.ts';
import type { RecordingParts } from './recording.ts';
import type { StoreParts } from './store.ts';

interface Needs {
  readonly store: StoreParts;
  readonly events: EventParts;
  readonly assurance: AssuranceParts;
  readonly recording: RecordingParts;
}

/** The Session Recording Server: SIP in, recording sessions out. */
export function assembleSip(
  context: Context,
  needs: Needs,
  certificate: Certificate | undefined,
): SessionRecordingServer {
  const { config, disposal, logger } = context;
  const { alarms, metrics } = needs.assurance;
  const { calls, bus } = needs.events;
  const metadataAlarms = new MetadataAlarms({ calls, alarms });
  if (!isPlainSipGuarded(config.sip)) {
    logger.warn('SIP is spoken by TLS only: nothing else says who may call by UDP and TCP');
  }
  const srs = new SessionRecordingServer({
    ...addressesOf(config, certificate),
    limits: config.sip,
    ...(config.sip.digest.users.length > 0 ? { digest: config.sip.digest } : {}),
    identity: identityOf(config, needs.events),
    recentCall: recentCallOf(context, needs.store),
    lifecycle: needs.recording.lifecycle,
    twoSidedPause: config.sip.twoSidedPause,
    srtp: config.rtp.srtp,
    timerRules: {
      sessionExpiresSeconds: Math.ceil(config.sip.sessionExpiresMs / 1000),
      minSeconds: Math.ceil(config.sip.minSessionExpiresMs / 1000),
    },
    onPauseOffered: (outcome) => metrics.pauseOffered(outcome),
    onMetadata: (report) => {
      metrics.metadataRead(report.faults);
      metadataAlarms.read(report);
    },
    onDropped: (reason) => metrics.sipDropped(reason),
    onGuessing: (who) =>
      alarms.raise({ kind: 'passwordGuessing', detail: `too many wrong SIP passwords of ${who}` }),
    onFailure: (cause) => logger.error({ err: cause }, 'a recording session failed'),
  });
  disposal.add('SIP', () => srs.close());
  needs.recording.hangUp.set((sessionIds) => srs.hangUp(sessionIds));
  bus.subscribe(({ callId }) => srs.callChanged(callId));
  return srs;
}

function addressesOf({ sip, rtp }: Config, certificate: Certificate | undefined) {
  const { udpPort, tcpPort } = sip;
  return {
    host: sip.host,
    ...(isPlainSipGuarded(sip) ? { udpPort, tcpPort } : {}),
    ...(certificate ? { tls: { port: sip.tlsPort, certificate } } : {}),
    ...(sip.advertisedHost ? { advertisedHost: sip.advertisedHost } : {}),
    ...(sip.allowedNetworks ? { isAllowed: parseNetworks(sip.allowedNetworks) } : {}),
    mediaAddress: rtp.advertisedHost ?? rtp.host,
  };
}

function identityOf({ sip }: Config, { uccs }: EventParts) {
  return {
    ucc: sip.uccFrom,
    correlationId: sip.correlationIdFrom,
    headers: sip.headers,
    extensions: sip.extensionData,
    isUcc: (name: string) => uccs.get(name) !== undefined,
    isMember: (name: string, uri: string) => uccs.isMember(name, uri),
  };
}

/** Finds the newest call of a correlation id that a new part may still inherit states from. */
function recentCallOf({ config, clock }: Context, { store }: StoreParts) {
  return async (correlationId: string): Promise<CallRecord | undefined> => {
    const last = await store.lastCall(correlationId);
    const since = clock.now() - config.recording.inheritMs;
    return last && (last.endedAt ?? since) >= since ? last : undefined;
  };
}
