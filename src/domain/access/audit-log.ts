import { RisingUuids } from '../identifiers/uuid.ts';
import type { AuditOutcome, AuditRecord } from '../model/audit-record.ts';
import type { Caller } from '../model/principal.ts';
import type { SignIn } from '../ports/authenticator.ts';
import type { Clock } from '../ports/clock.ts';
import type { Store } from '../ports/store.ts';
import { cleanReason, cleanText, cleanUri } from '../redaction/client-text.ts';
import { anonymous } from './access.ts';
import { AuditFolding, type FoldKind } from './audit-folding.ts';

/** An action that was done or tried. */
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

/** Builds the row that goes with a change, once its effect is known. */
export type AuditOf = (change?: AuditedAction['change']) => AuditRecord;

type Attempt = Omit<AuditedAction, 'outcome'>;

export interface AuditLogOptions {
  readonly store: Pick<Store, 'commit'>;
  readonly clock: Clock;
  /** Called when counted rows could not be written, which no caller waits for. */
  onError(cause: unknown): void;
}

/**
 * Writes the audit log. A successful action is written in the commit of its effect. Floods cannot
 * fill the disk, since most of their rows are only counted.
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

  /** Returns the row for a commit. Texts are bounded, without control and card numbers. */
  entry({ principal, address, surface }: Caller, audited: AuditedAction): AuditRecord {
    const at = this.#options.clock.now();
    return {
      id: this.#uuids.next(at),
      at,
      who: cleanText(principal.name),
      client: cleanOrNull(principal.client),
      address: cleanText(address),
      surface,
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

  /** Records a token request to the embedded issuer: the user it named, not a verified identity. */
  signIn({ who, client, address, outcome, reason }: SignIn): Promise<void> {
    const principal = { ...anonymous('agent'), name: who, client };
    const caller = { principal, address, surface: 'issuer' } as const;
    if (outcome === 'denied') return this.denied(caller, { action: 'token', reason });
    return this.record(this.entry(caller, { action: 'token', outcome }));
  }

  /** Resolves once the row is durable. */
  record(entry: AuditRecord): Promise<void> {
    return this.#options.store.commit({ audit: [entry] });
  }

  /** Records a refusal by identity or address. Resolves once it is durable, or counted. */
  denied(caller: Caller, attempt: Attempt): Promise<void> {
    const record = this.entry(caller, { ...attempt, outcome: 'denied' });
    return this.#folded('denied', record, { caller: record.address, subject: '' });
  }

  /** Records a refusal by the rules, or a failure. Resolves once it is durable, or counted. */
  refused(caller: Caller, attempt: Attempt & { outcome: 'refused' | 'failed' }): Promise<void> {
    const record = this.entry(caller, attempt);
    const subject = `${record.action}\n${record.reason}`;
    return this.#folded('refused', record, { caller: callerKey(caller), subject });
  }

  /** Records that personal data was read. Resolves once it is durable, or counted. */
  read(caller: Caller, attempt: Attempt): Promise<void> {
    return this.#let('read', caller, attempt);
  }

  /** Records that a file left: all ranges of one playback within a minute are one row. */
  exported(caller: Caller, attempt: Attempt): Promise<void> {
    return this.#let('export', caller, attempt);
  }

  /** Writes the counts. May be called twice. */
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
