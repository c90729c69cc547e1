import type { JWTPayload } from 'jose';
import { parseRequesterUri, uriKey } from '../domain/identifiers/sip-uri.ts';
import { type Principal, type Role, roles, type Standing } from '../domain/model/principal.ts';
import { uccKey } from '../domain/model/ucc.ts';
import { TokenRefusedError } from '../domain/ports/authenticator.ts';

/** Settings for reading an issuer's claims; see the section `auth.issuers` of the configuration. */
export interface IssuerSettings {
  readonly issuer: string;
  readonly clients: readonly string[];
  readonly jwksUri?: string;
  readonly rolesFrom: readonly string[];
  readonly rolePrefix: string;
  readonly uccsFrom: string;
  readonly nameFrom: readonly string[];
  readonly urisFrom: readonly string[];
  readonly defaultRole?: Role;
  readonly defaultUccs: readonly string[];
}

const MAX_TEXT_LENGTH = 512;
const MAX_ITEMS = 1_000;
const control = /\p{Cc}/u;
/**
 * The `typ` values of access tokens (RFC 9068 section 2.1; Keycloak); others are refused.
 */
const accessTypes: readonly string[] = ['jwt', 'at+jwt', 'application/at+jwt', 'bearer'];
/**
 * Claims that only ID tokens carry (OpenID Connect Core 1.0 sections 2 and 3.3.2.11), or logout
 * tokens (Back-Channel Logout 1.0 section 2.4).
 */
const claimsOfOthers = ['nonce', 'at_hash', 'c_hash', 's_hash', 'events'] as const;

/**
 * Returns the principal of a verified token. A removed user and a later one of the same name
 * differ.
 *
 * @throws TokenRefusedError
 */
export function principalOf(
  claims: JWTPayload,
  settings: IssuerSettings,
  standing?: Standing,
): Principal {
  requireAccessClaims(claims);
  const known = knownClientOf(claims, settings);
  // If `aud` names us, `azp` still names the client that requested the token.
  const client = text(claims.azp) ?? text(claims.appid) ?? known;
  const subject = text(claims.sub) ?? client;
  const since = standing?.userSince ? [standing.userSince] : [];
  return {
    key: JSON.stringify([settings.issuer, subject, client, ...since]),
    name: firstText(claims, settings.nameFrom) ?? subject,
    client,
    // Roles that another client defines for itself have no meaning here.
    roles: rolesOf(claims, settings, known),
    uccs: uccsOf(claims, settings),
    uris: urisOf(claims, settings),
    expiresAt: (claims.exp ?? 0) * 1000,
    ...(standing ? { standing } : {}),
  };
}

/** @throws TokenRefusedError if it is no access token, or is bound to a key that nobody presents */
function requireAccessClaims(claims: JWTPayload): void {
  if (!isAccessType(claims.typ)) throw new TokenRefusedError('type');
  // Cognito's equivalent of `typ`.
  const { token_use: use = 'access' } = claims;
  if (typeof use !== 'string' || plain(use) !== 'access') throw new TokenRefusedError('type');
  if (claimsOfOthers.some((name) => claims[name] !== undefined))
    throw new TokenRefusedError('type');
  // A token bound to a key (RFC 7800) must not be accepted as a bearer token.
  if (claims.cnf !== undefined) throw new TokenRefusedError('cnf');
}

/** Checks the type in the header and in the claims: a token without one may be an access token. */
export function isAccessType(type: unknown): boolean {
  return type === undefined || (typeof type === 'string' && accessTypes.includes(plain(type)));
}

function plain(name: string): string {
  return name.trim().toLowerCase();
}

/** Returns the configured client that `azp` (or Entra's `appid`) or `aud` names. */
function knownClientOf(claims: JWTPayload, { clients }: IssuerSettings): string {
  const named = [claims.azp, claims.appid, ...[claims.aud].flat()];
  const known = named.map(text).find((one) => one !== undefined && clients.includes(one));
  if (known === undefined) throw new TokenRefusedError('client');
  return known;
}

function rolesOf(claims: JWTPayload, settings: IssuerSettings, client: string): Role[] {
  const { rolesFrom, rolePrefix, defaultRole } = settings;
  const named = new Set(rolesFrom.flatMap((path) => list(at(claims, path, client))));
  const held = roles.filter((role) => named.has(`${rolePrefix}${role}`));
  return held.length === 0 && defaultRole !== undefined ? [defaultRole] : held;
}

function uccsOf(claims: JWTPayload, settings: IssuerSettings): Principal['uccs'] {
  const claim = at(claims, settings.uccsFrom);
  const named = claim === undefined ? settings.defaultUccs : list(claim);
  return named.includes('*') ? 'all' : new Set(named.map(uccKey));
}

function urisOf(claims: JWTPayload, { urisFrom }: IssuerSettings): Set<string> {
  const uris = new Set<string>();
  for (const path of urisFrom) {
    // An unverified address proves nothing.
    if (path === 'email' && claims.email_verified !== true) continue;
    for (const value of list(at(claims, path))) {
      const isAddress = /^[^\s:@]+@[^\s:@]+$/.test(value);
      const uri = parseRequesterUri(isAddress ? `sip:${value}` : value);
      if (uri !== undefined && !(isAddress && isDisguised(value))) uris.add(uriKey(uri));
    }
  }
  return uris;
}

/**
 * True when a mailbox could be read as somebody else's SIP user: it is no phone number, and its `%`
 * is no escape.
 */
function isDisguised(mailbox: string): boolean {
  return /[%;?]/.test(mailbox) || uriKey(`sip:${mailbox}`).startsWith('tel:');
}

/**
 * Reads the claim at a path such as `resource_access.{client}.roles`: a client's name may hold
 * dots.
 */
function at(claims: JWTPayload, path: string, client = ''): unknown {
  let value: unknown = claims;
  for (const part of path.split('.')) {
    if (typeof value !== 'object' || value === null) return undefined;
    const name = part === '{client}' ? client : part;
    value = Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined;
  }
  return value;
}

/** Accepts a list of texts, or one text of items separated by blanks or commas. */
function list(claim: unknown): string[] {
  const items = typeof claim === 'string' ? claim.split(/[\s,]+/) : claim;
  if (!Array.isArray(items)) return [];
  return items
    .slice(0, MAX_ITEMS)
    .map(text)
    .filter((item) => item !== undefined);
}

function firstText(claims: JWTPayload, paths: readonly string[]): string | undefined {
  for (const path of paths) {
    const found = text(at(claims, path));
    if (found !== undefined) return found;
  }
  return undefined;
}

function text(value: unknown): string | undefined {
  if (typeof value !== 'string' || value === '') return undefined;
  return value.length > MAX_TEXT_LENGTH || control.test(value) ? undefined : value;
}
