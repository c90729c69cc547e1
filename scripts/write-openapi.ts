import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { anonymousAccess } from '../src/config/exposure.ts';
import { loadConfig } from '../src/config/load.ts';
import { buildHttpServer, type HttpServerPorts } from '../src/http/http-server.ts';

export const openApiFile = fileURLToPath(new URL('../api/openapi.json', import.meta.url));

/** Returns the text of `api/openapi.json`, generated from the route schemas. */
export async function openApiText(): Promise<string> {
  // Routes use their dependencies only when they are called.
  const config = loadConfig({});
  const settings = {
    ...config.http,
    access: anonymousAccess(config),
    consoleIssuers: [],
    eventKeepAliveMs: config.events.keepAliveMs,
  };
  const services = {
    isStopping: () => false,
    hub: { folders: [] as readonly string[] },
  } as unknown as HttpServerPorts;
  const app = await buildHttpServer(settings, services);
  const response = await app.inject({ url: '/api/openapi.json' });
  await app.close();
  if (response.statusCode !== 200) throw new Error(response.body);
  return `${JSON.stringify(response.json(), null, 2)}\n`;
}

/** Writes the file; with `--check` only its exit code reports whether the file is up to date. */
async function main(): Promise<void> {
  const text = await openApiText();
  if (!process.argv.includes('--check')) {
    mkdirSync(dirname(openApiFile), { recursive: true });
    writeFileSync(openApiFile, text);
    return;
  }
  if (readFileSync(openApiFile, 'utf8') === text) return;
  console.error('api/openapi.json is stale: npm run openapi writes it anew');
  process.exitCode = 1;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await main();
