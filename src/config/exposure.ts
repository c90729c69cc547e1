import { isIP } from 'node:net';
import { isLoopbackHost, NetworkError, parseNetworks } from '../domain/common/networks.ts';
import type { Role } from '../domain/model/principal.ts';
import type { Config } from './schema.ts';

/** An unsafe consequence of a setting, which nobody can have intended. */
export interface Exposure {
  /** JSON pointer: `/http/anonymousNetworks` */
  readonly path: string;
  readonly message: string;
}

/** A larger range counts as the whole Internet. */
const LEAST_IPV4_PREFIX = 8;
const LEAST_IPV6_PREFIX = 16;
/** Unique local addresses (RFC 4193): a large range, but private. */
const uniqueLocal = /^f[cd][0-9a-f]{2}:/i;

/** Returns the access without a token that `auth` and `http` together allow. */
export function anonymousAccess({ auth, http }: Pick<Config, 'auth' | 'http'>): {
  anonymous: boolean;
  anonymousRole: Role;
  takesTokens: boolean;
} {
  const takesTokens = auth.mode !== 'none';
  return {
    anonymous: auth.anonymous ?? !isReachable(http),
    anonymousRole: auth.anonymousRole ?? (takesTokens ? 'integrator' : 'admin'),
    takesTokens,
  };
}

/** True when Hush can be reached from other machines, directly or through a proxy. */
function isReachable({ host, trustedProxies, publicUrl }: Config['http']): boolean {
  if (!isLoopback(host) || trustedProxies.length > 0) return true;
  if (publicUrl === undefined) return false;
  return !isLoopbackHost(new URL(publicUrl).hostname.replace(/^\[|\]$/g, ''));
}

/** Returns the first access setting that is unsafe; undefined if none is. */
export function exposureOf(config: Config): Exposure | undefined {
  return badNetwork(config) ?? openToTheWorld(config) ?? openSip(config) ?? noDoor(config);
}

function badNetwork({ http, sip }: Config): Exposure | undefined {
  const lists = {
    '/http/anonymousNetworks': http.anonymousNetworks,
    '/http/trustedProxies': http.trustedProxies,
    '/sip/allowedNetworks': sip.allowedNetworks ?? [],
  };
  for (const [path, entries] of Object.entries(lists)) {
    for (const [index, entry] of entries.entries()) {
      try {
        parseNetworks([entry]);
      } catch (cause) {
        if (!(cause instanceof NetworkError)) throw cause;
        const message = `(${entry}) is neither an address nor a CIDR range`;
        return { path: `${path}/${index}`, message };
      }
    }
  }
  return undefined;
}

function openToTheWorld(config: Config): Exposure | undefined {
  const { http } = config;
  if (!isReachable(http) || !anonymousAccess(config).anonymous) return undefined;
  const index = http.anonymousNetworks.findIndex(isTheWorld);
  if (index < 0) return undefined;
  return {
    path: `/http/anonymousNetworks/${index}`,
    message:
      `(${http.anonymousNetworks[index]}) would let the whole world use v1 without a token: ` +
      'name the networks of your payment systems and desktops, or set auth.anonymous to false',
  };
}

/** A SIP client decides what is recorded, and where its audio is sent. */
function openSip({ sip }: Config): Exposure | undefined {
  if (isPlainSipGuarded(sip) || isTlsMutual(sip)) return undefined;
  const world = sip.allowedNetworks?.findIndex(isTheWorld) ?? -1;
  const told =
    'name your session border controllers in sip.allowedNetworks, or ask for digest ' +
    '(sip.digest.users) or certificates of their own (sip.tls.caFile)';
  if (world >= 0) {
    const named = sip.allowedNetworks?.[world];
    const message = `(${named}) would let the whole world begin recordings: ${told}`;
    return { path: `/sip/allowedNetworks/${world}`, message };
  }
  const message = `(${sip.host}) is more than loopback, and anybody could begin recordings: ${told}`;
  return { path: '/sip/host', message };
}

/** True when UDP and TCP authenticate clients, or listen on loopback only. */
export function isPlainSipGuarded({ host, allowedNetworks, digest }: Config['sip']): boolean {
  if (isLoopback(host) || digest.users.length > 0) return true;
  return allowedNetworks !== undefined && !allowedNetworks.some(isTheWorld);
}

function isTlsMutual({ tls }: Config['sip']): boolean {
  return tls.certFile !== undefined && tls.keyFile !== undefined && tls.caFile !== undefined;
}

function noDoor(config: Config): Exposure | undefined {
  const { mode, issuers } = config.auth;
  if (mode === 'external' && issuers.length === 0) {
    return { path: '/auth/issuers', message: 'is needed when auth.mode is external' };
  }
  const stranger = issuers.findIndex(
    ({ consoleClient, clients }) => consoleClient !== undefined && !clients.includes(consoleClient),
  );
  if (stranger >= 0) {
    return {
      path: `/auth/issuers/${stranger}/consoleClient`,
      message:
        'is not among its clients: the tokens of who signs in at the console would be refused',
    };
  }
  if (mode !== 'none' || anonymousAccess(config).anonymous) return undefined;
  return {
    path: '/auth/mode',
    message:
      'none lets nobody in, since Hush is reached from beyond loopback: set auth.anonymous to true ' +
      'and http.anonymousNetworks to who may call without a token, or auth.mode to embedded',
  };
}

const onThisMachine = parseNetworks(['127.0.0.0/8', '::1']);

/** True for a loopback address in any spelling; another name may resolve to any address. */
export function isLoopback(host: string): boolean {
  return host.toLowerCase() === 'localhost' || onThisMachine(host);
}

function isTheWorld(entry: string): boolean {
  const [address = '', prefix] = entry.split('/');
  if (prefix === undefined || uniqueLocal.test(address)) return false;
  return Number(prefix) < (isIP(address) === 6 ? LEAST_IPV6_PREFIX : LEAST_IPV4_PREFIX);
}

/** Returns the issuers at which console users sign in, in mode `external`. */
export function consoleIssuersOf({ auth: { mode, issuers } }: Config) {
  if (mode !== 'external') return [];
  return issuers.flatMap(({ issuer, consoleClient, consoleScope: scope }) =>
    consoleClient === undefined ? [] : [{ issuer, clientId: consoleClient, scope }],
  );
}
