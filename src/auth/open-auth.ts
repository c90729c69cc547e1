import { join } from 'node:path';
import {
  type Authenticator,
  type SignIn,
  type TokenIssuer,
  TokenRefusedError,
} from '../domain/authentication.ts';
import type { PeopleStore } from '../domain/people.ts';
import type { Clock } from '../domain/ports.ts';
import type { IssuerSettings } from './claims.ts';
import { EmbeddedIssuer, rolePrefix } from './embedded-issuer.ts';
import { IssuerKeys } from './issuer-keys.ts';
import { ScryptHasher } from './password-hash.ts';
import { SigningKeys } from './signing-keys.ts';
import { TokenVerifier, type TrustedIssuer } from './token-verifier.ts';

/** The section `auth` of the configuration. */
export interface AuthSettings {
  readonly mode: 'embedded' | 'external' | 'none';
  readonly issuers: readonly IssuerSettings[];
  readonly clockSkewMs: number;
  readonly tokenCacheMs: number;
  readonly maxCachedTokens: number;
  readonly maxTokenBytes: number;
  readonly keysFetchTimeoutMs: number;
  readonly keysRefreshMs: number;
  readonly keysMaxAgeMs: number;
  readonly keysCooldownMs: number;
  readonly tenantId?: string;
  readonly tokenLifetimeMs: number;
  readonly signingKeyLifetimeMs: number;
  readonly maxFailuresPerUser: number;
  readonly maxFailuresPerClient: number;
  readonly maxFailuresPerAddress: number;
  readonly failureWindowMs: number;
}

export interface AuthOptions {
  readonly settings: AuthSettings;
  readonly dataDir: string;
  readonly people: PeopleStore;
  readonly clock: Clock;
  url(): string;
  onSignIn(signIn: SignIn): Promise<void>;
  /** The keys of an issuer could not be had. */
  onError(cause: unknown): void;
}

export interface Auth {
  readonly authenticator: Authenticator;
  /** Of mode `embedded`. */
  readonly issuer: TokenIssuer | undefined;
}

export function openAuth(options: AuthOptions): Auth {
  const { settings } = options;
  if (settings.mode === 'none') return { authenticator: nobody, issuer: undefined };
  if (settings.mode === 'external') {
    const trusted = externalIssuers(options);
    return { authenticator: verifier(options, (name) => trusted.get(name)), issuer: undefined };
  }
  const issuer = embeddedIssuer(options);
  const own = (name: string): TrustedIssuer | undefined => {
    if (name !== issuer.issuer) return undefined;
    return { settings: embeddedSettings(name), findKey: issuer.findKey };
  };
  return { authenticator: verifier(options, own), issuer };
}

const nobody: Authenticator = {
  authenticate() {
    throw new TokenRefusedError('mode');
  },
};

function verifier(
  { settings, clock }: AuthOptions,
  issuer: (name: string) => TrustedIssuer | undefined,
) {
  return new TokenVerifier({ ...settings, clock, issuer });
}

function externalIssuers({ settings, clock, onError }: AuthOptions): Map<string, TrustedIssuer> {
  return new Map(
    settings.issuers.map((one) => {
      const { issuer, jwksUri } = one;
      const keys = new IssuerKeys({
        ...settings,
        ...{ issuer, clock, onError },
        ...(jwksUri === undefined ? {} : { jwksUri }),
      });
      return [issuer, { settings: one, findKey: keys.find }];
    }),
  );
}

function embeddedIssuer({ settings, dataDir, ...ports }: AuthOptions): EmbeddedIssuer {
  const { tenantId, tokenLifetimeMs, clockSkewMs } = settings;
  const keys = SigningKeys.open({
    file: join(dataDir, 'issuer-keys.json'),
    ...(tenantId === undefined ? {} : { tenantId }),
    lifetimeMs: settings.signingKeyLifetimeMs,
    tokenLifetimeMs: tokenLifetimeMs + clockSkewMs,
    clock: ports.clock,
  });
  return new EmbeddedIssuer({ ...settings, ...ports, keys, hasher: new ScryptHasher() });
}

/** The issuer gives tokens only to clients that it knows: any of them will do. */
function embeddedSettings(issuer: string): IssuerSettings {
  return {
    issuer,
    clients: ['account'],
    rolesFrom: ['roles'],
    rolePrefix,
    uccsFrom: 'hush_uccs',
    nameFrom: ['preferred_username'],
    urisFrom: ['sip_uri'],
    defaultUccs: [],
  };
}
