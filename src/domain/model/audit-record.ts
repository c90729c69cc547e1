import type { ApiSurface } from './principal.ts';

/**
 * `refused`: the contract's rules refused it. `denied`: the caller's identity or address was
 * refused. `failed`: neither; it did not work.
 */
export type AuditOutcome = 'ok' | 'refused' | 'denied' | 'failed';

/** A row of the audit log: who did what, from where, on what, and with which result. */
export interface AuditRecord {
  /** UUID version 7 (RFC 9562): rises with time. */
  readonly id: string;
  /** Unix ms */
  readonly at: number;
  /** `Principal.name`, or the name that a token request claimed. */
  readonly who: string;
  readonly client: string | null;
  readonly address: string;
  readonly surface: ApiSurface;
  /** The requester that a command named, besides its sender: a SIP or tel URI. */
  readonly requester: string | null;
  /** A command's name (`Pause`), `export`, `token`, `user add`, or a route (`GET /api/calls`). */
  readonly action: string;
  readonly uccName: string | null;
  readonly correlationId: string | null;
  readonly callId: string | null;
  readonly outcome: AuditOutcome;
  /** For `ok`: the given reason, if any. Otherwise a code of the error catalogue, or a word. */
  readonly reason: string | null;
  /** Number of similar actions that the row stands for: a flood is counted, not listed. */
  readonly count: number;
  /** JSON of the changed values before the change: `auditedChange`. */
  readonly before: string | null;
  /** JSON of the changed values after the change. */
  readonly after: string | null;
}

/**
 * How a route or hub method appears in the audit log. `none` says why it does not: it reveals
 * nothing about a person. `read` is folded. `change` is written in the commit of the change.
 * `export`: a file left.
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
  /** Id of a call, or of the recording made of it. */
  readonly callId?: string;
  /** Id of a call, or its correlation id. */
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
