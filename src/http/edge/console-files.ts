import { existsSync, readdirSync } from 'node:fs';
import { extname, join } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { none } from '../request/audit.ts';
import type { ConsoleIssuer, HttpSettings } from '../settings.ts';

const served: readonly string[] = ['.html', '.js', '.css', '.svg', '.json', '.ts'];

/** Scripts come from Hush alone; styles are set on elements as well. */
const policyOf = (issuers: readonly ConsoleIssuer[]): string =>
  [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data: blob:",
    "media-src 'self' blob:",
    ["connect-src 'self'", ...issuers.map(({ issuer }) => new URL(issuer).origin)].join(' '),
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join('; ');

/**
 * Serves the web console and `/client/` as they were built, compressed where the build did so. Each
 * file is a route of its own: nothing else of the folder, or beside it, can be asked for.
 */
export async function consoleFiles(
  app: FastifyInstance,
  { consoleDir: root, consoleIssuers }: Pick<HttpSettings, 'consoleDir' | 'consoleIssuers'>,
): Promise<void> {
  if (root === undefined || !existsSync(join(root, 'index.html'))) return;
  // Each file says below how long a browser may keep it.
  const sent = { root, serve: false, preCompressed: true, cacheControl: false };
  await app.register(fastifyStatic, sent);
  const policy = policyOf(consoleIssuers);
  for (const name of readdirSync(root, { recursive: true }) as string[]) {
    if (!served.includes(extname(name))) continue;
    const path = `/${name.replaceAll('\\', '/')}`;
    app.get(
      path === '/index.html' ? '/' : path,
      {
        config: {
          access: 'open',
          audit: none('the console and the client as they were built'),
          page: 'own',
        },
        schema: { hide: true },
      },
      (_, reply) => send(reply.header('Content-Security-Policy', policy), path),
    );
  }
}

function send(reply: FastifyReply, path: string): FastifyReply {
  const isImmutable = path.startsWith('/assets/');
  reply.header('Cache-Control', isImmutable ? 'public, max-age=31536000, immutable' : 'no-cache');
  // By its ending, a `.ts` file would be sent as video.
  if (!path.endsWith('.ts')) return reply.sendFile(path);
  return reply.type('text/plain; charset=utf-8').sendFile(path, { contentType: false });
}
