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

/** Rows per commit: calls in progress commit in between. */
const BATCH = 500;

/** Rewraps a segment's key: a media thread wraps under the master key it was started with. */
export function underCurrentKey(keys: KeyRing, segment: SegmentRecord): SegmentRecord {
  const { wrappedKey } = segment;
  if (!wrappedKey) return segment;
  return { ...segment, wrappedKey: keys.renew(wrappedKey, identityBytes(segment)) };
}

export interface KeyRotationOptions {
  readonly keys: KeyRing;
  /** File with the keys of embedded mode; undefined if they are configured. */
  readonly file: string | undefined;
  readonly keeping: RetentionStore;
  readonly keyChecks: KeyCheckStore;
  readonly vault: Vault;
  /** Resolves when every change of a recording in progress is complete. */
  settled(): Promise<void>;
}

/** The progress of a rotation. */
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
 * Replaces the current master key while calls are recorded and played. Segments keep their own
 * keys, which are rewrapped in batches. An interrupted rotation resumes at the next start: the file
 * names every key still in use.
 */
export class KeyRotation {
  readonly #options: KeyRotationOptions;

  constructor(options: KeyRotationOptions) {
    this.#options = options;
  }

  get canRotate(): boolean {
    return this.#options.file !== undefined;
  }

  /** Begins to use a new key; resolves when nothing needs the previous one. */
  async rotate(tell: OnProgress, signal: AbortSignal): Promise<RotationProgress> {
    const { keys, file, settled } = this.#options;
    if (file === undefined) throw new Error('the master key is configured: replace it there');
    const key = newMasterKey();
    // The file gets the keys that Hush runs on, whatever has become of it meanwhile.
    writeMasterKeys(file, [key, ...keys.needed]);
    await this.#options.keyChecks.save(checkOf(new KeyRing([key])));
    keys.rotate(key);
    // Keys wrapped a moment ago and not committed yet are committed after this.
    await settled();
    return this.complete(tell, signal);
  }

  /** Rewraps the keys wrapped by older keys of the ring, if there are any. */
  async complete(tell: OnProgress, signal: AbortSignal): Promise<RotationProgress> {
    const { keys, file, keeping, keyChecks } = this.#options;
    if (keys.keys.length === 1) {
      return { keyId: keys.currentId, rewrapped: 0, looked: 0, unopened: 0 };
    }
    const { rewrapped, looked } = await this.#renewAll(tell, signal);
    const left = await this.#leftBehind(signal);
    await keeping.forgetKeys();
    keys.retireAllBut(left.keys);
    // Comes before older keys leave the file: no start may ask for them then.
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

  /** Finds the keys not under the current key after all, and the ring's keys that wrap them. */
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
      // They end with their calls: until then no key is given up.
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

  /** Rewraps keys; one that no key opens does not stop the others. */
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

  /** Rewraps SRTP keys of calls in progress: the next process needs them. */
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

/** True when it is sealed under the current key. */
function isSealedBy(vault: Vault, sealed: string): boolean {
  try {
    return vault.renew(sealed) === sealed;
  } catch {
    return false;
  }
}
