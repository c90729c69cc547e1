import { join } from 'node:path';
import type { Principal } from '../domain/model/principal.ts';
import type { AccountStore } from '../domain/ports/account-store.ts';
import {
  type Authenticator,
  type SignIn,
  type TokenIssuer,
  TokenRefusedError,
} from '../domain/ports/authenticator.ts';
import type { Clock } from '../domain/ports/clock.ts';
import type { IssuerSettings } from './claims.ts';
import { EmbeddedIssuer } from './embedded-issuer.ts';
import { IssuerKeys } from './issuer-keys.ts';
import { rolePrefix, standingOf } from './own-tokens.ts';
import { ScryptHasher } from './password-hash.ts';
import type { Guessing } from './sign-in-limits.ts';
import { SigningKeys } from './signing-keys.ts';
import { Standings } from './standings.ts';
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
  readonly people: AccountStore;
  readonly clock: Clock;
  url(): string;
  onSignIn(signIn: SignIn): Promise<void>;
  /** Called when somebody guesses names, passwords or secrets. */
  onGuessing(guessing: Guessing): void;
  /** Called when users and clients could not be read from the store. */
  onStandingsFailed(cause: unknown): void;
  /** Called when the keys of an issuer could not be fetched. */
  onError(cause: unknown): void;
}

export interface Auth {
  readonly authenticator: Authenticator;
  /** Present in mode `embedded`. */
  readonly issuer: TokenIssuer | undefined;
  /** Present in mode `embedded`: tells whether users and clients are unchanged. */
  readonly standings: Standings | undefined;
  /** Called before anybody is let in. @throws Error that names a file of keys that do not fit */
  start(): Promise<void>;
}

export function openAuth(options: AuthOptions): Auth {
  const { settings } = options;
  const without = { issuer: undefined, standings: undefined, start: async () => undefined };
  if (settings.mode === 'none') return { ...without, authenticator: nobody };
  if (settings.mode === 'external') {
    const trusted = externalIssuers(options);
    return { ...without, authenticator: verifier(options, (name) => trusted.get(name)) };
  }
  return embeddedAuth(options);
}

function embeddedAuth(options: AuthOptions): Auth {
  const { people, onStandingsFailed: onError } = options;
  const keys = signingKeys(options);
  const issuer = new EmbeddedIssuer({
    ...options.settings,
    ...options,
    keys,
    hasher: new ScryptHasher(HASHED_AT_ONCE),
    strangersHasher: new ScryptHasher(STRANGERS_HASHED_AT_ONCE),
  });
  const standings = new Standings({ people, onError });
  const own = (name: string): TrustedIssuer | undefined => {
    if (name !== issuer.issuer) return undefined;
    return { settings: embeddedSettings(name), findKey: issuer.findKey, standingOf };
  };
  return {
    authenticator: verifier(options, own, standings),
    issuer,
    standings,
    async start() {
      await keys.prove();
      await standings.start();
    },
  };
}

/** Leaves one thread of the pool for files. */
const HASHED_AT_ONCE = 2;
const STRANGERS_HASHED_AT_ONCE = 1;

const nobody: Authenticator = {
  authenticate() {
    throw new TokenRefusedError('mode');
  },
};

function verifier(
  { settings, clock }: AuthOptions,
  issuer: (name: string) => TrustedIssuer | undefined,
  standings?: Standings,
) {
  const isCurrent = (principal: Principal): boolean => standings?.isCurrent(principal) ?? true;
  return new TokenVerifier({ ...settings, clock, issuer, isCurrent });
}

function externalIssuers({ settings, clock, onError }: AuthOptions): Map<string, TrustedIssuer> {
  return new Map(
    settings.issuers.map((one) => {
      const { issuer, jwksUri } = one;
      const keys = new IssuerKeys({
        ...settings,
        issuer,
        clock,
        onError,
        ...(jwksUri === undefined ? {} : { jwksUri }),
      });
      return [issuer, { settings: one, findKey: keys.find }];
    }),
  );
}

function signingKeys({ settings, dataDir, clock }: AuthOptions): SigningKeys {
  const { tenantId, tokenLifetimeMs, clockSkewMs } = settings;
  return SigningKeys.open({
    file: join(dataDir, 'issuer-keys.json'),
    ...(tenantId === undefined ? {} : { tenantId }),
    lifetimeMs: settings.signingKeyLifetimeMs,
    tokenLifetimeMs: tokenLifetimeMs + clockSkewMs,
    clock,
  });
}

/** The issuer gives tokens only to clients that it knows: any of them is accepted. */
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
