import { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { parse } from 'range-parser';
import { auditedChange } from '../../domain/access/audit-change.ts';
import type { AuditLog } from '../../domain/access/audit-log.ts';
import { addressKey } from '../../domain/common/networks.ts';
import type { CallRecord } from '../../domain/model/call-record.ts';
import { ExportsBusyError } from '../../domain/model/errors.ts';
import type { Caller } from '../../domain/model/principal.ts';
import type { RecordingEventType } from '../../domain/model/recording-event.ts';
import type { ExportedAudio, ExportFormat } from '../../domain/ports/archive.ts';
import type { Store } from '../../domain/ports/store.ts';
import {
  isSameFile,
  lastModified,
  setValidators,
  unmet,
  type Validators,
} from '../request/conditional-requests.ts';
import { sendProblem } from '../request/problems.ts';
import { retryAfterSeconds } from '../request/retry-after.ts';
import { whenClosed } from '../request/when-closed.ts';
import {
  cutOffErased,
  cutOffRemoved,
  cutOffStalled,
  type DownloadWatchPorts,
  inPieces,
} from './download-watch.ts';
import type { OpenedAudio } from './opened-audio.ts';

export interface RecordingAudioPorts extends DownloadWatchPorts {
  readonly store: Store;
  readonly auditLog: AuditLog;
  /** Unix ms */
  now(): number;
  play(callId: string): Promise<OpenedAudio>;
  /** @param owner for whom @throws ExportsBusyError */
  exportAudio(callId: string, format: ExportFormat, owner: string): Promise<ExportedAudio>;
  /** A download of which the client takes nothing for so long is cut off. */
  readonly downloadTimeoutMs: number;
  onError(cause: unknown): void;
}

/** A bit of `range-parser`'s code. */
const MALFORMED = 1;

interface AudioRequest {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly record: CallRecord;
  readonly services: RecordingAudioPorts;
}

/**
 * Answers the WAV, or the one byte range that was asked for (RFC 9110 section 14): what cannot be
 * read whole is an error before the first byte, and cuts the connection behind it.
 */
export async function sendAudio(asked: AudioRequest) {
  const { request, reply, record, services } = asked;
  const audio = await services.play(record.id);
  try {
    const validators = await validatorsOf(audio, asked);
    const answer = unmet(request.headers, validators) ?? (await partOf(audio, request, validators));
    if (typeof answer !== 'number' && request.method !== 'HEAD') {
      await recordExport(record, 'wav', { request, services });
    }
    // Nothing can fail any more: an error has none of these.
    reply.header('Accept-Ranges', 'bytes').header('Cache-Control', 'no-store');
    setValidators(reply, validators);
    if (typeof answer !== 'number') return reply.send(bodyOf(answer, audio, asked));
    await audio.close();
    if (answer === 304) return reply.code(304).send();
    if (answer === 412) return sendProblem(reply, 412, 'The recording is not as it was.');
    reply.header('Content-Range', `bytes */${audio.wavBytes}`);
    return sendProblem(reply, 416, 'The range lies outside the recording.');
  } catch (cause) {
    await audio.close();
    throw cause;
  }
}

/** A part of the WAV to be sent, its first piece already read. */
interface AudioPart {
  readonly start: number;
  readonly end: number;
  readonly isRange: boolean;
  readonly pieces: AsyncIterable<Uint8Array>;
}

async function partOf(
  audio: OpenedAudio,
  { method, headers }: FastifyRequest,
  validators: Validators,
): Promise<AudioPart | 416> {
  const whole = { start: 0, end: audio.wavBytes };
  // No other method has ranges (RFC 9110 section 14.2).
  if (method !== 'GET') return { ...whole, isRange: false, pieces: none() };
  const isRanged = isSameFile(headers, validators);
  const range = isRanged ? parseRange(headers.range, audio.wavBytes) : undefined;
  if (range === 'unsatisfiable') return 416;
  const { start, end } = range ?? whole;
  return { start, end, isRange: range !== undefined, pieces: await begun(audio.wav(start, end)) };
}

function bodyOf(
  { start, end, isRange, pieces }: AudioPart,
  audio: OpenedAudio,
  { request, reply, record, services }: AudioRequest,
): Readable {
  if (isRange) {
    reply.code(206).header('Content-Range', `bytes ${start}-${end - 1}/${audio.wavBytes}`);
  }
  reply.header('Content-Length', end - start);
  reply.header('Content-Disposition', `inline; filename="${record.id}.wav"`);
  reply.type('audio/wav');
  cutOffStalled(reply.raw, services.downloadTimeoutMs);
  cutOffRemoved(reply.raw, request.caller.principal, services);
  cutOffErased(reply.raw, audio.erased);
  // Not before: what was read and waits for the client can still be erased.
  whenClosed(reply.raw, () => void audio.close().catch(services.onError));
  return Readable.from(inPieces(pieces));
}

async function validatorsOf(
  { version, isDamaged }: OpenedAudio,
  { record, services }: AudioRequest,
): Promise<Validators> {
  const events = await services.store.eventsOf(record);
  const changed = events.findLast(({ type }) => changing.has(type))?.at ?? undefined;
  const modifiedAt = lastModified(changed, services.now());
  if (isDamaged) return { etag: undefined, modifiedAt: undefined };
  return { etag: `"${version}"`, modifiedAt };
}

/** Events behind which a recording's audio may have changed. */
const changing: ReadonlySet<RecordingEventType> = new Set<RecordingEventType>([
  ...(['recordingSaved', 'recordingErased', 'callUpdated'] as const),
]);

async function* none(): AsyncGenerator<Uint8Array> {
  // A HEAD has no body.
}

/** Makes the first piece, then returns all of them: a failure shows before any byte is sent. */
async function begun(pieces: AsyncIterable<Uint8Array>): Promise<AsyncIterable<Uint8Array>> {
  const made = pieces[Symbol.asyncIterator]();
  const first = await made.next();
  return (async function* () {
    try {
      for (let next = first; !next.done; next = await made.next()) yield next.value;
    } finally {
      await made.return?.();
    }
  })();
}

export type AudioFormat = 'wav' | ExportFormat;

/** Media type and file name ending of an export; Opus ends as RFC 7845 section 9 has it. */
const exportedAs = {
  opus: { type: 'audio/ogg', ending: 'opus' },
  flac: { type: 'audio/flac', ending: 'flac' },
} as const;

/** Answers the recording in that format while it is made: without a length, and without ranges. */
export async function sendExport(
  { request, reply, record, services }: AudioRequest,
  format: ExportFormat,
) {
  const { id: callId } = record;
  const { type, ending } = exportedAs[format];
  const isHead = request.method === 'HEAD';
  const audio = await openedExport({ request, reply, record, services }, isHead ? 'wav' : format);
  if (!audio) return reply;
  if (!isHead) {
    await recordExport(record, format, { request, services }).catch(async (cause: unknown) => {
      await audio.close();
      throw cause;
    });
  }
  reply.header('Accept-Ranges', 'none');
  reply.header('Cache-Control', 'no-store');
  reply.header('Content-Disposition', `inline; filename="${callId}.${ending}"`);
  reply.type(type);
  if (isHead) return reply.send(Readable.from([]));
  return reply.send(Readable.from(inPieces(audio.bytes()), { objectMode: false }));
}

/**
 * Begins to make it; whoever goes away leaves no thread behind that works for nobody. Undefined
 * where the reply has been told to come again.
 */
export async function openedExport(
  { request, reply, record, services }: AudioRequest,
  format: AudioFormat,
): Promise<ExportedAudio | undefined> {
  let audio: ExportedAudio;
  try {
    audio = await (format === 'wav'
      ? wholeWav(services, record.id)
      : services.exportAudio(record.id, format, ownerOf(request.caller)));
  } catch (cause) {
    if (!(cause instanceof ExportsBusyError)) throw cause;
    reply.header('Retry-After', retryAfterSeconds.audio);
    sendProblem(reply, 503, 'Too many recordings are being exported; please try again.');
    return undefined;
  }
  const end = (): void => void audio.close().catch(services.onError);
  cutOffStalled(reply.raw, services.downloadTimeoutMs);
  cutOffRemoved(reply.raw, request.caller.principal, services);
  whenClosed(reply.raw, end);
  try {
    const pieces = await begun(audio.bytes());
    cutOffErased(reply.raw, audio.erased);
    return { erased: audio.erased, bytes: () => pieces, close: () => audio.close() };
  } catch (cause) {
    await audio.close();
    throw cause;
  }
}

/** Identifies a caller by its token, wherever it comes from, else by its address. */
function ownerOf({ principal, address }: Caller): string {
  return principal.key === '' ? addressKey(address) : principal.key;
}

async function wholeWav(services: RecordingAudioPorts, callId: string): Promise<ExportedAudio> {
  const playback = await services.play(callId);
  return {
    erased: playback.erased,
    bytes: () => playback.wav(0, playback.wavBytes),
    close: () => playback.close(),
  };
}

/** No file leaves that the audit log does not hold; a playback's ranges are one row a minute. */
export function recordExport(
  { id: callId, uccName, correlationId }: CallRecord,
  format: AudioFormat | 'sidecar' | 'vcon',
  { request, services }: Pick<AudioRequest, 'request' | 'services'>,
): Promise<void> {
  const change = auditedChange(undefined, { format });
  const what = { action: 'export', uccName, correlationId, callId, change };
  return services.auditLog.exported(request.caller, what);
}

/**
 * Reads a `Range`; `end` is exclusive. Several ranges, another unit and what is malformed are
 * answered as if none were asked for (RFC 9110 section 14.2).
 */
export function parseRange(
  value: string | undefined,
  size: number,
): { start: number; end: number } | 'unsatisfiable' | undefined {
  const { code, type, ranges } = parse(size, value ?? '');
  if (type !== 'bytes' || (code & MALFORMED) !== 0) return undefined;
  const [range, ...others] = ranges;
  if (!range) return 'unsatisfiable';
  const isOne = code === 0 && others.length === 0;
  return isOne ? { start: range.start, end: range.end + 1 } : undefined;
}
