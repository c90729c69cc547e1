import type { Door } from './access.ts';

/**
 * `refused`: the contract's rules said no. `denied`: who it was, or from where, said no. `failed`:
 * neither; it did not work.
 */
export type AccessOutcome = 'ok' | 'refused' | 'denied' | 'failed';

/** A row of the access trail: who did what, from where, on what, and what came of it. */
export interface AccessRecord {
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
  readonly outcome: AccessOutcome;
  /** A code of the error catalogue, or one word; null of `ok`. */
  readonly reason: string | null;
  /** How many like it the row stands for: a flood of denied attempts is counted, not listed. */
  readonly count: number;
}

export interface AccessFilter {
  readonly who?: string;
  readonly uccName?: string;
  readonly callId?: string;
  readonly outcome?: AccessOutcome;
  /** Unix ms, inclusive */
  readonly from?: number;
  /** Unix ms, exclusive */
  readonly to?: number;
  /** Rows older than this id. */
  readonly before?: string;
  readonly limit: number;
}
