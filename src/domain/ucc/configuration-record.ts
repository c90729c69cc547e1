import { systemCaller } from '../access/access.ts';
import { auditedChange, SECRET_CHANGED } from '../access/audit-change.ts';
import type { AuditLog, AuditOf } from '../access/audit-log.ts';
import { isSameUcc, type UccSettings, withSettings } from '../model/ucc.ts';
import type { Store } from '../ports/store.ts';
import type { UccRegistry } from './ucc-registry.ts';

/** The configuration in the form that the audit log may hold. */
export interface EffectiveConfiguration {
  readonly uccs: readonly (UccSettings & { readonly name: string })[];
  /** All other settings, by paths: `http.port`. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** All secrets, concatenated; empty where there are none. */
  readonly secrets: string;
}

export interface ConfigurationPorts {
  readonly store: Pick<Store, 'commit' | 'configuration'>;
  readonly uccs: UccRegistry;
  readonly auditLog: AuditLog;
  /** Returns a hash that is slow to guess from. */
  hash(secrets: string): Promise<string>;
  verify(secrets: string, hash: string): Promise<boolean>;
}

const file = systemCaller('configuration', 'config');
const reason = 'configuration file';

/**
 * Brings the store up to date with the configuration at a start, and writes the changes to the
 * audit log: edits made to the file while Hush was down are on record from here on.
 */
export async function recordConfiguration(
  told: EffectiveConfiguration,
  ports: ConfigurationPorts,
): Promise<void> {
  for (const { name, ...settings } of told.uccs) await seed(name, settings, ports);
  await recordSettings(told, ports);
}

/** Creates the file's UCCs, or updates them to match it. */
async function seed(
  name: string,
  settings: UccSettings,
  { uccs, auditLog }: ConfigurationPorts,
): Promise<void> {
  const before = uccs.get(name);
  // A setting that the file already had is no change, and leaves no row.
  if (before && isSameUcc(before, withSettings(before, settings))) return;
  const auditOf: AuditOf = (change) =>
    auditLog.entry(file, {
      action: `ucc ${before ? 'change' : 'save'} ${name}`,
      uccName: name,
      outcome: 'ok',
      reason,
      change,
    });
  const by = { auditOf, hasReason: true };
  if (before) await uccs.patch(name, settings, by);
  else await uccs.put(name, settings, by);
}

/** Records of secrets only that they changed. A first start changes nothing, and is remembered. */
async function recordSettings(
  { settings: now, secrets }: EffectiveConfiguration,
  { store, auditLog, hash, verify }: ConfigurationPorts,
): Promise<void> {
  const settings = JSON.stringify(now);
  const before = await store.configuration();
  const kept = before?.secrets ?? null;
  const isSameSecret =
    secrets === '' || kept === null ? secrets === '' && kept === null : await verify(secrets, kept);
  if (before?.settings === settings && isSameSecret) return;
  const seenSecrets = secrets === '' ? null : isSameSecret ? kept : await hash(secrets);
  const configuration = { settings, secrets: seenSecrets };
  if (!before) return store.commit({ configuration });
  const change = auditedChange(JSON.parse(before.settings) as object, {
    ...now,
    ...(isSameSecret ? {} : { secrets: SECRET_CHANGED }),
  });
  const audited = { action: 'configuration change', outcome: 'ok', reason, change } as const;
  await store.commit({ configuration, audit: [auditLog.entry(file, audited)] });
}
