import type { ArchiveFinding, ArchiveReport, CheckRequest } from '../domain/archive-report.ts';
import type { KeepingStore, SegmentPlace } from '../domain/keeping-store.ts';
import type { Store } from '../domain/ports.ts';
import type { SegmentRecord } from '../domain/records.ts';
import { segmentFile } from '../protocols/segment/sealed-chunk.ts';
import { derivedFile } from './derived-file.ts';
import { SegmentReader, type Unsealing } from './segment-reader.ts';

export interface ArchiveCheckOptions extends Unsealing {
  readonly store: Pick<Store, 'call' | 'segments'>;
  readonly keeping: KeepingStore;
}

/** Findings that are listed; the others are counted. */
const MAX_LISTED = 1_000;
const BATCH = 500;

/**
 * Compares what lies on disk and in the bucket with what the rows name. A file that no key opens is
 * an orphan: bytes of what was destroyed, or of an attempt that a crash ended. Calls in progress,
 * and those whose audio is just being settled, are left alone.
 */
export class ArchiveCheck {
  readonly #options: ArchiveCheckOptions;
  readonly #request: CheckRequest;
  readonly report: { -readonly [Name in keyof ArchiveReport]: ArchiveReport[Name] };
  #known: { callId: string; named: ReadonlySet<string> | undefined } | undefined;

  constructor(options: ArchiveCheckOptions, request: CheckRequest) {
    this.#options = options;
    this.#request = request;
    this.report = {
      ...{ files: 0, bytes: 0, segments: 0, findings: [] },
      ...{ orphans: 0, missing: 0, damaged: 0, removed: 0 },
    };
  }

  async run(): Promise<ArchiveReport> {
    await this.#lookForOrphans();
    await this.#lookForSegments();
    return this.report;
  }

  async #lookForOrphans(): Promise<void> {
    const { files } = this.#options;
    for await (const { path, bytes } of files.list()) {
      this.report.files += 1;
      this.report.bytes += bytes;
      const named = await this.#namedBy(path.split('/')[0] ?? '');
      if (!named || named.has(path)) continue;
      this.report.orphans += 1;
      this.#find({ kind: 'orphan', path, detail: `${bytes} bytes` });
      if (!this.#request.remove) continue;
      await files.remove(path);
      this.report.removed += 1;
    }
  }

  /** What rows with keys name of the call; undefined while it is not settled. */
  async #namedBy(callId: string): Promise<ReadonlySet<string> | undefined> {
    if (this.#known?.callId === callId) return this.#known.named;
    const { store, keeping } = this.#options;
    const call = await store.call(callId);
    const rows = [
      ...(await store.segments(callId)).map((row) => ({ ...row, path: segmentFile(row) })),
      ...(await keeping.derived(callId)).map((row) => ({ ...row, path: derivedFile(row) })),
    ];
    const named = rows.filter(({ wrappedKey }) => wrappedKey).map(({ path }) => path);
    this.#known = { callId, named: call?.status === 'live' ? undefined : new Set(named) };
    return this.#known.named;
  }

  async #lookForSegments(): Promise<void> {
    for (let after: SegmentPlace | undefined; ; ) {
      const segments = await this.#options.keeping.segmentsAfter(after, BATCH);
      if (segments.length === 0) return;
      for (const segment of segments) await this.#lookAt(segment);
      after = segments.at(-1);
    }
  }

  async #lookAt(segment: SegmentRecord): Promise<void> {
    if ((await this.#namedBy(segment.callId)) === undefined) return;
    this.report.segments += 1;
    const path = segmentFile(segment);
    let reader: SegmentReader | undefined;
    try {
      reader = await SegmentReader.open(this.#options, segment);
      // One that nobody closed was cut off by a crash, perhaps before its first chunk.
      if (!reader && segment.closedBy !== null) {
        this.report.missing += 1;
        this.#find({ kind: 'missing', path, detail: 'its key is there, its file is not' });
      }
      if (this.#request.deep) for await (const { audio } of reader?.chunks() ?? []) audio.fill(0);
    } catch (cause) {
      this.report.damaged += 1;
      const detail = cause instanceof Error ? cause.message : 'it cannot be opened';
      this.#find({ kind: 'damaged', path, detail });
    } finally {
      await reader?.close();
    }
  }

  #find(finding: ArchiveFinding): void {
    if (this.report.findings.length >= MAX_LISTED) return;
    this.report.findings = [...this.report.findings, finding];
  }
}
