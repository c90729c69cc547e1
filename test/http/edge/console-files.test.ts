import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fastify from 'fastify';
import { afterAll, expect, test } from 'vitest';
import { consoleFiles } from '../../../src/http/edge/console-files.ts';

const consoleDir = mkdtempSync(join(tmpdir(), 'hush-console-'));
writeFileSync(join(consoleDir, 'index.html'), '<!doctype html>');
afterAll(() => rmSync(consoleDir, { recursive: true }));

/** @returns the origins that the page may connect to */
async function connectSrc(...issuers: string[]): Promise<string | undefined> {
  const app = fastify();
  const consoleIssuers = issuers.map((issuer) => ({ issuer, clientId: 'c', scope: 'openid' }));
  consoleFiles(app, { consoleDir, consoleIssuers });
  const { headers } = await app.inject('/');
  await app.close();
  const directives = String(headers['content-security-policy']).split('; ');
  return directives.find((directive) => directive.startsWith('connect-src'));
}

test('the console may connect to Hush, and to the issuers that know it', async () => {
  expect(await connectSrc()).toBe("connect-src 'self'");
  expect(
    await connectSrc('https://login.example.com/realms/cc', 'http://127.0.0.1:8443/x;script-src *'),
  ).toBe("connect-src 'self' https://login.example.com http://127.0.0.1:8443");
});
