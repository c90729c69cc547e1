import {
  createServer as createHttpServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerOptions,
  type ServerResponse,
} from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { Certificate } from '../../protocols/tls/certificate.ts';
import type { HttpSettings } from '../settings.ts';
import { inTurn } from './in-turn.ts';
import { reduceTarget } from './request-target.ts';

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
    shouldUpgradeCallback,
    // Node would answer at once, whatever stands before and behind; the host guard does in turn.
    requireHostHeader: false,
  };
  const server = certificate ? secureServer(options, certificate) : createHttpServer(options);
  server.maxConnections = settings.maxConnections;
  // This runs before every other listener: routes and hubs know one spelling of a target.
  server.on('request', (request) => reduceTarget(request));
  server.on('upgrade', (request) => reduceTarget(request));
  server.on('request', closeDeclined);
  server.on('request', inTurn(handler));
  // Node would answer 417 by itself; what is expected need not be understood (RFC 9110, 10.1.1).
  server.on('checkExpectation', (...exchange) => void server.emit('request', ...exchange));
  return server;
}

/** Requests that offered a protocol which is not spoken here. */
const declined = new WeakSet<IncomingMessage>();

/**
 * A WebSocket is the only protocol that a connection changes to. Who offers another, as clients of
 * HTTP/2 do, is answered as if it had not (RFC 9110 section 7.8).
 */
function shouldUpgradeCallback(request: IncomingMessage): boolean {
  const { method, headers, httpVersionMinor } = request;
  const isNamed = headers.upgrade?.trim().toLowerCase() === 'websocket';
  const isWebSocket = isNamed && method === 'GET' && httpVersionMinor >= 1;
  if (!isWebSocket) declined.add(request);
  return isWebSocket;
}

/**
 * Node's parser drops what came in one piece with such a request, so that what comes next may begin
 * in the midst of another: the answer closes the connection.
 */
function closeDeclined(request: IncomingMessage, response: ServerResponse): void {
  if (declined.has(request)) response.shouldKeepAlive = false;
}

function secureServer(options: ServerOptions, certificate: Certificate): Server {
  const server = createHttpsServer({ ...options, ...certificate.options });
  certificate.onChange((renewed) => server.setSecureContext(renewed));
  return server;
}
