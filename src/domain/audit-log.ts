import { anonymous, type Caller, type Door } from './access.ts';
import type { SignIn } from './authentication.ts';
import { withoutCardNumbers } from './card-numbers.ts';
import type { Clock, Store } from './ports.ts';
import { RisingUuids } from './uuid.ts';

/**
 * `refused`: the contract's rules said no. `denied`: who it was, or from where, said no. `failed`:
 * neither; it did not work.
 */
export type AuditOutcome = 'ok' | 'refused' | 'denied' | 'failed';

/** A row of the audit log: who did what, from where, on what, and what came of it. */
export interface AuditRecord {
  /** UUID version 7 (RFC 9562): rises with time. */
  readonly id: string;
  /** Unix ms */
  readonly at: number;
  /** `Principal.name`, or what a token request claimed. */
  readonly who: string;
  readonly client: string | null;
  readonly address: string;
  readonly door: Door;
  /** A command's name (`Pause`), `listen`, `token`, `user add`, or a route (`GET /api/calls`). */
  readonly action: string;
  readonly uccName: string | null;
  readonly correlationId: string | null;
  readonly callId: string | null;
  readonly outcome: AuditOutcome;
  /** A code of the error catalogue, or one word; null of `ok`. */
  readonly reason: string | null;
  /** How many like it the row stands for: a flood of denied attempts is counted, not listed. */
  readonly count: number;
}

export interface AuditFilter {
  readonly who?: string;
  readonly uccName?: string;
  readonly callId?: string;
  readonly outcome?: AuditOutcome;
  /** Unix ms, inclusive */
  readonly from?: number;
  /** Unix ms, exclusive */
  readonly to?: number;
  /** Rows older than this id. */
  readonly before?: string;
  readonly limit: number;
}

/** What was done, or tried. */
export interface Deed {
  readonly action: string;
  readonly uccName?: string | null;
  readonly correlationId?: string | null;
  readonly callId?: string | null;
  readonly outcome: AuditOutcome;
  readonly reason?: string | null;
}

export interface AuditLogOptions {
  readonly store: Pick<Store, 'commit'>;
  readonly clock: Clock;
  /** What was counted could not be written; nobody waits for that. */
  onError(cause: unknown): void;
}

/** Of one address's denied attempts within a minute, so many are rows of their own. */
export const MAX_LISTED_DENIALS = 20;
export const DENIAL_WINDOW_MS = 60_000;
/** More addresses than this within a minute are counted together. */
export const MAX_WATCHED_ADDRESSES = 1_000;
const ELSEWHERE = 'elsewhere';
const MAX_TEXT_LENGTH = 256;
const control = /\p{Cc}|\p{Cf}|[\u2028\u2029]/gu;

/** The denied attempts of one address within the running minute. */
interface Denials {
  listed: number;
  counted: number;
  last: AuditRecord | undefined;
}

/**
 * Writes the audit log. What is carried out is written in the commit of its effect; a flood of
 * denied attempts cannot fill the disk, since most of it is only counted.
 */
export class AuditLog {
  readonly #options: AuditLogOptions;
  readonly #uuids = new RisingUuids();
  #denials = new Map<string, Denials>();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: AuditLogOptions) {
    this.#options = options;
  }

  /** The row, for a commit of one's own. Texts are bounded and carry no control characters. */
  entry({ principal, address, door }: Caller, deed: Deed): AuditRecord {
    const at = this.#options.clock.now();
    return {
      id: this.#uuids.next(at),
      at,
      who: clean(principal.name),
      client: principal.client === null ? null : clean(principal.client),
      address: clean(address),
      door,
      action: clean(deed.action),
      uccName: cleanOrNull(deed.uccName)?.toLowerCase() ?? null,
      correlationId: cleanOrNull(deed.correlationId),
      callId: cleanOrNull(deed.callId),
      outcome: deed.outcome,
      reason: cleanOrNull(deed.reason),
      count: 1,
    };
  }

  /** A token request to the embedded issuer: who it named, not who it was. */
  signIn({ who, client, address, outcome, reason }: SignIn): Promise<void> {
    const principal = { ...anonymous('agent'), name: who, client };
    const caller = { principal, address, door: 'issuer' } as const;
    if (outcome === 'denied') return this.denied(caller, { action: 'token', reason });
    return this.record(this.entry(caller, { action: 'token', outcome }));
  }

  /** Resolves once the row is durable. */
  record(entry: AuditRecord): Promise<void> {
    return this.#options.store.commit({ audit: [entry] });
  }

  /** Who it was, or from where, said no. Resolves once it is durable, or counted. */
  async denied(caller: Caller, deed: Omit<Deed, 'outcome'>): Promise<void> {
    const entry = this.entry(caller, { ...deed, outcome: 'denied' });
    const denials = this.#denialsOf(entry.address);
    if (denials.listed < MAX_LISTED_DENIALS) {
      denials.listed += 1;
      await this.record(entry);
    } else {
      denials.counted += 1;
      denials.last = entry;
    }
  }

  /** Writes what is counted. May be called twice. */
  async close(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#writeCounted();
  }

  #denialsOf(address: string): Denials {
    const known = this.#denials.get(address);
    if (known) return known;
    const isFull = this.#denials.size >= MAX_WATCHED_ADDRESSES;
    const key = isFull ? ELSEWHERE : address;
    const denials = this.#denials.get(key) ?? { listed: 0, counted: 0, last: undefined };
    this.#denials.set(key, denials);
    this.#timer ??= setTimeout(() => {
      this.#writeCounted().catch(this.#options.onError);
    }, DENIAL_WINDOW_MS).unref();
    return denials;
  }

  async #writeCounted(): Promise<void> {
    this.#timer = undefined;
    const ended = this.#denials;
    this.#denials = new Map();
    const rows: AuditRecord[] = [];
    for (const [address, { counted, last }] of ended) {
      if (last) rows.push({ ...last, address, count: counted });
    }
    if (rows.length > 0) await this.#options.store.commit({ audit: rows });
  }
}

function cleanOrNull(text: string | null | undefined): string | null {
  return text === null || text === undefined ? null : clean(text);
}

function clean(text: string): string {
  const plain = text.slice(0, MAX_TEXT_LENGTH).replace(control, '\u{FFFD}').toWellFormed();
  return withoutCardNumbers(plain);
}
