import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { none } from '../request/audit.ts';
import type { ConsoleIssuer, HttpSettings } from '../settings.ts';

const types: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.json': 'application/json',
};

/** Its script comes from here alone; styles it sets on elements as well. */
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

interface ConsoleFile {
  readonly type: string;
  readonly etag: string;
  readonly bytes: Buffer;
  readonly gzip: Buffer;
}

/** The web console, as it was built: some dozen files, held in memory. */
export function consoleFiles(
  app: FastifyInstance,
  { consoleDir: folder, consoleIssuers }: Pick<HttpSettings, 'consoleDir' | 'consoleIssuers'>,
): void {
  const policy = policyOf(consoleIssuers);
  if (folder === undefined || !existsSync(join(folder, 'index.html'))) return;
  for (const name of readdirSync(folder, { recursive: true }) as string[]) {
    if (!types[extname(name)]) continue;
    const path = `/${name.replaceAll('\\', '/')}`;
    const file = fileOf(join(folder, name));
    const address = path === '/index.html' ? '/' : path;
    app.get(
      address,
      {
        config: { access: 'open', audit: none('the console as it was built') },
        schema: { hide: true },
        helmet: { contentSecurityPolicy: false },
      },
      (request, reply) => {
        reply.header('Content-Security-Policy', policy);
        return send(file, path.startsWith('/assets/'), request, reply);
      },
    );
  }
}

function fileOf(path: string): ConsoleFile {
  const bytes = readFileSync(path);
  return {
    type: types[extname(path)] ?? 'application/octet-stream',
    etag: `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"`,
    bytes,
    gzip: gzipSync(bytes, { level: 9 }),
  };
}

function send(
  { type, etag, bytes, gzip }: ConsoleFile,
  isImmutable: boolean,
  ...[request, reply]: [FastifyRequest, FastifyReply]
): FastifyReply {
  reply.header('ETag', etag).header('Vary', 'Accept-Encoding');
  reply.header('Cache-Control', isImmutable ? 'public, max-age=31536000, immutable' : 'no-cache');
  if (request.headers['if-none-match'] === etag) return reply.code(304).send();
  reply.type(type);
  const takesGzip = /\bgzip\b/.test(String(request.headers['accept-encoding'] ?? ''));
  if (!takesGzip) return reply.send(bytes);
  return reply.header('Content-Encoding', 'gzip').send(gzip);
}
