import { setTimeout as delay } from 'node:timers/promises';
import type { AlarmSink } from '../../domain/ports/alarm-sink.ts';
import type { Store } from '../../domain/ports/store.ts';
import { type AudioFiles, isOurs } from './audio-files.ts';
import { isUnfinished } from './disk-files.ts';
import { bytesOf, withIndex } from './indexed-file.ts';

export interface UploaderOptions {
  readonly disk: AudioFiles;
  readonly bucket: AudioFiles;
  readonly store: Pick<Store, 'call'>;
  readonly alarms: AlarmSink;
  readonly firstRetryMs: number;
  readonly maxRetryMs: number;
  readonly maxSpoolBytes: number;
  /** Runs one change of a recording at a time: an erasure and an upload never meet. */
  exclusively(callId: string, upload: () => Promise<void>): Promise<void>;
  onError(cause: unknown): void;
}

/** The spool is examined at this interval, and with each recording added. */
const SPOOL_CHECK_MS = 10_000;
/** Consecutive failures before an alarm: a store may falter. */
const ALARM_AFTER = 3;

/**
 * Moves recordings of ended calls from the spool on disk to the bucket: each file is uploaded,
 * compared, and only then removed from the disk. The files on the disk are the work left, after a
 * crash as well.
 */
export class Uploader {
  readonly #options: UploaderOptions;
  readonly #closing = new AbortController();
  readonly #waiting = new Set<string>();
  #wake: () => void = () => undefined;
  #running: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> | undefined;
  #spoolBytes = 0;
  #failures = 0;
  /** Uploads cut off by a crash or a failure may have left parts in the bucket. */
  #mayBeCutOff = true;
  #toldFull = false;

  constructor(options: UploaderOptions) {
    this.#options = options;
  }

  /** False while the spool exceeds its limit: new calls are not recorded. */
  get hasRoom(): boolean {
    return this.#spoolBytes <= this.#options.maxSpoolBytes;
  }

  get spoolBytes(): number {
    return this.#spoolBytes;
  }

  get maxSpoolBytes(): number {
    return this.#options.maxSpoolBytes;
  }

  /** Resumes the uploads that an earlier process left on the disk. */
  async start(): Promise<void> {
    await this.#lookAtSpool();
    this.#timer = setInterval(() => {
      this.#lookAtSpool().catch(this.#options.onError);
    }, SPOOL_CHECK_MS).unref();
    this.#running = this.#run();
  }

  /** Queues a recording that was kept or has changed: its files on the disk are moved. */
  add(callId: string): void {
    this.#waiting.add(callId);
    this.#lookAtSpool().catch(this.#options.onError);
  }

  /** Resolves when an upload in progress has ended. May be called twice. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#closing.abort();
    this.#wake();
    await this.#running;
  }

  /** Examines the spool; concurrent callers share one look. */
  #lookAtSpool(): Promise<void> {
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  async #look(): Promise<void> {
    let bytes = 0;
    for await (const file of this.#options.disk.list()) {
      // Foreign files go to no bucket, and do not count.
      if (!isOurs(file.path)) continue;
      bytes += file.bytes;
      this.#waiting.add(callOf(file.path));
    }
    this.#spoolBytes = bytes;
    if (this.hasRoom) this.#toldFull = false;
    else if (!this.#toldFull) {
      this.#toldFull = true;
      const detail = `${bytes} bytes wait for the bucket: new calls are not recorded`;
      this.#options.alarms.raise({ kind: 'spoolFull', detail });
    }
    this.#wake();
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      const [callId] = this.#waiting;
      if (callId === undefined) {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
        continue;
      }
      this.#waiting.delete(callId);
      await this.#tryCall(callId);
    }
  }

  async #tryCall(callId: string): Promise<void> {
    const { exclusively, firstRetryMs, maxRetryMs, alarms, onError } = this.#options;
    try {
      // A recording not to be moved says nothing about the store.
      if (!(await this.#isKept(callId))) return;
      await this.#sweepBucket();
      await exclusively(callId, () => this.#upload(callId));
      this.#failures = 0;
    } catch (cause) {
      this.#mayBeCutOff = true;
      this.#failures += 1;
      this.#waiting.add(callId);
      onError(cause);
      if (this.#failures === ALARM_AFTER) {
        const why = cause instanceof Error ? cause.message : 'unknown failure';
        alarms.raise({ kind: 'uploadFailed', callId, detail: `it is tried again: ${why}` });
      }
      const waitMs = Math.min(maxRetryMs, firstRetryMs * 2 ** (this.#failures - 1));
      await delay(waitMs, undefined, { signal: this.#closing.signal }).catch(() => undefined);
    }
  }

  /** A store that refuses the sweep still receives uploads. */
  async #sweepBucket(): Promise<void> {
    if (!this.#mayBeCutOff) return;
    this.#mayBeCutOff = false;
    await this.#options.bucket.sweepUnfinished().catch(this.#options.onError);
  }

  /** Uploads every file of the recording in turn; those in the bucket leave the disk. */
  async #upload(callId: string): Promise<void> {
    const { disk } = this.#options;
    // The recording may have been destroyed while it waited.
    if (!(await this.#isKept(callId))) return;
    const paths: string[] = [];
    for await (const { path, bytes } of disk.list(callId)) {
      if (!isUnfinished(path)) paths.push(path);
      // Nobody writes to the recording now: a process that died left this file.
      else await this.#remove(path, bytes);
    }
    for (const path of paths) {
      if (this.#closing.signal.aborted) return;
      await this.#move(path);
    }
  }

  /** Files of a call in progress stay on disk; a destroyed recording is swept by its destroyer. */
  async #isKept(callId: string): Promise<boolean> {
    return (await this.#options.store.call(callId))?.status === 'kept';
  }

  async #move(path: string): Promise<void> {
    const { disk, bucket } = this.#options;
    const file = await disk.open(path);
    if (!file) return;
    let sent: number;
    try {
      sent = await bucket.write(path, path.endsWith('.seg') ? withIndex(file) : bytesOf(file));
    } finally {
      await file.close();
    }
    const arrived = await bucket.open(path);
    const size = arrived?.size;
    await arrived?.close();
    if (size !== sent) throw new Error(`the bucket holds ${size} bytes of ${sent}`);
    await this.#remove(path, file.size);
  }

  async #remove(path: string, bytes: number): Promise<void> {
    await this.#options.disk.remove(path);
    this.#spoolBytes = Math.max(0, this.#spoolBytes - bytes);
  }
}

function callOf(path: string): string {
  return path.split('/')[0] ?? '';
}
