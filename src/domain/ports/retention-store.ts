import type { CallRecord } from '../model/call-record.ts';
import type { ErasureRecord } from '../model/erasure.ts';
import type { SegmentRecord } from '../model/segment.ts';

export interface ErasureFilter {
  readonly callId?: string;
  /** Those only that are not done. */
  readonly unfinished?: boolean;
}

export interface ExpiryFilter {
  readonly uccName: string;
  /** Unix ms: recordings that began earlier. */
  readonly before: number;
  readonly spareMarked: boolean;
}

export interface ExpiryPage extends ExpiryFilter {
  /** Those behind this one. */
  readonly after?: Pick<CallRecord, 'beganAt' | 'id'> | undefined;
  readonly limit: number;
}

/** Something small that was made of a recording's audio, and is sealed like it. */
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

/** What keeps recordings, and what destroys them. */
export interface RetentionStore {
  /** The newest first. */
  erasures(filter: ErasureFilter): Promise<ErasureRecord[]>;
  /** Kept recordings under no legal hold, the oldest first. */
  expired(page: ExpiryPage): Promise<CallRecord[]>;
  expiredCount(filter: ExpiryFilter): Promise<number>;
  derived(callId: string): Promise<DerivedRecord[]>;
  /** Segments with keys, in the order of their places. */
  segmentsAfter(place: SegmentPlace | undefined, limit: number): Promise<SegmentRecord[]>;
  /** With keys. */
  allDerived(): Promise<DerivedRecord[]>;
  /** Each key that is still the same: one that was destroyed meanwhile does not come back. */
  replaceKeys(of: 'segments' | 'derived', keys: readonly ReplacedKey[]): Promise<void>;
  /**
   * Puts another secret in the place of each that sessions in progress hold, where it still is what
   * it was.
   * @returns how many there were, and how many of them changed meanwhile: ask again
   */
  renewSecrets(renew: (sealed: string) => string): Promise<{ renewed: number; missed: number }>;
  /** Secrets that sessions in progress hold, as `Vault.seal` made them. */
  sessionSecrets(): Promise<string[]>;
  /**
   * Gives up what is left of keys that commits destroyed or replaced. Rejects while something, as a
   * reader of the database, keeps it from that: to be asked again.
   * @param callId of the call whose keys they were; undefined: of any
   */
  forgetKeys(callId?: string): Promise<void>;
}
