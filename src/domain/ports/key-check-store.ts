import type { SegmentRecord } from '../model/segment.ts';
import type { DerivedRecord } from './retention-store.ts';

/** A known text under a master key. */
export interface KeyCheck {
  /** `KeyRing.currentId` of that key. */
  readonly keyId: string;
  readonly sealed: Buffer;
}

/** A sample of data sealed under master keys, for a store that holds no check yet. */
export interface SealedSamples {
  readonly segments: readonly SegmentRecord[];
  readonly derived: readonly DerivedRecord[];
  /** Secrets of streams of recording sessions in progress, as `Vault.seal` made them. */
  readonly secrets: readonly string[];
}

/** Proves that a master key opens the store's contents. */
export interface KeyCheckStore {
  /** Returns one check per master key that may be in use. */
  checks(): Promise<KeyCheck[]>;
  save(check: KeyCheck): Promise<void>;
  /** Removes all other checks: no data is sealed under any other key any more. */
  keepOnly(keyIds: readonly string[]): Promise<void>;
  /** Returns the oldest and the newest of each kind, at most `limit` of each. */
  samples(limit: number): Promise<SealedSamples>;
}
