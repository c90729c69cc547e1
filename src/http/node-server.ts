import {
  createServer as createHttpServer,
  type RequestListener,
  type Server,
  type ServerOptions,
} from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { Certificate } from '../protocols/tls/certificate.ts';
import { inTurn } from './in-turn.ts';
import { reduceTarget } from './request-target.ts';
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
  const server = certificate ? secureServer(options, certificate) : createHttpServer(options);
  server.maxConnections = settings.maxConnections;
  // Before every other listener: routes and hubs know one spelling of a target.
  server.on('request', (request) => reduceTarget(request));
  server.on('upgrade', (request) => reduceTarget(request));
  server.on('request', inTurn(handler));
  return server;
}

function secureServer(options: ServerOptions, certificate: Certificate): Server {
  const server = createHttpsServer({ ...options, ...certificate.options });
  certificate.onChange((renewed) => server.setSecureContext(renewed));
  return server;
}
