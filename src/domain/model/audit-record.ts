import type { ApiSurface } from './principal.ts';

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
  readonly surface: ApiSurface;
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
