import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { closeSync, constants, openSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type JWTHeaderParameters, SignJWT } from 'jose';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { verifiedJwt } from '../../src/auth/verified-jwt.ts';
import { temporaryFolder } from '../support/hush/hush.ts';

const issuer = 'https://issuer.example';
/** Threads of libuv, unless the environment says otherwise. */
const POOL_THREADS = Number(process.env.UV_THREADPOOL_SIZE) || 4;

const rsa = (modulusLength: number) => generateKeyPairSync('rsa', { modulusLength });
const curve = (namedCurve: string) => generateKeyPairSync('ec', { namedCurve });
const pairs = {
  RS256: rsa(2048),
  PS384: rsa(2048),
  RS512: rsa(3072),
  EdDSA: generateKeyPairSync('ed25519'),
  ES256: curve('P-256'),
  ES384: curve('P-384'),
  ES512: curve('P-521'),
};
type Alg = keyof typeof pairs;

function signed(alg: Alg, header: Partial<JWTHeaderParameters> = {}): Promise<string> {
  return new SignJWT({ sub: 'zoe' })
    .setProtectedHeader({ alg, ...header })
    .setIssuer(issuer)
    .setExpirationTime('5m')
    .sign(pairs[alg].privateKey);
}

/** Returns the key as Web Cryptography holds it, which is how `jose` finds it. */
function publicKey(alg: Alg): CryptoKey {
  const algorithms = {
    RS256: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' },
    PS384: { name: 'RSA-PSS', hash: 'SHA-384' },
    RS512: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-512' },
    EdDSA: { name: 'Ed25519' },
    ES256: { name: 'ECDSA', namedCurve: 'P-256' },
    ES384: { name: 'ECDSA', namedCurve: 'P-384' },
    ES512: { name: 'ECDSA', namedCurve: 'P-521' },
  };
  return pairs[alg].publicKey.toCryptoKey(algorithms[alg], true, ['verify']);
}

const verify = (token: string, alg: Alg) =>
  verifiedJwt(token, async () => publicKey(alg), { issuer, requiredClaims: ['exp'] });

describe.each(Object.keys(pairs) as Alg[])('a token signed with %s', (alg) => {
  it('is verified', async () => {
    expect((await verify(await signed(alg), alg)).payload.sub).toBe('zoe');
  });

  it('is refused with another payload, another signature, or by another key', async () => {
    const [header, payload, signature = ''] = (await signed(alg)).split('.');
    const other = Buffer.from(JSON.stringify({ sub: 'eve', iss: issuer, exp: 9e9 }));
    await expect(
      verify(`${header}.${other.toString('base64url')}.${signature}`, alg),
    ).rejects.toThrow('signature verification failed');
    const bytes = Buffer.from(signature, 'base64url');
    bytes[3] = (bytes[3] ?? 0) ^ 1;
    await expect(
      verify(`${header}.${payload}.${bytes.toString('base64url')}`, alg),
    ).rejects.toThrow('signature verification failed');
    await expect(verify(`${header}.${payload}.${signature}=`, alg)).rejects.toThrow();
  });
});

it('a key that is too short, and an unknown critical header, are refused', async () => {
  const { publicKey: short, privateKey } = rsa(1024);
  const key = short.toCryptoKey({ name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }, true, ['verify']);
  const parts = (await signed('RS256')).split('.').slice(0, 2).join('.');
  const { sign } = await import('node:crypto');
  const signature = sign('sha256', Buffer.from(parts), privateKey).toString('base64url');
  await expect(verifiedJwt(`${parts}.${signature}`, async () => key, { issuer })).rejects.toThrow();
  const header = Buffer.from('{"alg":"RS256","crit":["b64"],"b64":false}').toString('base64url');
  const [, payload, rest] = (await signed('RS256')).split('.');
  await expect(verify(`${header}.${payload}.${rest}`, 'RS256')).rejects.toThrow('critical');
});

describe('while every thread of the pool waits for a disk', () => {
  let folder = '';
  let pipe = '';
  let opening: Promise<unknown>[] = [];
  beforeEach(() => {
    folder = temporaryFolder();
    pipe = join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    // Each thread of the pool waits for a writer.
    opening = Array.from({ length: POOL_THREADS }, () =>
      open(pipe, 'r').then((file) => file.close()),
    );
  });
  afterEach(async () => {
    const writer = openSync(pipe, constants.O_RDWR);
    await Promise.all(opening);
    closeSync(writer);
    rmSync(folder, { recursive: true, force: true });
  });

  it('a token is still verified', async () => {
    const header = Buffer.from('{"alg":"RS256"}').toString('base64url');
    const claims = { sub: 'zoe', iss: issuer, exp: Math.floor(Date.now() / 1000) + 60 };
    const parts = `${header}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}`;
    const { sign } = await import('node:crypto');
    const signature = sign('sha256', Buffer.from(parts), pairs.RS256.privateKey);
    const verified = verify(`${parts}.${signature.toString('base64url')}`, 'RS256');
    const outcome = await Promise.race([verified, delay(2_000, 'late')]);
    expect(outcome).toMatchObject({ payload: { sub: 'zoe' } });
  });
});
