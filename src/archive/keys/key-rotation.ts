import type { SegmentRecord } from '../../domain/model/segment.ts';
import type { KeyCheckStore } from '../../domain/ports/key-check-store.ts';
import type { RetentionStore, SegmentPlace } from '../../domain/ports/retention-store.ts';
import type { Vault } from '../../domain/ports/vault.ts';
import { KeyRing } from '../../protocols/segment/key-ring.ts';
import { masterKeyId } from '../../protocols/segment/key-wrap.ts';
import { identityBytes } from '../../protocols/segment/sealed-chunk.ts';
import { derivedIdentity } from '../files/derived-file.ts';
import { newMasterKey, writeMasterKeys } from './master-key.ts';
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
  readonly keeping: RetentionStore;
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
  /** Keys that no master key opens: they stay as they are. */
  readonly unopened: number;
}

type OnProgress = (progress: RotationProgress) => void;

interface KeyRow {
  readonly callId: string;
  readonly wrappedKey: Buffer | null;
}

/**
 * Puts another master key in the place of the current one while calls are recorded and played.
 * Segments keep their own keys; those are wrapped anew, some at a time. Interrupted, it is gone on
 * with at the next start: the file names every key that something is still under.
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
    // Those that Hush runs on, whatever has become of the file meanwhile.
    writeMasterKeys(file, [key, ...keys.needed]);
    await this.#options.keyChecks.save(checkOf(new KeyRing([key])));
    keys.rotate(key);
    // What was wrapped a moment ago, and is not committed yet, is behind this.
    await settled();
    return this.complete(tell, signal);
  }

  /** Wraps anew what an older key of the ring wrapped, if there is one. */
  async complete(tell: OnProgress, signal: AbortSignal): Promise<RotationProgress> {
    const { keys, file, keeping, keyChecks } = this.#options;
    if (keys.keys.length === 1) {
      return { keyId: keys.currentId, rewrapped: 0, looked: 0, unopened: 0 };
    }
    const { rewrapped, looked } = await this.#renewAll(tell, signal);
    const left = await this.#leftBehind(signal);
    await keeping.forgetKeys();
    keys.retireAllBut(left.keys);
    // Before the file gives older keys up: no start may ask for them then.
    await keyChecks.keepOnly(keys.needed.map((key) => masterKeyId(key).toString('hex')));
    if (file !== undefined) writeMasterKeys(file, keys.needed);
    return { keyId: keys.currentId, rewrapped, looked, unopened: left.unopened };
  }

  async #renewAll(
    tell: OnProgress,
    signal: AbortSignal,
  ): Promise<{ rewrapped: number; looked: number }> {
    const { keys, keeping } = this.#options;
    let [rewrapped, looked, unopened] = [0, 0, 0];
    for await (const segments of this.#segments(signal)) {
      const done = await this.#renew('segments', segments, identityBytes);
      rewrapped += done.renewed;
      unopened += done.unopened;
      looked += segments.length;
      tell({ keyId: keys.currentId, rewrapped, looked, unopened });
    }
    const derived = await this.#renew('derived', await keeping.allDerived(), derivedIdentity);
    return { rewrapped: rewrapped + derived.renewed + (await this.#renewSecrets()), looked };
  }

  /** What is not under the current key after all, and the keys of the ring that it is under. */
  async #leftBehind(signal: AbortSignal): Promise<{ keys: Set<Buffer>; unopened: number }> {
    const { keys, keeping, vault } = this.#options;
    const under = new Set<Buffer>();
    let unopened = 0;
    const look = <Row extends KeyRow>(rows: readonly Row[], identity: (row: Row) => Buffer) => {
      for (const row of rows) {
        if (!row.wrappedKey || keys.isCurrent(row.wrappedKey)) continue;
        unopened += 1;
        const key = keys.keyOf(row.wrappedKey, identity(row));
        if (key) under.add(key);
      }
    };
    for await (const segments of this.#segments(signal)) look(segments, identityBytes);
    look(await keeping.allDerived(), derivedIdentity);
    for (const sealed of await keeping.sessionSecrets()) {
      if (isSealedBy(vault, sealed)) continue;
      unopened += 1;
      // They end with their calls: until then none of the keys is given up.
      for (const key of keys.keys) under.add(key);
    }
    return { keys: under, unopened };
  }

  async *#segments(signal: AbortSignal): AsyncGenerator<SegmentRecord[]> {
    for (let after: SegmentPlace | undefined; ; ) {
      signal.throwIfAborted();
      const segments = await this.#options.keeping.segmentsAfter(after, BATCH);
      if (segments.length === 0) return;
      yield segments;
      after = segments.at(-1);
    }
  }

  /** One that no key opens keeps none of the others from being renewed. */
  async #renew<Row extends KeyRow>(
    of: 'segments' | 'derived',
    rows: readonly Row[],
    identity: (row: Row) => Buffer,
  ): Promise<{ renewed: number; unopened: number }> {
    const { keys, keeping } = this.#options;
    let unopened = 0;
    const renewed = rows.flatMap((row) => {
      const { callId, wrappedKey: before } = row;
      if (!before || keys.isCurrent(before)) return [];
      try {
        return [{ callId, before, after: keys.renew(before, identity(row)) }];
      } catch {
        unopened += 1;
        return [];
      }
    });
    await keeping.replaceKeys(of, renewed);
    return { renewed: renewed.length, unopened };
  }

  /** SRTP keys of calls in progress: the next process goes on with them. */
  async #renewSecrets(): Promise<number> {
    const { keeping, vault } = this.#options;
    const renew = (sealed: string): string => {
      try {
        return vault.renew(sealed);
      } catch {
        return sealed;
      }
    };
    let total = 0;
    for (;;) {
      const { renewed, missed } = await keeping.renewSecrets(renew);
      total += renewed;
      if (missed === 0) return total;
    }
  }
}

/** As it would be sealed now. */
function isSealedBy(vault: Vault, sealed: string): boolean {
  try {
    return vault.renew(sealed) === sealed;
  } catch {
    return false;
  }
}
