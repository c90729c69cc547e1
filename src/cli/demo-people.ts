import { randomBytes } from 'node:crypto';
import type { Config } from '../config/schema.ts';
import { demoUcc } from '../demo/contact-centre.ts';
import { openDesk } from '../desk.ts';
import { deskCaller } from '../domain/access.ts';

export const demoTenant = '6f2c1f5e-0d7a-4b52-9a60-7f6c2a1e9d10';
export const demoClient = 'coreapi';
export const demoUser = 'payment-page';
const SECRET_BYTES = 18;

export interface DemoCredentials {
  readonly secret: string;
  readonly password: string;
}

/** Credentials that work until the next start: none are written down in a public repository. */
export async function addDemoPeople(config: Config): Promise<DemoCredentials> {
  const desk = await openDesk(config);
  const [secret, password] = [newSecret(), newSecret()];
  const createdAt = Date.now();
  const entry = (action: string) => desk.trail.entry(deskCaller('demo'), { action, outcome: 'ok' });
  const secretHash = await desk.hashSecret(secret);
  const client = { id: demoClient, secretHash, createdAt };
  await desk.people.saveClient(client, entry(`client add ${demoClient}`));
  const user = {
    ...{ name: demoUser, passwordHash: await desk.hashPassword(password), createdAt },
    ...{ roles: ['integrator'] as const, uccs: [demoUcc], sipUri: null },
  };
  await desk.people.saveUser(user, entry(`user add ${demoUser}`));
  await desk.close();
  return { secret, password };
}

function newSecret(): string {
  return randomBytes(SECRET_BYTES).toString('base64url');
}
