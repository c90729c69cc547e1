import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { AudioAwayError, AudioMissingError } from '../../domain/model/errors.ts';
import type { SegmentRecord } from '../../domain/model/segment.ts';
import { KeyRing } from '../../protocols/segment/key-ring.ts';
import { openFiles } from '../files/open-files.ts';
import { peaksFile } from '../playback/peaks.ts';
import { Playback } from '../playback/playback.ts';
import type { ExportFailure, ExportJob, FromExport, ToExport } from './export-messages.ts';
import { flacFile } from './flac-export.ts';
import { opusFile, opusRates } from './opus-export.ts';

/** Restores the Buffer: Buffers cross between threads as plain bytes. */
function withKey(segment: SegmentRecord): SegmentRecord {
  const { wrappedKey } = segment;
  return { ...segment, wrappedKey: wrappedKey && Buffer.from(wrappedKey) };
}

const makers = { opus: opusFile, flac: flacFile, peaks: peaksFile };

function open({ tracks, segments, gaps, files, masterKeys, format }: ExportJob): Promise<Playback> {
  return Playback.open({
    tracks,
    gaps,
    segments: segments.map(withKey),
    files: openFiles(files),
    keys: new KeyRing(masterKeys.map((key) => Buffer.from(key))),
    ...(format === 'opus' ? { rates: opusRates } : {}),
  });
}

/**
 * Reports that the recording opened, then answers each `more` with one piece, until all is made or
 * `end` comes.
 */
async function serve(port: MessagePort, job: ExportJob): Promise<void> {
  const tell = (message: FromExport): void => port.postMessage(message);
  const fail = (cause: unknown): void => {
    tell(failureOf(cause));
    port.close();
  };
  const playback = await open(job).catch(fail);
  if (!playback) return;
  tell({ type: 'opened' });
  const made = makers[job.format](playback);
  let isEnding = false;
  const end = async (): Promise<void> => {
    await playback.close();
    port.close();
  };
  const answer = async (): Promise<void> => {
    if (isEnding) return;
    const { done, value } = await made.next();
    if (isEnding) return;
    if (done) {
      isEnding = true;
      tell({ type: 'end', isDamaged: playback.isDamaged });
      await end();
      return;
    }
    const bytes = Uint8Array.from(value);
    port.postMessage({ type: 'piece', bytes } satisfies FromExport, [bytes.buffer]);
  };
  let last = Promise.resolve();
  port.on('message', (message: ToExport) => {
    if (message === 'end') {
      if (!isEnding) last = last.then(end).catch(fail);
      isEnding = true;
      return;
    }
    last = last.then(answer).catch((cause: unknown) => playback.close().finally(() => fail(cause)));
  });
}

function failureOf(cause: unknown): ExportFailure {
  const message = cause instanceof Error ? cause.message : String(cause);
  const failed = { type: 'failed', message, paths: [] } as const;
  if (cause instanceof AudioAwayError) return { ...failed, kind: 'away' };
  if (!(cause instanceof AudioMissingError)) return { ...failed, kind: 'other' };
  return { ...failed, kind: cause.isAll ? 'missingAll' : 'missing', paths: cause.paths };
}

if (parentPort) await serve(parentPort, workerData as ExportJob);
