import type { SegmentRecord } from '../model/segment.ts';
import type { DerivedRecord } from './retention-store.ts';

/** A known text under a master key. */
export interface KeyCheck {
  /** `KeyRing.currentId` of that key. */
  readonly keyId: string;
  readonly sealed: Buffer;
}

/** Some of what is sealed under master keys: of a store that holds no check yet. */
export interface SealedSamples {
  readonly segments: readonly SegmentRecord[];
  readonly derived: readonly DerivedRecord[];
  /** Of streams of recording sessions in progress, as `Vault.seal` made them. */
  readonly secrets: readonly string[];
}

/** What proves that a master key opens what the store holds. */
export interface KeyCheckStore {
  /** One per master key that something may be sealed under. */
  checks(): Promise<KeyCheck[]>;
  save(check: KeyCheck): Promise<void>;
  /** Nothing is sealed under any other key any more. */
  keepOnly(keyIds: readonly string[]): Promise<void>;
  /** The oldest and the newest of each kind, at most `limit` of each. */
  samples(limit: number): Promise<SealedSamples>;
}
