import type { IncomingMessage } from 'node:http';
import { anonymous, may } from '../../domain/access/access.ts';
import type { AuditLog } from '../../domain/access/audit-log.ts';
import { addressKey, parseNetworks } from '../../domain/common/networks.ts';
import { RateLimiter } from '../../domain/common/rate-limiter.ts';
import type { ApiSurface, Caller, Permission, Principal } from '../../domain/model/principal.ts';
import {
  type Authenticator,
  IssuerUnavailableError,
  TokenRefusedError,
} from '../../domain/ports/authenticator.ts';
import { retryAfterSeconds } from '../request/retry-after.ts';
import type { HttpSettings } from '../settings.ts';
import { callerAddressRule } from './caller-address.ts';

/**
 * A route asks its caller for a permission, for nothing but to be let in (`anybody`), or for
 * nothing at all (`open`): it tells no more than that the server is there, or is how one gets in.
 */
export type Access = Permission | 'anybody' | 'open';

export interface AccessRequest {
  readonly access: Access;
  readonly surface: ApiSurface;
  /** For the audit log: `GET /api/calls`. */
  readonly action: string;
  /** Commands are not throttled here: a Pause must come through. */
  readonly isCommand: boolean;
  /** The hub's clients cannot always set headers (RFC 6750 section 2.3). */
  readonly tokensInQuery?: readonly string[];
}

/** Why somebody is not let in, and the status that says so. */
export class NotAdmittedError extends Error {
  override readonly name = 'NotAdmittedError';
  readonly status: 400 | 401 | 403 | 429 | 503;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: NotAdmittedError['status'], reason: string, headers = {}) {
    super(reason);
    this.status = status;
    this.headers = headers;
  }
}

export interface GatePorts {
  readonly authenticator: Authenticator;
  readonly auditLog: AuditLog;
}

/** RFC 6750 section 3. */
const challenge = { 'WWW-Authenticate': 'Bearer' };
const invalidToken = { 'WWW-Authenticate': 'Bearer error="invalid_token"' };
const MAX_LIMITED_KEYS = 10_000;

/** Authenticates and authorises every request to a route or the hub. */
export class Gate {
  readonly #services: GatePorts;
  readonly #settings: HttpSettings;
  readonly #addressOf: ReturnType<typeof callerAddressRule>;
  readonly #isInNetwork: (address: string) => boolean;
  readonly #anonymous: Principal;
  readonly #perAddress: RateLimiter;
  readonly #perToken: RateLimiter;

  constructor(services: GatePorts, settings: HttpSettings) {
    this.#services = services;
    this.#settings = settings;
    this.#addressOf = callerAddressRule(settings.trustedProxies);
    this.#isInNetwork = parseNetworks(settings.anonymousNetworks);
    this.#anonymous = anonymous(settings.access.anonymousRole);
    this.#perAddress = limiter(settings.requestsPerSecondPerAddress);
    this.#perToken = limiter(settings.requestsPerSecondPerToken);
  }

  /**
   * At once where nobody has to be asked.
   * @param holder of a ticket that was issued to a bearer for just this
   * @throws NotAdmittedError, which the audit log then holds
   */
  admit(
    request: IncomingMessage,
    accessRequest: AccessRequest,
    holder?: Principal,
  ): Caller | Promise<Caller> {
    const { address, forwardedByStranger } = this.#addressOf(request);
    const nobody = { principal: this.#anonymous, address, surface: accessRequest.surface };
    const isThrottled = accessRequest.access === 'open' || !accessRequest.isCommand;
    if (isThrottled) throttle(this.#perAddress, addressKey(address));
    if (accessRequest.access === 'open') return nobody;
    const token =
      accessRequest.surface === 'v1' ? undefined : tokenOf(request, accessRequest.tokensInQuery);
    if (token !== undefined) return this.#bearer(token, nobody, accessRequest);
    if (holder) return this.#admitBearer(holder, nobody, accessRequest);
    if (accessRequest.surface !== 'v2' && this.#isLetIn(address, forwardedByStranger)) {
      if (this.#satisfies(this.#anonymous, accessRequest.access)) return nobody;
    }
    return this.#deny(nobody, accessRequest, this.#withoutToken(accessRequest));
  }

  /** Leaves a row of what was led here from elsewhere, and is answered unlooked at. */
  strayed(request: IncomingMessage, reason: string): Promise<void> {
    const { address } = this.#addressOf(request);
    const caller = { principal: this.#anonymous, address, surface: 'api' } as const;
    const action = `${request.method} of another ${reason}`;
    return this.#services.auditLog.denied(caller, { action, reason });
  }

  /** Throttles a command, once it is known what it is. @throws NotAdmittedError */
  throttleCommand({ principal, address }: Caller): void {
    throttle(this.#perAddress, addressKey(address));
    if (principal.key !== '') throttle(this.#perToken, principal.key);
  }

  #bearer(token: string, nobody: Caller, accessRequest: AccessRequest): Caller | Promise<Caller> {
    const known = this.#authenticate(token);
    if (!(known instanceof Promise)) return this.#admitBearer(known, nobody, accessRequest);
    return known.then(
      (principal) => this.#admitBearer(principal, nobody, accessRequest),
      (cause: unknown) => this.#deny(nobody, accessRequest, refusalOf(cause)),
    );
  }

  #authenticate(token: string): Principal | Promise<Principal> {
    try {
      return this.#services.authenticator.authenticate(token);
    } catch (cause) {
      return Promise.reject(cause);
    }
  }

  #admitBearer(
    principal: Principal,
    nobody: Caller,
    accessRequest: AccessRequest,
  ): Caller | Promise<Caller> {
    const caller = { ...nobody, principal };
    if (!accessRequest.isCommand) throttle(this.#perToken, principal.key);
    if (this.#satisfies(principal, accessRequest.access)) return caller;
    return this.#deny(caller, accessRequest, new NotAdmittedError(403, 'role'));
  }

  #satisfies(principal: Principal, access: Access): boolean {
    return access === 'anybody' || (access !== 'open' && may(principal, access));
  }

  /** Refuses requests through an untrusted proxy: they may come from anywhere. */
  #isLetIn(address: string, forwardedByStranger: boolean): boolean {
    const { anonymous: isOn } = this.#settings.access;
    return isOn && !forwardedByStranger && this.#isInNetwork(address);
  }

  /** v1 takes no token, so that 401 would ask for what does not help. */
  #withoutToken({ surface }: AccessRequest): NotAdmittedError {
    if (surface === 'v1') return new NotAdmittedError(403, 'network');
    if (surface !== 'v2' && !this.#settings.access.takesTokens) {
      return new NotAdmittedError(403, 'network');
    }
    return new NotAdmittedError(401, 'noToken', challenge);
  }

  async #deny(
    caller: Caller,
    accessRequest: AccessRequest,
    error: NotAdmittedError,
  ): Promise<never> {
    const { action } = accessRequest;
    await this.#services.auditLog.denied(caller, { action, reason: error.message });
    throw error;
  }
}

function limiter(perSecond: number): RateLimiter {
  return new RateLimiter({
    perSecond,
    burst: perSecond * 2,
    maxKeys: MAX_LIMITED_KEYS,
    now: () => performance.now(),
  });
}

function throttle(limit: RateLimiter, key: string): void {
  const seconds = limit.take(key);
  if (seconds === 0) return;
  throw new NotAdmittedError(429, 'rate', { 'Retry-After': String(Math.ceil(seconds)) });
}

/**
 * The same token wherever it stands is one token: clients write it into the header and the query.
 * @throws NotAdmittedError for two that differ (RFC 6750 section 2)
 */
function tokenOf(request: IncomingMessage, inQuery: readonly string[] = []): string | undefined {
  const { authorization } = request.headers;
  const bearer = bearerOf(request) ?? '';
  // Another scheme, or nothing behind its name, is a token that does not hold: unless there is one.
  const isNone = authorization === undefined || (bearer === '' && inQuery.length > 0);
  const inHeader = isNone ? [] : [bearer];
  const [token, ...others] = new Set([...inHeader, ...inQuery]);
  if (others.length > 0) throw new NotAdmittedError(400, 'twoTokens');
  return token;
}

/** Returns the header's token; undefined where it names none (RFC 6750 section 2.1). */
export function bearerOf({ headers }: IncomingMessage): string | undefined {
  return /^bearer +(.*)$/i.exec(headers.authorization ?? '')?.[1]?.trim();
}

function refusalOf(cause: unknown): NotAdmittedError {
  if (cause instanceof TokenRefusedError) return new NotAdmittedError(401, 'token', invalidToken);
  if (cause instanceof IssuerUnavailableError) {
    return new NotAdmittedError(503, 'issuer', {
      'Retry-After': String(retryAfterSeconds.issuer),
    });
  }
  throw cause;
}
