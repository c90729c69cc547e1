import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import type { SegmentRecord } from '../domain/records.ts';
import { KeyRing } from '../protocols/segment/key-ring.ts';
import type { ExportJob, FromExport } from './export-messages.ts';
import { flacFile } from './flac-export.ts';
import { openFiles } from './open-files.ts';
import { opusFile, opusRates } from './opus-export.ts';
import { peaksFile } from './peaks.ts';
import { Playback } from './playback.ts';

/** Buffers come out of their crossing as plain bytes. */
function withKey(segment: SegmentRecord): SegmentRecord {
  const { wrappedKey } = segment;
  return { ...segment, wrappedKey: wrappedKey && Buffer.from(wrappedKey) };
}

const makers = { opus: opusFile, flac: flacFile, peaks: peaksFile };

async function* pieces(job: ExportJob): AsyncGenerator<Uint8Array> {
  const playback = await Playback.open({
    tracks: job.tracks,
    files: openFiles(job.files),
    keys: new KeyRing(job.masterKeys.map((key) => Buffer.from(key))),
    segments: job.segments.map(withKey),
    ...(job.format === 'opus' ? { rates: opusRates } : {}),
  });
  try {
    yield* makers[job.format](playback);
  } finally {
    await playback.close();
  }
}

/** Answers every `more` with a piece, one after the other. What fails ends the thread. */
function serve(port: MessagePort, made: AsyncGenerator<Uint8Array>): void {
  let last = Promise.resolve();
  const answer = async (): Promise<void> => {
    const { done, value } = await made.next();
    if (done) {
      port.postMessage({ type: 'end' } satisfies FromExport);
      port.close();
      return;
    }
    const bytes = Uint8Array.from(value);
    port.postMessage({ type: 'piece', bytes } satisfies FromExport, [bytes.buffer]);
  };
  port.on('message', () => {
    last = last.then(answer);
  });
}

if (parentPort) serve(parentPort, pieces(workerData as ExportJob));
