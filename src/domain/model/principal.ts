/** Roles that a token grants its bearer (docs/reference/access.md). One bearer may have several. */
export const roles = ['integrator', 'agent', 'supervisor', 'auditor', 'admin'] as const;
export type Role = (typeof roles)[number];

export const everybody = roles;

/** Permissions that routes and hub methods require, and the roles that have them. */
export const permissions = {
  readStates: everybody,
  command: ['integrator', 'agent', 'supervisor', 'admin'],
  /** Ends and renews other holders' pauses. */
  overridePause: ['supervisor', 'admin'],
  readCalls: everybody,
  readEvents: everybody,
  readRecordings: ['supervisor', 'auditor', 'admin'],
  listen: ['supervisor', 'auditor', 'admin'],
  holdRecordings: ['supervisor', 'admin'],
  erase: ['admin'],
  readArchive: ['auditor', 'admin'],
  changeArchive: ['admin'],
  readUccs: ['integrator', 'supervisor', 'auditor', 'admin'],
  changeUccs: ['admin'],
  readWebhooks: ['auditor', 'admin'],
  changeWebhooks: ['admin'],
  readPeople: ['auditor', 'admin'],
  changePeople: ['admin'],
  readMetrics: ['integrator', 'supervisor', 'auditor', 'admin'],
  readAuditLog: ['auditor', 'admin'],
  readAssurance: ['supervisor', 'auditor', 'admin'],
  reconcile: ['integrator', 'supervisor', 'auditor', 'admin'],
} as const satisfies Record<string, readonly Role[]>;
export type Permission = keyof typeof permissions;

/** The user or client that the embedded issuer gave a token to, at that time. */
export interface Standing {
  /** `User.name` and its generation. */
  readonly user: string;
  readonly userGeneration: number;
  /** `User.createdAt`: tells a new user of a removed user's name. Null: older releases. */
  readonly userSince: number | null;
  /** `Client.id` and its generation. */
  readonly client: string;
  readonly clientGeneration: number;
}

/** The caller of a request: the bearer of a verified token, or a caller without one. */
export interface Principal {
  /** The same text for the same bearer and for nobody else; empty without a token. */
  readonly key: string;
  /** Readable name: a user name; `anonymous` without a token. */
  readonly name: string;
  /** The client that requested the token. */
  readonly client: string | null;
  readonly roles: readonly Role[];
  /** UCCs granted by name, as `uccKey` spells them, or all of them. */
  readonly uccs: 'all' | ReadonlySet<string>;
  /** The SIP and tel URIs that it speaks as, as `uriKey` spells them. */
  readonly uris: ReadonlySet<string>;
  /** Unix ms; null: never. */
  readonly expiresAt: number | null;
  /** Set for tokens of the embedded issuer, which last no longer than the grants behind them. */
  readonly standing?: Standing;
}

/** The API that a request came through; `config`: the settings file; `hush`: Hush itself. */
export const apiSurfaces = ['v1', 'v2', 'api', 'hub', 'issuer', 'cli', 'config', 'hush'] as const;
export type ApiSurface = (typeof apiSurfaces)[number];

export interface Caller {
  readonly principal: Principal;
  /** The client's address, as far as configured proxies tell it. */
  readonly address: string;
  readonly surface: ApiSurface;
}
