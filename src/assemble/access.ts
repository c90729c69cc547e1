import { type Auth, openAuth } from '../auth/open-auth.ts';
import { hashPassword, hashSecret } from '../auth/password-hash.ts';
import type { Guessing } from '../auth/sign-in-limits.ts';
import { AccountService } from '../domain/access/account-service.ts';
import { AuditLog } from '../domain/access/audit-log.ts';
import { FirstAdmin } from '../domain/access/first-admin.ts';
import type { Alarm } from '../domain/model/alarm.ts';
import type { AuditRecord } from '../domain/model/audit-record.ts';
import type { Principal } from '../domain/model/principal.ts';
import { RefusedRequestLog } from '../logging/refused-log.ts';
import type { AssuranceParts } from './assurance.ts';
import { type Context, Late } from './context.ts';
import type { StoreParts } from './store.ts';

export type AccessParts = ReturnType<typeof assembleAccess>;

/** Audit log, sign-in and tokens, users and clients. */
export function assembleAccess(
  context: Context,
  { store }: StoreParts,
  { alarms, metrics, onAuditFailed }: AssuranceParts,
) {
  const { config, clock, disposal, logs } = context;
  const auditLog = newAuditLog(context, store, onAuditFailed);
  const onStandingsFailed = (cause: unknown): void =>
    logs.auth.error({ err: cause }, 'users and clients could not be read; it is tried again');
  /** URL of the HTTP server, named by tokens of the embedded issuer. */
  const httpUrl = new Late<string>('the HTTP server');
  const auth: Auth = openAuth({
    settings: config.auth,
    dataDir: config.dataDir,
    people: store.people,
    clock,
    url: () => config.http.publicUrl ?? httpUrl.ifSet ?? '',
    onSignIn(signIn) {
      metrics.signIn(signIn);
      return auditLog.signIn(signIn);
    },
    onGuessing: (guessing) => alarms.raise(signInsGuessed(guessing, config.auth.failureWindowMs)),
    onStandingsFailed,
    onError: (cause) =>
      logs.auth.warn({ err: cause }, 'the keys of an issuer could not be fetched'),
  });
  const { standings } = auth;
  disposal.add('standings', () => standings?.close());
  const accounts = new AccountService({
    people: store.people,
    hashPassword,
    hashSecret,
    now: () => clock.now(),
    changed: async () => standings?.refresh().catch(onStandingsFailed),
  });
  return {
    auditLog,
    auth,
    httpUrl,
    accounts,
    /** Undefined unless `auth.mode` is `embedded`. */
    firstAdmin: auth.issuer && new FirstAdmin(accounts),
    /** True while a bearer still has the roles that it was admitted with. */
    isCurrent: (principal: Principal): boolean => standings?.isCurrent(principal) ?? true,
  };
}

/** The audit log, whose refusals the log tells of as well. */
function newAuditLog(
  { clock, disposal, logs }: Context,
  store: StoreParts['store'],
  onError: (cause: unknown) => void,
): AuditLog {
  const refusedLog = new RefusedRequestLog(logs);
  const onRefused = (record: AuditRecord): void => refusedLog.refused(record);
  const auditLog = new AuditLog({ store, clock, onError, onRefused });
  disposal.add('audit log', async () => {
    await auditLog.close();
    refusedLog.close();
  });
  return auditLog;
}

function signInsGuessed({ of, address, failures }: Guessing, windowMs: number): Omit<Alarm, 'at'> {
  const what = { user: 'one user', client: 'one client', address: 'any user' }[of];
  const seconds = Math.round(windowMs / 1000);
  const detail = `${failures} failed sign-ins of ${what} from ${address} within ${seconds} s`;
  return { kind: 'signInsGuessed', detail };
}
