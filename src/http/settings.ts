import type { Role } from '../domain/model/principal.ts';

/** An issuer where the console is a public client. */
export interface ConsoleIssuer {
  readonly issuer: string;
  readonly clientId: string;
  readonly scope: string;
}

export interface HttpSettings {
  readonly host: string;
  readonly port: number;
  readonly anonymousNetworks: readonly string[];
  readonly trustedProxies: readonly string[];
  readonly allowedOrigins: readonly string[];
  /** As clients reach Hush, where that is not `host` and `port`. */
  readonly publicUrl?: string | undefined;
  /** Further names that Hush answers under; `.example.com` stands for all below it. */
  readonly allowedHosts: readonly string[];
  readonly statusCodes: 'ok' | 'mapped';
  readonly bodyLimitBytes: number;
  readonly maxHeaderBytes: number;
  readonly headersTimeoutMs: number;
  readonly requestTimeoutMs: number;
  readonly keepAliveTimeoutMs: number;
  /** A quiet stream of events says something this often. */
  readonly eventKeepAliveMs: number;
  /** Answers in progress when Hush stops may take this long. */
  readonly closeTimeoutMs: number;
  readonly maxConnections: number;
  readonly requestsPerSecondPerAddress: number;
  readonly requestsPerSecondPerToken: number;
  /** Folder of the built web console; without it none is served. */
  readonly consoleDir?: string | undefined;
  /** Issuers at which people sign in for the console, besides the embedded one. */
  readonly consoleIssuers: readonly ConsoleIssuer[];
  readonly access: {
    /** Whether callers without a token are let in at all. */
    readonly anonymous: boolean;
    readonly anonymousRole: Role;
    /** False in mode `none`: there is nothing to ask a caller for. */
    readonly takesTokens: boolean;
  };
}
