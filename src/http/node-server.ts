import { readFileSync, statSync } from 'node:fs';
import { createServer as createHttpServer, type RequestListener, type Server } from 'node:http';
import { createServer as createHttpsServer, type ServerOptions } from 'node:https';
import type { HttpSettings } from './services.ts';

type TlsSettings = HttpSettings['tls'];

/** How often certificate and key are looked at: whoever renews them swaps files or links. */
export const CERTIFICATE_CHECK_MS = 10_000;
/** Timeouts are kept to within this. */
const CONNECTIONS_CHECK_MS = 1_000;

export interface NodeServer {
  readonly server: Server;
  /** Reads certificate and key now; a pair that does not fit leaves the old one. */
  reload(): void;
}

/** Node's own server, with its limits, and TLS where a certificate is configured. */
export function createNodeServer(
  handler: RequestListener,
  settings: HttpSettings,
  onError: (cause: unknown) => void,
): NodeServer {
  const options = {
    maxHeaderSize: settings.maxHeaderBytes,
    headersTimeout: settings.headersTimeoutMs,
    requestTimeout: settings.requestTimeoutMs,
    keepAliveTimeout: settings.keepAliveTimeoutMs,
    connectionsCheckingInterval: CONNECTIONS_CHECK_MS,
  };
  const { tls } = settings;
  if (tls.certFile === undefined) {
    const server = createHttpServer(options, handler);
    server.maxConnections = settings.maxConnections;
    return { server, reload: () => undefined };
  }
  const secure = createHttpsServer({ ...options, ...contextOf(tls) }, handler);
  secure.maxConnections = settings.maxConnections;
  const reload = (): void => {
    try {
      secure.setSecureContext(contextOf(tls));
    } catch (cause) {
      onError(cause);
    }
  };
  watch(tls, secure, reload);
  return { server: secure, reload };
}

/** @throws Error naming the file that cannot be read */
function contextOf({ certFile = '', keyFile = '', caFile, minVersion }: TlsSettings) {
  const context: ServerOptions = {
    cert: readFileSync(certFile),
    key: readFileSync(keyFile),
    minVersion,
  };
  if (caFile === undefined) return context;
  return { ...context, ca: readFileSync(caFile), requestCert: true, rejectUnauthorized: true };
}

/** By what the paths lead to, for links may be swapped without a file being touched. */
function watch(tls: TlsSettings, server: Server, reload: () => void): void {
  let seen = stateOf(tls);
  const timer = setInterval(() => {
    const now = stateOf(tls);
    if (now === seen) return;
    seen = now;
    reload();
  }, CERTIFICATE_CHECK_MS);
  timer.unref();
  server.once('close', () => clearInterval(timer));
}

function stateOf({ certFile = '', keyFile = '', caFile }: TlsSettings): string {
  return [certFile, keyFile, ...(caFile === undefined ? [] : [caFile])]
    .map((file) => {
      const found = statSync(file, { throwIfNoEntry: false });
      return found ? `${found.ino} ${found.mtimeMs} ${found.size}` : '';
    })
    .join();
}
