import { anonymous, type Caller, type Door } from './access.ts';
import { AuditFolding, type FoldKind } from './audit-folding.ts';
import type { SignIn } from './authentication.ts';
import { cleanReason, cleanText, cleanUri } from './client-text.ts';
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
  /** The requester that a command named, beside whoever sent it: a SIP or tel URI. */
  readonly requester: string | null;
  /** A command's name (`Pause`), `export`, `token`, `user add`, or a route (`GET /api/calls`). */
  readonly action: string;
  readonly uccName: string | null;
  readonly correlationId: string | null;
  readonly callId: string | null;
  readonly outcome: AuditOutcome;
  /** Of `ok`: the reason that was given, if any. Else a code of the error catalogue, or a word. */
  readonly reason: string | null;
  /** How many like it the row stands for: a flood is counted, not listed. */
  readonly count: number;
  /** JSON of what a change changed, as it was: `auditedChange`. */
  readonly before: string | null;
  /** JSON of what a change changed, as it is now. */
  readonly after: string | null;
}

/**
 * What of a route or hub method stands in the audit log. `none` says why not: it tells nothing of a
 * person. `read` is folded. `change` is written in the commit of the change. `export`: a file left.
 */
export type AuditClass =
  | { readonly class: 'none'; readonly why: string }
  | 'read'
  | 'change'
  | 'export';

export interface AuditFilter {
  readonly who?: string;
  readonly action?: string;
  readonly uccName?: string;
  /** Of a call, or of the recording that became of it. */
  readonly callId?: string;
  /** Of a call, or its correlation id. */
  readonly call?: string;
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
export interface AuditedAction {
  readonly action: string;
  readonly requester?: string | null;
  readonly uccName?: string | null;
  readonly correlationId?: string | null;
  readonly callId?: string | null;
  readonly outcome: AuditOutcome;
  readonly reason?: string | null | undefined;
  readonly change?: Pick<AuditRecord, 'before' | 'after'> | undefined;
}

/** The row that goes with a change, once it is known what it changes. */
export type AuditOf = (change?: AuditedAction['change']) => AuditRecord;

type Attempt = Omit<AuditedAction, 'outcome'>;

export interface AuditLogOptions {
  readonly store: Pick<Store, 'commit'>;
  readonly clock: Clock;
  /** What was counted could not be written; nobody waits for that. */
  onError(cause: unknown): void;
}

/**
 * Writes the audit log. What is carried out is written in the commit of its effect; what comes in
 * floods cannot fill the disk, since most of it is only counted.
 */
export class AuditLog {
  readonly #options: AuditLogOptions;
  readonly #uuids = new RisingUuids();
  readonly #folding: AuditFolding;

  constructor(options: AuditLogOptions) {
    this.#options = options;
    const write = (audit: readonly AuditRecord[]) => options.store.commit({ audit });
    this.#folding = new AuditFolding(write, options.onError);
  }

  /** The row, for a commit of one's own. Texts are bounded, without control and card numbers. */
  entry({ principal, address, door }: Caller, audited: AuditedAction): AuditRecord {
    const at = this.#options.clock.now();
    return {
      id: this.#uuids.next(at),
      at,
      who: cleanText(principal.name),
      client: cleanOrNull(principal.client),
      address: cleanText(address),
      door,
      requester: audited.requester ? cleanUri(audited.requester) : null,
      action: cleanText(audited.action),
      uccName: cleanOrNull(audited.uccName)?.toLowerCase() ?? null,
      correlationId: cleanOrNull(audited.correlationId),
      callId: cleanOrNull(audited.callId),
      outcome: audited.outcome,
      reason: audited.reason ? cleanReason(audited.reason) : null,
      count: 1,
      before: audited.change?.before ?? null,
      after: audited.change?.after ?? null,
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
  denied(caller: Caller, attempt: Attempt): Promise<void> {
    const record = this.entry(caller, { ...attempt, outcome: 'denied' });
    return this.#folded('denied', record, { caller: record.address, subject: '' });
  }

  /** The rules said no, or it did not work. Resolves once it is durable, or counted. */
  refused(caller: Caller, attempt: Attempt & { outcome: 'refused' | 'failed' }): Promise<void> {
    const record = this.entry(caller, attempt);
    const subject = `${record.action}\n${record.reason}`;
    return this.#folded('refused', record, { caller: callerKey(caller), subject });
  }

  /** Somebody read what tells of a person. Resolves once it is durable, or counted. */
  read(caller: Caller, attempt: Attempt): Promise<void> {
    return this.#let('read', caller, attempt);
  }

  /** A file leaves: of one playback, the ranges of a minute are one row. */
  exported(caller: Caller, attempt: Attempt): Promise<void> {
    return this.#let('export', caller, attempt);
  }

  /** Writes what is counted. May be called twice. */
  close(): Promise<void> {
    return this.#folding.close();
  }

  #let(kind: FoldKind, caller: Caller, attempt: Attempt): Promise<void> {
    const record = this.entry(caller, { ...attempt, outcome: 'ok' });
    const { action, callId, correlationId, uccName, after } = record;
    const subject = [action, callId, correlationId, uccName, after].join('\n');
    return this.#folded(kind, record, { caller: callerKey(caller), subject });
  }

  async #folded(
    kind: FoldKind,
    record: AuditRecord,
    by: { readonly caller: string; readonly subject: string },
  ): Promise<void> {
    if (this.#folding.lists({ kind, record, ...by })) await this.record(record);
  }
}

function callerKey({ principal: { key, name }, address }: Caller): string {
  return `${key}\n${name}\n${address}`;
}

function cleanOrNull(text: string | null | undefined): string | null {
  return text === null || text === undefined ? null : cleanText(text);
}
