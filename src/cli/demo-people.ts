import { randomBytes } from 'node:crypto';
import type { Config } from '../config/schema.ts';
import { demoUcc } from '../demo/contact-centre.ts';
import { commandLineCaller } from '../domain/access/access.ts';
import type { Entry } from '../domain/access/account-service.ts';
import { openOfflineStore } from '../offline-store.ts';

export const demoTenant = '6f2c1f5e-0d7a-4b52-9a60-7f6c2a1e9d10';
export const demoClient = 'coreapi';
export const demoUser = 'payment-page';
const PASSWORD_BYTES = 18;

export interface DemoCredentials {
  readonly secret: string;
  readonly password: string;
}

/** Credentials that work until the next start: none are written down in a public repository. */
export async function addDemoPeople(config: Config): Promise<DemoCredentials> {
  const offline = await openOfflineStore(config);
  const entry: Entry = (action, change) =>
    offline.auditLog.entry(commandLineCaller('demo'), { action, outcome: 'ok', change });
  const { secret } = await offline.register.saveClient(demoClient, entry);
  const password = randomBytes(PASSWORD_BYTES).toString('base64url');
  const settings = { roles: ['integrator'], uccs: [demoUcc], password };
  await offline.register.saveUser(demoUser, settings, entry);
  await offline.close();
  return { secret, password };
}
