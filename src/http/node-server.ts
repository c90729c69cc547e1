import { createServer as createHttpServer, type RequestListener, type Server } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { Certificate } from '../protocols/tls/certificate.ts';
import type { HttpSettings } from './services.ts';

/** Timeouts are kept to within this. */
const CONNECTIONS_CHECK_MS = 1_000;

/** Node's own server, with its limits, and TLS where there is a certificate. */
export function createNodeServer(
  handler: RequestListener,
  settings: HttpSettings,
  certificate: Certificate | undefined,
): Server {
  const options = {
    maxHeaderSize: settings.maxHeaderBytes,
    headersTimeout: settings.headersTimeoutMs,
    requestTimeout: settings.requestTimeoutMs,
    keepAliveTimeout: settings.keepAliveTimeoutMs,
    connectionsCheckingInterval: CONNECTIONS_CHECK_MS,
  };
  if (!certificate) {
    const server = createHttpServer(options, handler);
    server.maxConnections = settings.maxConnections;
    return server;
  }
  const secure = createHttpsServer({ ...options, ...certificate.options }, handler);
  secure.maxConnections = settings.maxConnections;
  certificate.onChange((renewed) => secure.setSecureContext(renewed));
  return secure;
}
