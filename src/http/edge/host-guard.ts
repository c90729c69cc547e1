import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import type { FastifyInstance } from 'fastify';
import { isLoopbackHost, plainAddress } from '../../domain/common/networks.ts';
import { sendProblem } from '../request/problems.ts';
import type { HttpSettings } from '../settings.ts';
import type { Gate } from './access-gate.ts';
import type { OriginRule } from './origins.ts';

/**
 * A request that was led here: by a name that somebody else gave Hush's address (DNS rebinding), or
 * by a page of somebody else's.
 */
export interface Stray {
  readonly status: 400 | 403 | 421;
  readonly reason: 'host' | 'origin';
  readonly detail: string;
}

/** @param isUpgrade a WebSocket, which any page may open wherever it likes */
export type StrayRule = (request: IncomingMessage, isUpgrade: boolean) => Stray | undefined;

type HostSettings = Pick<HttpSettings, 'host' | 'publicUrl' | 'allowedHosts'>;

const otherHost: Stray = {
  status: 421,
  reason: 'host',
  detail: 'Hush is not served under this name: see http.publicUrl and http.allowedHosts.',
};
/** RFC 9112 section 3.2 */
const noHost: Stray = { status: 400, reason: 'host', detail: 'The host is none.' };
const otherOrigin: Stray = {
  status: 403,
  reason: 'origin',
  detail: 'Pages of this origin may not do this: see http.allowedOrigins.',
};

const safeMethods: readonly (string | undefined)[] = ['GET', 'HEAD', 'OPTIONS'];
/** Addresses of the machine change with its networks, and are looked up this often at most. */
const LOCAL_ADDRESSES_MS = 5_000;

/** Makes the one rule for requests and upgrades, asked before anything else of them is read. */
export function strayRule(settings: HostSettings, isOriginAllowed: OriginRule): StrayRule {
  const isServed = hostRule(settings);
  return (request, isUpgrade) => {
    const authority = authorityOf(request);
    const isNamed = authority === undefined ? isOld(request) : nameOf(authority) !== undefined;
    if (!isNamed) return noHost;
    if (!isServed(request)) return otherHost;
    if (!isUpgrade && safeMethods.includes(request.method)) return undefined;
    const { origin, 'sec-fetch-site': site } = request.headers;
    if (origin !== undefined) {
      return isOriginAllowed(origin, authority) ? undefined : otherOrigin;
    }
    return site === 'cross-site' ? otherOrigin : undefined;
  };
}

/** Answers strays before a route sees them. The audit log holds what is left of them. */
export function refuseStrays(
  app: FastifyInstance,
  strayOf: StrayRule,
  { gate, onError }: { readonly gate: Gate; onError(cause: unknown): void },
): void {
  app.addHook('onRequest', (request, reply, done) => {
    const stray = strayOf(request.raw, false);
    if (!stray) return void done();
    gate.strayed(request.raw, stray.reason).catch(onError);
    // A client that names no host gets no second request (RFC 9112 section 9.6).
    if (stray.status === 400) reply.header('Connection', 'close');
    return void sendProblem(reply, stray.status, stray.detail);
  });
}

/** Makes the rule of names and addresses that Hush answers under. */
export function hostRule(settings: HostSettings): (request: IncomingMessage) => boolean {
  const names = new Set([settings.host.toLowerCase()]);
  if (settings.publicUrl !== undefined) names.add(nameOf(new URL(settings.publicUrl).host) ?? '');
  const suffixes: string[] = [];
  for (const allowed of settings.allowedHosts.map((one) => one.toLowerCase())) {
    if (allowed.startsWith('.')) suffixes.push(allowed);
    names.add(allowed.startsWith('.') ? allowed.slice(1) : (nameOf(allowed) ?? ''));
  }
  names.delete('');
  const listensOnAll = ['', '0.0.0.0', '::'].includes(settings.host);
  const isLocal = localAddressRule();
  return (request) => {
    const authority = authorityOf(request);
    // HTTP/1.0 knows no Host: only programs of this machine still leave it out.
    if (authority === undefined) return isLoopbackHost(request.socket.remoteAddress ?? '');
    const name = nameOf(authority);
    if (name === undefined) return false;
    if (names.has(name) || isLoopbackHost(name)) return true;
    if (suffixes.some((suffix) => name.endsWith(suffix))) return true;
    if (isIP(name) === 0) return false;
    const own = plainAddress(request.socket.localAddress ?? '');
    return name === own || (listensOnAll && isLocal(name));
  };
}

/** HTTP/1.1 has to say whom it asks for (RFC 9112 section 3.2), HTTP/1.0 knows no `Host`. */
function isOld({ httpVersionMajor, httpVersionMinor }: IncomingMessage): boolean {
  return httpVersionMajor === 1 && httpVersionMinor === 0;
}

/** The target's own authority counts, where it has one (RFC 9112 section 3.2.2). */
export function authorityOf({ url = '', headers }: IncomingMessage): string | undefined {
  return /^https?:\/\/([^/?#]*)/i.exec(url)?.[1] ?? headers.host;
}

/** Returns the name in lower case, without port, brackets and root dot; undefined for none. */
function nameOf(authority: string): string | undefined {
  const match = /^(?:\[([0-9a-f:.]+)\]|([\w.-]+))(?::\d{0,5})?$/i.exec(authority);
  const address = match?.[1];
  if (address !== undefined) return isIP(address) === 6 ? plainAddress(address) : undefined;
  return match?.[2]?.toLowerCase().replace(/\.$/, '');
}

function localAddressRule(): (address: string) => boolean {
  let known = new Set<string>();
  let readAt = Number.NEGATIVE_INFINITY;
  return (address) => {
    const now = performance.now();
    if (now - readAt >= LOCAL_ADDRESSES_MS) {
      const all = Object.values(networkInterfaces()).flatMap((one) => one ?? []);
      known = new Set(all.map((one) => plainAddress(one.address)));
      readAt = now;
    }
    return known.has(address);
  };
}
