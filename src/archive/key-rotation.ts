import type { KeepingStore, SegmentPlace } from '../domain/keeping-store.ts';
import type { KeyCheckStore } from '../domain/key-check-store.ts';
import type { Vault } from '../domain/ports.ts';
import type { SegmentRecord } from '../domain/records.ts';
import { KeyRing } from '../protocols/segment/key-ring.ts';
import { identityBytes } from '../protocols/segment/sealed-chunk.ts';
import { derivedIdentity } from './derived-file.ts';
import { embeddedMasterKeys, newMasterKey, writeMasterKeys } from './master-key.ts';
import { checkOf } from './proven-keys.ts';

/** Rows of one commit: calls in progress commit in between. */
const BATCH = 500;

/** A media thread wraps under the key that it was started with: its rows are wrapped anew. */
export function underCurrentKey(keys: KeyRing, segment: SegmentRecord): SegmentRecord {
  const { wrappedKey } = segment;
  if (!wrappedKey) return segment;
  return { ...segment, wrappedKey: keys.renew(wrappedKey, identityBytes(segment)) };
}

export interface KeyRotationOptions {
  readonly keys: KeyRing;
  /** Where the keys of embedded mode are; undefined where they are configured. */
  readonly file: string | undefined;
  readonly keeping: KeepingStore;
  readonly keyChecks: KeyCheckStore;
  readonly vault: Vault;
  /** Resolves when every change of a recording that is being made has been made. */
  settled(): Promise<void>;
}

/** How far a rotation has come. */
export interface RotationProgress {
  readonly keyId: string;
  readonly rewrapped: number;
  readonly looked: number;
}

type OnProgress = (progress: RotationProgress) => void;

/**
 * Puts another master key in the place of the current one while calls are recorded and played.
 * Segments keep their own keys; those are wrapped anew, some at a time. Interrupted, it is gone on
 * with at the next start: the file names both keys until nothing needs the older one.
 */
export class KeyRotation {
  readonly #options: KeyRotationOptions;

  constructor(options: KeyRotationOptions) {
    this.#options = options;
  }

  get canRotate(): boolean {
    return this.#options.file !== undefined;
  }

  /** A new key, from now on; resolves when nothing needs the one before. */
  async rotate(tell: OnProgress, signal: AbortSignal): Promise<RotationProgress> {
    const { keys, file, settled } = this.#options;
    if (file === undefined) throw new Error('the master key is configured: replace it there');
    const key = newMasterKey();
    // Those only that something may still need: an older one does not come back.
    writeMasterKeys(file, [key, ...embeddedMasterKeys(file).keys]);
    await this.#options.keyChecks.save(checkOf(new KeyRing([key])));
    keys.rotate(key);
    // What was wrapped a moment ago, and is not committed yet, is behind this.
    await settled();
    return this.complete(tell, signal);
  }

  /** Wraps anew what an older key of the ring wrapped, if there is one. */
  async complete(tell: OnProgress, signal: AbortSignal): Promise<RotationProgress> {
    const { keys, file, keeping } = this.#options;
    let [rewrapped, looked] = [0, 0];
    if (keys.keys.length > 1) {
      for (let after: SegmentPlace | undefined; ; ) {
        signal.throwIfAborted();
        const segments = await keeping.segmentsAfter(after, BATCH);
        if (segments.length === 0) break;
        rewrapped += await this.#renew('segments', segments, identityBytes);
        looked += segments.length;
        after = segments.at(-1);
        tell({ keyId: keys.currentId, rewrapped, looked });
      }
      rewrapped += await this.#renew('derived', await keeping.allDerived(), derivedIdentity);
      rewrapped += await this.#renewSecrets();
      await keeping.forgetKeys();
      // Before the file gives the older key up: no start may ask for it then.
      await this.#options.keyChecks.removeOthers(keys.currentId);
      if (file !== undefined) writeMasterKeys(file, [keys.current]);
    }
    return { keyId: keys.currentId, rewrapped, looked };
  }

  async #renew<Row extends { readonly callId: string; readonly wrappedKey: Buffer | null }>(
    of: 'segments' | 'derived',
    rows: readonly Row[],
    identity: (row: Row) => Buffer,
  ): Promise<number> {
    const { keys, keeping } = this.#options;
    const renewed = rows.flatMap((row) => {
      const { callId, wrappedKey: before } = row;
      if (!before || keys.isCurrent(before)) return [];
      return [{ callId, before, after: keys.renew(before, identity(row)) }];
    });
    await keeping.replaceKeys(of, renewed);
    return renewed.length;
  }

  /** SRTP keys of calls in progress: the next process goes on with them. */
  async #renewSecrets(): Promise<number> {
    const { keeping, vault } = this.#options;
    let total = 0;
    for (;;) {
      const { renewed, missed } = await keeping.renewSecrets((sealed) => vault.renew(sealed));
      total += renewed;
      if (missed === 0) return total;
    }
  }
}
