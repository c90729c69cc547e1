import { unsettledStatuses } from '../domain/model/call-status.ts';
import { AudioAwayError, type AudioMissingError } from '../domain/model/errors.ts';
import type { SegmentRecord } from '../domain/model/segment.ts';
import type {
  ArchiveFinding,
  ArchiveReport,
  CheckRequest,
} from '../domain/ports/archive-report.ts';
import type { RetentionStore, SegmentPlace } from '../domain/ports/retention-store.ts';
import type { Store } from '../domain/ports/store.ts';
import { segmentFile } from '../protocols/segment/sealed-chunk.ts';
import { isOurs } from './files/audio-files.ts';
import { MARKS } from './files/bucket-mark.ts';
import { derivedFile } from './files/derived-file.ts';
import { damageOf } from './segment/segment-coverage.ts';
import { SegmentReader, type Unsealing } from './segment/segment-reader.ts';

export interface ArchiveCheckOptions extends Unsealing {
  readonly store: Pick<Store, 'call' | 'segments'>;
  readonly keeping: RetentionStore;
  /** Runs one change of a recording at a time. */
  exclusively(callId: string, look: () => Promise<void>): Promise<void>;
  /**
   * Returns the error that names a recording's missing audio, by its gap map; undefined if none is.
   */
  missing(callId: string): Promise<AudioMissingError | undefined>;
  /** Reports a recording that is not as it was sealed. */
  onFinding(callId: string, finding: 'missing' | 'damaged'): void;
  /** Aborted when the check is to end. */
  readonly signal: AbortSignal;
}

/** The files of a call that rows with keys name, or the reason why they cannot be told. */
type Named = ReadonlySet<string> | 'unsettled' | 'unknown';

interface Fault {
  readonly kind: 'missing' | 'damaged';
  readonly detail: string;
}

/** Number of findings listed; further ones are only counted. */
const MAX_LISTED = 1_000;
const BATCH = 500;

/**
 * Compares the files on disk and in the bucket with those that the rows name. A file that no key
 * opens is an orphan: bytes of a destroyed recording, or of an attempt that a crash ended. Calls in
 * progress and calls being settled are left alone, and so are files not known to be Hush's: a
 * bucket may be shared.
 */
export class ArchiveCheck {
  readonly #options: ArchiveCheckOptions;
  readonly #request: CheckRequest;
  readonly report: { -readonly [Name in keyof ArchiveReport]: ArchiveReport[Name] };
  #known: { callId: string; named: Named } | undefined;

  constructor(options: ArchiveCheckOptions, request: CheckRequest) {
    this.#options = options;
    this.#request = request;
    this.report = {
      files: 0,
      bytes: 0,
      segments: 0,
      findings: [],
      orphans: 0,
      strangers: 0,
      missing: 0,
      damaged: 0,
      removed: 0,
    };
  }

  async run(): Promise<ArchiveReport> {
    await this.#lookForOrphans();
    await this.#lookForSegments();
    return this.report;
  }

  async #lookForOrphans(): Promise<void> {
    const { files, signal } = this.#options;
    for await (const { path, bytes } of files.list()) {
      signal.throwIfAborted();
      if (path.startsWith(MARKS)) continue;
      this.report.files += 1;
      this.report.bytes += bytes;
      const [callId = ''] = path.split('/');
      const known = isOurs(path) ? await this.#namedBy(callId) : 'unknown';
      if (known === 'unsettled' || (known !== 'unknown' && known.has(path))) continue;
      if (known === 'unknown') {
        this.report.strangers += 1;
        this.#find({ kind: 'stranger', path, detail: `${bytes} bytes` });
      } else await this.#orphan(callId, path, bytes);
    }
  }

  /** A file being written by an erasure or for a wave form is named a moment later. */
  async #orphan(callId: string, path: string, bytes: number): Promise<void> {
    const { exclusively, files } = this.#options;
    await exclusively(callId, async () => {
      this.#known = undefined;
      const named = await this.#namedBy(callId);
      if (typeof named === 'string' || named.has(path)) return;
      this.report.orphans += 1;
      this.#find({ kind: 'orphan', path, detail: `${bytes} bytes` });
      if (!this.#request.remove) return;
      await files.remove(path);
      this.report.removed += 1;
    });
  }

  async #namedBy(callId: string): Promise<Named> {
    if (this.#known?.callId === callId) return this.#known.named;
    const { store, keeping } = this.#options;
    const call = await store.call(callId);
    const rows = [
      ...(await store.segments(callId)).map((row) => ({ ...row, path: segmentFile(row) })),
      ...(await keeping.derived(callId)).map((row) => ({ ...row, path: derivedFile(row) })),
    ];
    const paths = rows.filter(({ wrappedKey }) => wrappedKey).map(({ path }) => path);
    const isSettled = !call || !unsettledStatuses.includes(call.status);
    const named = call ? (isSettled ? new Set(paths) : 'unsettled') : 'unknown';
    this.#known = { callId, named };
    return named;
  }

  async #lookForSegments(): Promise<void> {
    for (let after: SegmentPlace | undefined; ; ) {
      const segments = await this.#options.keeping.segmentsAfter(after, BATCH);
      if (segments.length === 0) return;
      for (const segment of segments) {
        this.#options.signal.throwIfAborted();
        await this.#lookAt(segment);
      }
      after = segments.at(-1);
    }
  }

  /** What seems wrong is looked at again by itself: an erasure may have replaced row and file. */
  async #lookAt(segment: SegmentRecord): Promise<void> {
    const { callId } = segment;
    if (typeof (await this.#namedBy(callId)) === 'string') return;
    this.report.segments += 1;
    if (!(await this.#faultOf(segment))) return;
    await this.#options.exclusively(callId, async () => {
      const row = await this.#keyedRow(segment);
      const fault = row && (await this.#faultOf(row));
      if (!fault) return;
      if (fault.kind === 'missing' && !(await this.#isMissing(row))) return;
      this.report[fault.kind] += 1;
      this.#find({ ...fault, path: segmentFile(row) });
      this.#options.onFinding(callId, fault.kind);
    });
  }

  /** Returns what seems wrong with a segment's file; undefined: nothing. */
  async #faultOf(segment: SegmentRecord): Promise<Fault | undefined> {
    const { deep } = this.#request;
    let reader: SegmentReader | undefined;
    try {
      reader = await SegmentReader.open(this.#options, segment, { deep });
      if (!reader) return { kind: 'missing', detail: 'its key is there, its file is not' };
      const damage = damageOf(reader.found, segment);
      return damage ? { kind: 'damaged', detail: damage } : undefined;
    } catch (cause) {
      // An unreachable bucket proves nothing, so nothing is reported.
      if (cause instanceof AudioAwayError) throw cause;
      const detail = cause instanceof Error ? cause.message : 'it cannot be opened';
      return { kind: 'damaged', detail };
    } finally {
      await reader?.close();
    }
  }

  /** Returns the segment's row as it is now, unless its key was destroyed. */
  async #keyedRow({ callId, track, segment }: SegmentRecord): Promise<SegmentRecord | undefined> {
    const rows = await this.#options.store.segments(callId);
    return rows.find((row) => row.track === track && row.segment === segment && row.wrappedKey);
  }

  /** A segment that was never closed was cut off by a crash, perhaps before its first chunk. */
  async #isMissing(segment: SegmentRecord): Promise<boolean> {
    if (await this.#options.files.isEmpty()) {
      throw new AudioAwayError('nothing at all lies where recordings are kept: is it there?');
    }
    if (segment.closedBy !== null) return true;
    const missing = await this.#options.missing(segment.callId);
    return missing?.paths.includes(segmentFile(segment)) ?? false;
  }

  #find(finding: ArchiveFinding): void {
    if (this.report.findings.length >= MAX_LISTED) return;
    this.report.findings = [...this.report.findings, finding];
  }
}
