import { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Caller } from '../domain/access.ts';
import type { ExportedAudio, ExportFormat } from '../domain/archive-port.ts';
import { auditedChange } from '../domain/audit-change.ts';
import { ExportsBusyError } from '../domain/errors.ts';
import { addressKey } from '../domain/networks.ts';
import type { CallRecord } from '../domain/records.ts';
import { cutOffRemoved, cutOffStalled, inPieces } from './download-watch.ts';
import { sendProblem } from './problems.ts';
import type { HttpServices } from './services.ts';
import { whenClosed } from './when-closed.ts';

interface AudioRequest {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly record: CallRecord;
  readonly services: HttpServices;
}

/** Answers the WAV, or the one byte range that was asked for (RFC 9110 section 14). */
export async function sendAudio({ request, reply, record, services }: AudioRequest) {
  const { id: callId } = record;
  const audio = await services.play(callId);
  const range = parseRange(request.headers.range, audio.wavBytes);
  reply.header('Accept-Ranges', 'bytes');
  reply.header('Cache-Control', 'no-store');
  if (range === 'unsatisfiable') {
    await audio.close();
    reply.header('Content-Range', `bytes */${audio.wavBytes}`);
    return sendProblem(reply, 416, 'The range lies outside the recording.');
  }
  const { start, end } = range ?? { start: 0, end: audio.wavBytes };
  if (range) reply.code(206).header('Content-Range', `bytes ${start}-${end - 1}/${audio.wavBytes}`);
  reply.header('Content-Length', end - start);
  reply.header('Content-Disposition', `inline; filename="${callId}.wav"`);
  reply.type('audio/wav');
  if (request.method === 'HEAD') {
    await audio.close();
    return reply.send(Readable.from([]));
  }
  await recordExport(record, 'wav', { request, services }).catch(async (cause: unknown) => {
    await audio.close();
    throw cause;
  });
  cutOffStalled(reply.raw, services.downloadTimeoutMs);
  cutOffRemoved(reply.raw, request.caller.principal, services);
  const body = Readable.from(inPieces(audio.wav(start, end)));
  body.once('close', () => void audio.close().catch(services.onError));
  return reply.send(body);
}

export type AudioFormat = 'wav' | ExportFormat;

/** What an export is, to HTTP: the ending is RFC 7845's (section 9) for Opus. */
const exportedAs = {
  opus: { type: 'audio/ogg', ending: 'opus' },
  flac: { type: 'audio/flac', ending: 'flac' },
} as const;
const RETRY_AFTER_SECONDS = 10;

/** Answers the recording in that format while it is made: without a length, and without ranges. */
export async function sendExport(
  { request, reply, record, services }: AudioRequest,
  format: ExportFormat,
) {
  const { id: callId } = record;
  const { type, ending } = exportedAs[format];
  reply.header('Accept-Ranges', 'none');
  reply.header('Cache-Control', 'no-store');
  reply.header('Content-Disposition', `inline; filename="${callId}.${ending}"`);
  reply.type(type);
  if (request.method === 'HEAD') return reply.send(Readable.from([]));
  const audio = await openedExport({ request, reply, record, services }, format);
  if (!audio) return reply;
  await recordExport(record, format, { request, services }).catch(async (cause: unknown) => {
    await audio.close();
    throw cause;
  });
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
    reply.removeHeader('Content-Disposition').header('Retry-After', RETRY_AFTER_SECONDS);
    sendProblem(reply, 503, 'Too many recordings are being exported; please try again.');
    return undefined;
  }
  const end = (): void => void audio.close().catch(services.onError);
  cutOffStalled(reply.raw, services.downloadTimeoutMs);
  cutOffRemoved(reply.raw, request.caller.principal, services);
  whenClosed(reply.raw, end);
  return audio;
}

/** Who has a token is one wherever it comes from. */
function ownerOf({ principal, address }: Caller): string {
  return principal.key === '' ? addressKey(address) : principal.key;
}

async function wholeWav(services: HttpServices, callId: string): Promise<ExportedAudio> {
  const playback = await services.play(callId);
  return {
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

/** `end` is exclusive. Several ranges, or another unit, are answered as if none were asked for. */
export function parseRange(
  value: string | undefined,
  size: number,
): { start: number; end: number } | 'unsatisfiable' | undefined {
  const match = /^bytes=(\d*)-(\d*)$/.exec(value ?? '');
  if (!match || (match[1] === '' && match[2] === '')) return undefined;
  const [, first = '', last = ''] = match;
  if (first === '') {
    const length = Math.min(Number(last), size);
    return length === 0 ? 'unsatisfiable' : { start: size - length, end: size };
  }
  const start = Number(first);
  const end = last === '' ? size : Math.min(Number(last) + 1, size);
  if (start >= size) return 'unsatisfiable';
  return end > start ? { start, end } : undefined;
}
