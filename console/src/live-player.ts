import type { HushError } from '@hush/client';
import { session } from './session.ts';

const WAV_HEADER_BYTES = 44;
const CHANNELS = 2;
const BYTES_PER_FRAME = 2 * CHANNELS;
/** Audio buffered ahead to bridge network delays, seconds. */
const AHEAD_S = 0.25;

/** Playback further behind than this skips older audio, seconds. */
const MAX_BEHIND_S = 3;
const NOT_FOUND = 404;

/** Plays a call in progress until it ends or `signal` aborts. */
export async function listenTo(id: string, signal: AbortSignal): Promise<HushError | undefined> {
  for (let isFirst = true; !signal.aborted; isFirst = false) {
    const answered = await session.client.call(id).audio({ signal });
    if (!answered.ok) {
      const { error } = answered;
      const isOver = !isFirst && error.kind === 'http' && error.status === NOT_FOUND;
      return isOver || signal.aborted ? undefined : error;
    }
    // The stream also ends with the token: it resumes with the next one.
    await play(answered.value, signal);
  }
  return undefined;
}

async function play(answer: Response, signal: AbortSignal): Promise<void> {
  const audio = new AudioContext();
  const close = (): void => void (audio.state === 'closed' ? undefined : audio.close());
  signal.addEventListener('abort', close, { once: true });
  let rest = new Uint8Array(0);
  let rate = 0;
  let playedUntil = 0;
  try {
    for await (const piece of piecesOf(answer)) {
      rest = joined(rest, piece);
      if (rate === 0) {
        if (rest.length < WAV_HEADER_BYTES) continue;
        rate = new DataView(rest.buffer).getUint32(24, true);
        rest = rest.slice(WAV_HEADER_BYTES);
      }
      const frames = Math.floor(rest.length / BYTES_PER_FRAME);
      const isBehind = playedUntil - audio.currentTime > MAX_BEHIND_S;
      if (frames === 0 || isBehind) {
        rest = rest.slice(frames * BYTES_PER_FRAME);
        continue;
      }
      const source = audio.createBufferSource();
      source.buffer = bufferOf(audio, rest, { frames, rate });
      source.connect(audio.destination);
      playedUntil = Math.max(playedUntil, audio.currentTime + AHEAD_S);
      source.start(playedUntil);
      playedUntil += frames / rate;
      rest = rest.slice(frames * BYTES_PER_FRAME);
    }
  } catch (cause) {
    if (!signal.aborted) throw cause;
  } finally {
    setTimeout(close, Math.max(0, playedUntil - audio.currentTime) * 1000);
  }
}

async function* piecesOf({ body }: Response): AsyncGenerator<Uint8Array> {
  const reader = body?.getReader();
  for (;;) {
    const read = await reader?.read();
    if (!read || read.done) return;
    yield read.value;
  }
}

function joined(before: Uint8Array, piece: Uint8Array): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(before.length + piece.length);
  whole.set(before);
  whole.set(piece, before.length);
  return whole;
}

function bufferOf(
  audio: AudioContext,
  bytes: Uint8Array<ArrayBuffer>,
  { frames, rate }: { readonly frames: number; readonly rate: number },
): AudioBuffer {
  const view = new DataView(bytes.buffer);
  const buffer = audio.createBuffer(CHANNELS, frames, rate);
  for (let channel = 0; channel < CHANNELS; channel += 1) {
    const samples = buffer.getChannelData(channel);
    for (let frame = 0; frame < frames; frame += 1) {
      const at = frame * BYTES_PER_FRAME + channel * 2;
      samples[frame] = view.getInt16(at, true) / 32_768;
    }
  }
  return buffer;
}
