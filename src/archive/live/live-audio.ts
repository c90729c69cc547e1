import { setTimeout as later } from 'node:timers/promises';
import { AudioMissingError } from '../../domain/model/errors.ts';
import type { TrackRecord } from '../../domain/model/track.ts';
import type { LiveAudio, TrackLevel } from '../../domain/ports/archive.ts';
import type { Store } from '../../domain/ports/store.ts';
import { endlessWavHeader } from '../../protocols/wav/wav-header.ts';
import type { Listeners } from '../playback/listeners.ts';
import { CHANNELS, mixInto } from '../playback/playback.ts';
import { codecShapes } from '../segment/run-decoder.ts';
import type { Unsealing } from '../segment/segment-reader.ts';
import { LiveCallReader, type LiveTrackReader, Look, type Recorded } from './live-call-reader.ts';

export interface LiveAudioOptions extends Unsealing {
  readonly store: Pick<Store, 'tracks' | 'segments'>;
  readonly listeners: Listeners;
}

/** Interval of looks for newly sealed audio, which arrives every 900 ms. */
const LOOK_MS = 300;
/** Listening begins this far back in the audio. */
const START_BEHIND_MS = 1_000;
/** A silent track is waited for at most this long; a longer silence of all is left out. */
const MAX_LAG_MS = 2_000;
/** A listener that falls further behind than this skips older audio. */
const MAX_BEHIND_MS = 10_000;
const LEVEL_MS = 300;
/** A track that has not grown for this long is not being recorded. */
const STALE_MS = 2_500;
const LEVEL_FRESH_MS = 400;
const FORGET_MS = 10_000;
const SILENCE_DBFS = -96;
const LEAST_RATE = 8_000;

/** A call's levels, shared by all who ask. */
interface Metered {
  readonly call: LiveCallReader;
  readonly ends: Map<number, { readonly endMs: number; readonly grewAt: number }>;
  askedAt: number;
  levels: Promise<TrackLevel[]>;
}

/** A listener's position, in ms of the call. */
interface Hearing {
  readonly call: LiveCallReader;
  readonly rate: number;
  readonly isOver: boolean;
  readonly at: number | undefined;
}

/**
 * Plays and meters calls in progress from their sealed audio, about a second behind: audio that is
 * not recorded can neither be heard nor move a meter (docs/decisions/0016).
 */
export class SealedLiveAudio implements LiveAudio {
  readonly #options: LiveAudioOptions;
  readonly #metered = new Map<string, Metered>();

  constructor(options: LiveAudioOptions) {
    this.#options = options;
  }

  async *wav(callId: string, isLive: () => boolean): AsyncGenerator<Buffer> {
    const call = new LiveCallReader(this.#options);
    const first = await this.#recorded(callId);
    const rate = rateOf(first.tracks);
    yield endlessWavHeader({ sampleRate: rate, channels: CHANNELS });
    let at: number | undefined;
    for (let isOver = false; !isOver; ) {
      isOver = !isLive();
      const heard = await this.#hear(callId, { call, rate, isOver, at });
      at = heard?.at ?? at;
      if (heard?.pcm) yield heard.pcm;
      if (!isOver) await later(LOOK_MS);
    }
  }

  /** Returns the audio since `at`; undefined if the call was destroyed meanwhile. */
  async #hear(
    callId: string,
    { call, rate, isOver, at }: Hearing,
  ): Promise<{ at: number; pcm: Buffer | undefined } | undefined> {
    const look = await this.#look(callId, call, at ?? 0);
    try {
      const end = endOf(look.tracks, isOver);
      const since = Math.max(at ?? end - START_BEHIND_MS, end - MAX_BEHIND_MS, 0);
      const starts = look.tracks.flatMap((track) => track.nextAfter(since) ?? []);
      const from = Math.max(since, Math.min(...starts));
      if (from >= end) return { at: since, pcm: undefined };
      const until = beforeGap(look.tracks, from, end);
      const pcm = await mixed(look.tracks, { from, end: until, rate });
      return look.isInterrupted ? undefined : { at: until, pcm };
    } catch (cause) {
      if (look.isInterrupted) return undefined;
      throw cause;
    } finally {
      await look.close();
    }
  }

  /** Returns the levels; at most one look in 400 ms, however many ask. */
  levels(callId: string): Promise<TrackLevel[]> {
    const now = performance.now();
    for (const [id, { askedAt }] of this.#metered) {
      if (now - askedAt > FORGET_MS) this.#metered.delete(id);
    }
    const known = this.#metered.get(callId);
    if (known && now - known.askedAt < LEVEL_FRESH_MS) return known.levels;
    const call = known?.call ?? new LiveCallReader(this.#options);
    const ends = known?.ends ?? new Map();
    // One look at a time: two at once would each remember another end.
    const before = known?.levels.catch(() => []) ?? Promise.resolve([]);
    const levels = before.then(() => this.#measure(callId, { call, ends }));
    this.#metered.set(callId, { call, ends, askedAt: now, levels });
    return levels;
  }

  async #measure(
    callId: string,
    { call, ends }: Pick<Metered, 'call' | 'ends'>,
  ): Promise<TrackLevel[]> {
    const newest = Math.max(0, ...[...ends.values()].map(({ endMs }) => endMs));
    const look = await this.#look(callId, call, newest).catch(nothing);
    if (!look) return [];
    const now = performance.now();
    try {
      const levels: TrackLevel[] = [];
      for (const track of look.tracks) {
        const { track: number, aor, role } = track.track;
        const before = ends.get(number);
        // Audio present at the first look may be old: only audio added later is known to be new.
        const grew = before !== undefined && track.endMs > before.endMs;
        const grewAt = grew ? now : (before?.grewAt ?? Number.NEGATIVE_INFINITY);
        ends.set(number, { endMs: track.endMs, grewAt });
        const isFresh = now - grewAt < STALE_MS;
        levels.push({ track: number, aor, role, dbfs: isFresh ? await levelOf(track) : null });
      }
      return levels;
    } finally {
      await look.close();
    }
  }

  #look(callId: string, call: LiveCallReader, sinceMs: number): Promise<Look> {
    return this.#options.listeners.opened(
      callId,
      async (onClosed) =>
        new Look(await call.look(await this.#recorded(callId), sinceMs), onClosed),
    );
  }

  async #recorded(callId: string): Promise<Recorded> {
    const { store } = this.#options;
    return { tracks: await store.tracks(callId), segments: await store.segments(callId) };
  }
}

/** Missing files move no meter. */
function nothing(cause: unknown): undefined {
  if (!(cause instanceof AudioMissingError)) throw cause;
}

/** Returns the highest rate of the tracks, Hz. */
function rateOf(tracks: readonly TrackRecord[]): number {
  const rates = tracks.map(({ clockRate, codec }) => clockRate * codecShapes[codec].samplesPerUnit);
  return Math.max(LEAST_RATE, ...rates);
}

/** Returns the time that all sending tracks have reached; the last sample if the call is over. */
function endOf(tracks: readonly LiveTrackReader[], isOver: boolean): number {
  const ends = tracks.map(({ endMs }) => endMs);
  const last = Math.max(0, ...ends);
  const going = ends.filter((end) => end > last - MAX_LAG_MS);
  return isOver ? last : Math.min(last, ...going);
}

/** Returns where a gap of all tracks begins that a listener does not wait for, or the end. */
function beforeGap(tracks: readonly LiveTrackReader[], from: number, end: number): number {
  for (let reached = from; reached < end; ) {
    const further = Math.max(...tracks.map((track) => track.reach(reached + MAX_LAG_MS)));
    if (further <= reached) return reached;
    reached = further;
  }
  return end;
}

async function mixed(
  tracks: readonly LiveTrackReader[],
  { from, end, rate }: { from: number; end: number; rate: number },
): Promise<Buffer> {
  const start = Math.round((from * rate) / 1000);
  const wanted = { rate, start, windowStart: start, end: Math.round((end * rate) / 1000) };
  const pcm = new Int16Array((wanted.end - start) * CHANNELS);
  await mixInto(pcm, tracks, wanted);
  return Buffer.from(pcm.buffer);
}

/** Root mean square of the newest audio, dB below full scale. */
async function levelOf({ voice, track, endMs }: LiveTrackReader): Promise<number> {
  const rate = track.clockRate;
  const end = Math.floor((endMs * rate) / 1000);
  const start = Math.max(0, end - Math.ceil((LEVEL_MS * rate) / 1000));
  const pcm = await voice.render({ rate, start, end, windowStart: start });
  if (!pcm || pcm.length === 0) return SILENCE_DBFS;
  const square = pcm.reduce((sum, sample) => sum + sample * sample, 0) / pcm.length;
  const dbfs = 20 * Math.log10(Math.sqrt(square) / 32_768);
  return Math.round(Math.max(SILENCE_DBFS, dbfs) * 10) / 10;
}
