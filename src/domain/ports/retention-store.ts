import type { CallRecord } from '../model/call-record.ts';
import type { ErasureRecord } from '../model/erasure.ts';
import type { SegmentRecord } from '../model/segment.ts';

export interface ErasureFilter {
  readonly callId?: string;
  /** Limits the result to unfinished ones. */
  readonly unfinished?: boolean;
}

export interface ExpiryFilter {
  readonly uccName: string;
  /** Unix ms: recordings that began earlier. */
  readonly before: number;
  readonly spareMarked: boolean;
}

export interface ExpiryPage extends ExpiryFilter {
  /** Recordings after this one. */
  readonly after?: Pick<CallRecord, 'beganAt' | 'id'> | undefined;
  readonly limit: number;
}

/** A small result made from a recording's audio, and sealed like it. */
export interface DerivedRecord {
  readonly callId: string;
  readonly kind: 'peaks';
  /** How often it has been made: its file's name. */
  readonly generation: number;
  /** Null once the key is destroyed. */
  readonly wrappedKey: Buffer | null;
}

export interface SegmentPlace {
  readonly callId: string;
  readonly track: number;
  readonly segment: number;
}

/** A wrapped key, and the same one wrapped anew. */
export interface ReplacedKey {
  readonly callId: string;
  readonly before: Buffer;
  readonly after: Buffer;
}

/** Rows that keep or destroy recordings. */
export interface RetentionStore {
  /** Returns erasures, the newest first. */
  erasures(filter: ErasureFilter): Promise<ErasureRecord[]>;
  /** Returns kept recordings under no legal hold, the oldest first. */
  expired(page: ExpiryPage): Promise<CallRecord[]>;
  expiredCount(filter: ExpiryFilter): Promise<number>;
  derived(callId: string): Promise<DerivedRecord[]>;
  /** Segments with keys, in the order of their places. */
  segmentsAfter(place: SegmentPlace | undefined, limit: number): Promise<SegmentRecord[]>;
  /** Returns all derived records with keys. */
  allDerived(): Promise<DerivedRecord[]>;
  /** Replaces each key that is unchanged: one that was destroyed meanwhile does not come back. */
  replaceKeys(of: 'segments' | 'derived', keys: readonly ReplacedKey[]): Promise<void>;
  /**
   * Replaces each secret of sessions in progress, if it is still unchanged.
   * @returns how many there were, and how many of them changed meanwhile: retry those
   */
  renewSecrets(renew: (sealed: string) => string): Promise<{ renewed: number; missed: number }>;
  /** Secrets of sessions in progress, as `Vault.seal` made them. */
  sessionSecrets(): Promise<string[]>;
  /**
   * Erases the remains of keys that commits destroyed or replaced. Rejects while that is prevented,
   * for example by a reader of the database: retry later.
   * @param callId call whose keys they were; undefined: any
   */
  forgetKeys(callId?: string): Promise<void>;
}
