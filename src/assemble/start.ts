import { hashPassword, ScryptHasher } from '../auth/password-hash.ts';
import { effectiveConfiguration } from '../config/effective-configuration.ts';
import { recordConfiguration } from '../domain/ucc/configuration-record.ts';
import type { Capabilities } from './capabilities.ts';
import type { Context } from './context.ts';
import type { EdgeParts } from './edge.ts';
import { naming, StartError } from './start-error.ts';

export interface ServerAddresses {
  /** `http://127.0.0.1:8080` */
  readonly http: string;
  readonly sipUdpPort: number | undefined;
  readonly sipTcpPort: number | undefined;
  readonly sipTlsPort: number | undefined;
}

/**
 * The steps of a start, in their order. A stop that comes meanwhile ends it at the next step.
 * @throws StartError
 */
export async function start(
  context: Context,
  needs: Capabilities,
  edge: EdgeParts,
): Promise<ServerAddresses> {
  const { clock, life } = context;
  const { store, events, assurance, access, archive, recording, control } = needs;
  const startedAt = clock.now();
  assurance.watchLog();
  await events.uccs.load();
  await events.journal.load();
  await assurance.trustedClock.load();
  await edge.webhooks.start();
  mayGoOn(context);
  const restored = await recording.lifecycle.restore(store.claimed);
  for (const call of events.calls.list()) control.watch.changed(call);
  await noteConfiguration(context, needs);
  await access.auth.start();
  await edge.http.build();
  mayGoOn(context);
  // Before SIP, which may have to end sessions: a start that fails ends none.
  const http = await naming('http.host, http.port', () => edge.http.listen());
  mayGoOn(context);
  await naming('sip.udpPort, sip.tcpPort, sip.tlsPort', () => edge.srs.start(restored));
  mayGoOn(context);
  await recording.lifecycle.endLost();
  // Alarms that the process before left open are raised again where they still hold.
  await store.store.assurance.endAlarmsOfBefore(startedAt, clock.now());
  await assurance.daily.start();
  await startArchive(context, archive);
  mayGoOn(context);
  archive.retention.start();
  archive.jobs.goOn();
  life.phase = 'ready';
  const { udpPort: sipUdpPort, tcpPort: sipTcpPort, tlsPort: sipTlsPort } = edge.srs;
  const addresses = { http, sipUdpPort, sipTcpPort, sipTlsPort };
  context.logger.info({ ...addresses, issuer: access.auth.issuer?.issuer }, 'ready');
  await offerFirstAdmin(context, needs, context.config.http.publicUrl ?? http);
  return addresses;
}

function mayGoOn({ life }: Context): void {
  if (life.phase === 'stopping') throw new StartError('Hush was stopped while it started.');
}

/** Its hashes take their time, so it runs before the packets of restored calls are read. */
function noteConfiguration({ config }: Context, { store, events, access }: Capabilities) {
  return recordConfiguration(effectiveConfiguration(config), {
    store: store.store,
    uccs: events.uccs,
    auditLog: access.auditLog,
    hash: hashPassword,
    verify: (secrets, hash) => new ScryptHasher(1).verify(secrets, hash),
  });
}

async function startArchive(
  { logs }: Context,
  { mark, files, uploader }: Capabilities['archive'],
): Promise<void> {
  mark?.start();
  files.sweepUnfinished().catch((cause: unknown) => {
    logs.archive.warn({ err: cause }, 'what a process left behind could not be removed');
  });
  await uploader?.start();
}

/** Offers it in the log alone: whoever reads the log runs this Hush. */
async function offerFirstAdmin(
  { logger }: Context,
  { access }: Capabilities,
  url: string,
): Promise<void> {
  const code = await access.firstAdmin?.offer();
  if (code === undefined) return;
  logger.warn(
    { code, url: `${url}/#/first-admin` },
    'nobody can sign in yet: make the first admin there with this code, or by hush user add',
  );
}
