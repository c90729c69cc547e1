/** Who a token makes its bearer (docs/reference/access.md). One bearer may have several. */
export const roles = ['integrator', 'agent', 'supervisor', 'auditor', 'admin'] as const;
export type Role = (typeof roles)[number];

export const everybody = roles;

/** What a route or hub method needs, and the roles that have it. */
export const permissions = {
  readStates: everybody,
  command: ['integrator', 'agent', 'supervisor', 'admin'],
  /** Ends and renews pauses that somebody else took. */
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

/** Who the embedded issuer gave a token to, at that time. */
export interface Standing {
  /** `User.name` and its generation. */
  readonly user: string;
  readonly userGeneration: number;
  /** `User.createdAt`: who gets a removed user's name is somebody else. Null: of older releases. */
  readonly userSince: number | null;
  /** `Client.id` and its generation. */
  readonly client: string;
  readonly clientGeneration: number;
}

/** Whoever stands behind a request: the bearer of a verified token, or a caller without one. */
export interface Principal {
  /** The same text for the same bearer and for nobody else; empty without a token. */
  readonly key: string;
  /** As people know it: a user name; `anonymous` without a token. */
  readonly name: string;
  /** The client that asked for the token. */
  readonly client: string | null;
  readonly roles: readonly Role[];
  /** UCCs it is given by name, as `uccKey` spells them, or all of them. */
  readonly uccs: 'all' | ReadonlySet<string>;
  /** The SIP and tel URIs that it speaks as, as `uriKey` spells them. */
  readonly uris: ReadonlySet<string>;
  /** Unix ms; null: never. */
  readonly expiresAt: number | null;
  /** Only of tokens of the embedded issuer: they hold no longer than what they were given for. */
  readonly standing?: Standing;
}

/** The API that a request came through; `config`: the settings file; `hush`: Hush itself. */
export const apiSurfaces = ['v1', 'v2', 'api', 'hub', 'issuer', 'cli', 'config', 'hush'] as const;
export type ApiSurface = (typeof apiSurfaces)[number];

export interface Caller {
  readonly principal: Principal;
  /** Of the client, as far as configured proxies tell it. */
  readonly address: string;
  readonly surface: ApiSurface;
}
