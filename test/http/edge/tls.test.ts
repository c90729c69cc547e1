import { mkdirSync, writeFileSync } from 'node:fs';
import { get as httpsGet, request as httpsRequest } from 'node:https';
import { join } from 'node:path';
import { connect, type PeerCertificate, type TLSSocket } from 'node:tls';
import pino from 'pino';
import { generate } from 'selfsigned';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { HushServer } from '../../../src/assemble/running-server.ts';
import { createServer } from '../../../src/server.ts';
import { temporaryFolder, testConfig } from '../../support/hush/hush.ts';

const folder = temporaryFolder();
const certFile = join(folder, 'hush.crt');
const keyFile = join(folder, 'hush.key');
const errors: unknown[] = [];
let server: HushServer;
let api: URL;

async function certificate(name: string): Promise<{ cert: string; private: string }> {
  return generate([{ name: 'commonName', value: name }], { algorithm: 'sha256' });
}

async function install(name: string): Promise<void> {
  const pems = await certificate(name);
  writeFileSync(certFile, pems.cert);
  writeFileSync(keyFile, pems.private);
}

beforeAll(async () => {
  mkdirSync(folder, { recursive: true });
  await install('first');
  const config = testConfig(join(folder, 'data'), (defaults) => ({
    ...defaults,
    http: { ...defaults.http, tls: { certFile, keyFile, minVersion: 'TLSv1.2' } },
  }));
  const logger = pino({ level: 'error' }, { write: (line: string) => void errors.push(line) });
  server = await createServer(config, { logger });
  api = new URL((await server.start()).http);
});
afterAll(() => server.stop());

function shakeHands(options: object = {}): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const port = Number(api.port);
    const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ...options });
    socket.once('secureConnect', () => resolve(socket));
    socket.once('error', reject);
  });
}

async function nameShown(): Promise<unknown> {
  const socket = await shakeHands();
  const shown = socket.getPeerCertificate() as PeerCertificate;
  socket.destroy();
  return shown.subject.CN;
}

test('HTTPS sends a header that keeps browsers to it', async () => {
  expect(api.protocol).toBe('https:');
  const headers = await new Promise<Record<string, unknown>>((resolve, reject) => {
    httpsGet(new URL('/api/health', api), { rejectUnauthorized: false }, (response) => {
      response.resume();
      resolve(response.headers);
    }).once('error', reject);
  });
  expect(headers['strict-transport-security']).toMatch(/^max-age=\d+/);
});

test('only the https origin counts as that of Hush itself', async () => {
  const statusFrom = (origin: string) =>
    new Promise<number | undefined>((resolve, reject) => {
      const options = { method: 'POST', rejectUnauthorized: false, headers: { Origin: origin } };
      const url = new URL('/api/sign-in', api);
      const request = httpsRequest(url, options, (response) => {
        response.resume();
        resolve(response.statusCode);
      });
      request.once('error', reject).end();
    });
  expect(await statusFrom(api.origin)).not.toBe(403);
  expect(await statusFrom(api.origin.replace('https:', 'http:'))).toBe(403);
});

test('TLS 1.1 is refused', async () => {
  await expect(shakeHands({ maxVersion: 'TLSv1.1', minVersion: 'TLSv1.1' })).rejects.toThrow();
});

test('a renewed certificate serves new connections, and existing ones stay', async () => {
  const open = await shakeHands();
  expect(await nameShown()).toBe('first');
  await install('second');
  server.reload();
  expect(await nameShown()).toBe('second');
  const answer = new Promise<string>((resolve) => open.once('data', (data) => resolve(`${data}`)));
  open.write('GET /api/health HTTP/1.1\r\nHost: localhost\r\n\r\n');
  expect(await answer).toMatch(/^HTTP\/1.1 200/);
  open.destroy();
});

test('a certificate with the wrong key is reported, and the old pair stays', async () => {
  const before = await nameShown();
  writeFileSync(keyFile, (await certificate('third')).private);
  const known = errors.length;
  server.reload();
  expect(errors.length).toBe(known + 1);
  expect(await nameShown()).toBe(before);
});
