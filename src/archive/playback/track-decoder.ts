import { setImmediate as breathe } from 'node:timers/promises';
import type { Span } from '../../domain/common/span.ts';
import { slipOf } from '../../domain/recording/gap-map.ts';
import { codecShapes, RunDecoder } from '../segment/run-decoder.ts';
import type { AudioRun, SegmentReader } from '../segment/segment-reader.ts';
import { AudioLine } from './audio-line.ts';
import { Resampler } from './resampler.ts';

/**
 * Audio decoded before the wanted part: after it a new decoder is indistinguishable from one that
 * decoded everything (docs/decisions/0009). RFC 7845 section 4.6 asks for at least 80 ms.
 */
const PRE_ROLL_MS = 500;
/** Samples decoded or resampled in one go: the thread does other work in between. */
const BLOCK_SAMPLES = 12_000;

/** The wanted part of a track, in output frames on the call's clock. */
export interface Wanted extends Span {
  /** Hz */
  readonly rate: number;
  /** Start of decoding, the same for every part of a window: at or before `start`. */
  readonly windowStart: number;
}

/** Decodes one track to samples at any rate, from any position without decoding all before it. */
export class TrackDecoder {
  /** Rates of the stored audio, Hz. */
  readonly sampleRates: readonly number[];
  readonly #clockRate: number;
  readonly #readers: readonly SegmentReader[];
  readonly #resamplers = new Map<string, Resampler>();
  readonly #hasMemory: boolean;

  /** @param clockRate of the track, Hz; the decoder closes its readers */
  constructor(clockRate: number, readers: readonly SegmentReader[]) {
    this.#clockRate = clockRate;
    this.#readers = readers;
    const shapes = readers.flatMap(({ codecs }) => codecs.map((codec) => codecShapes[codec]));
    const perUnit = new Set(shapes.map(({ samplesPerUnit }) => samplesPerUnit));
    this.sampleRates = [...perUnit].map((samples) => clockRate * samples);
    this.#hasMemory = shapes.some(({ hasMemory }) => hasMemory);
  }

  /** Returns samples of the wanted span with gaps as silence; undefined if all of it is silence. */
  async render(wanted: Wanted): Promise<Int16Array | undefined> {
    const span = this.#spanOf(wanted);
    const runs = await this.#runs(span);
    if (runs.length === 0) return undefined;
    const lines = await this.#decode(runs, span);
    const asItIs = lines.size === 1 && lines.get(wanted.rate / this.#clockRate);
    if (asItIs) return asItIs.pcm.subarray(wanted.start - asItIs.start, wanted.end - asItIs.start);
    const pcm = new Int16Array(wanted.end - wanted.start);
    for (const [samplesPerUnit, line] of lines) {
      const lineRate = this.#clockRate * samplesPerUnit;
      for (const { start, end } of line.stretches) {
        const from = Math.max(wanted.start, Math.ceil((start * wanted.rate) / lineRate));
        const until = Math.min(wanted.end, Math.ceil((end * wanted.rate) / lineRate));
        if (from >= until) continue;
        const target = pcm.subarray(from - wanted.start, until - wanted.start);
        await this.#copy({ line, lineRate, rate: wanted.rate }, from, target);
      }
    }
    return pcm;
  }

  async close(): Promise<void> {
    await Promise.all(this.#readers.map((reader) => reader.close()));
  }

  /** Returns the span that must be read, in units of the track's clock. */
  #spanOf({ start, end, rate, windowStart }: Wanted): Span {
    const perFrame = this.#clockRate / rate;
    const reaches = this.sampleRates.map((from) => this.#resampler(from, rate)?.reach ?? 0);
    // Audio beside a seam determines its bridge.
    const margin = Math.max(0, ...reaches) + slipOf(this.#clockRate) + 1;
    const preRoll = Math.max(margin, Math.ceil((PRE_ROLL_MS * this.#clockRate) / 1000));
    return {
      start: this.#hasMemory
        ? Math.floor(windowStart * perFrame) - preRoll
        : Math.floor(start * perFrame) - margin,
      end: Math.ceil(end * perFrame) + margin,
    };
  }

  /** Returns runs in time order; at the same time, those stored later come later. */
  async #runs(span: Span): Promise<AudioRun[]> {
    const runs: AudioRun[] = [];
    for (const reader of this.#readers) {
      for await (const run of reader.read(span)) {
        if (run.position < span.end && run.position + run.samples > span.start) runs.push(run);
      }
    }
    return runs.sort((a, b) => a.position - b.position);
  }

  /** Decodes lines by samples per unit: a track's codec may change. */
  async #decode(runs: readonly AudioRun[], span: Span): Promise<Map<number, AudioLine>> {
    const decoder = new RunDecoder();
    try {
      const lines = new Map<number, AudioLine>();
      let sinceBreath = 0;
      for (const run of runs.map((whole) => partOf(whole, span))) {
        if (run.kind !== 'audio') {
          for (const line of lines.values()) line.leaveOut();
          continue;
        }
        const { samplesPerUnit: per, hasMemory } = codecShapes[run.codec];
        const place = { start: span.start * per, end: span.end * per };
        const line = lines.get(per) ?? new AudioLine(place, slipOf(this.#clockRate) * per);
        lines.set(per, line);
        const position = run.position * per;
        const samples = await decoder.decode(run, line.pcm, position - line.start);
        line.put(position, samples);
        sinceBreath += hasMemory ? samples : 0;
        if (sinceBreath < BLOCK_SAMPLES) continue;
        await breathe();
        sinceBreath = 0;
      }
      return lines;
    } finally {
      decoder.close();
    }
  }

  async #copy(
    { line, lineRate, rate }: { line: AudioLine; lineRate: number; rate: number },
    first: number,
    target: Int16Array,
  ): Promise<void> {
    const resampler = this.#resampler(lineRate, rate);
    if (!resampler) {
      target.set(line.pcm.subarray(first - line.start, first - line.start + target.length));
      return;
    }
    for (let at = 0; at < target.length; at += BLOCK_SAMPLES) {
      resampler.resample(line, first + at, target.subarray(at, at + BLOCK_SAMPLES));
      await breathe();
    }
  }

  #resampler(from: number, to: number): Resampler | undefined {
    if (from === to) return undefined;
    const name = `${from}:${to}`;
    const resampler = this.#resamplers.get(name) ?? new Resampler(from, to);
    this.#resamplers.set(name, resampler);
    return resampler;
  }
}

/** Returns the part of a run within the span; an indivisible packet stays whole. */
function partOf(run: AudioRun, span: Span): AudioRun {
  const { bytesPerUnit } = codecShapes[run.codec];
  if (bytesPerUnit === null || run.kind !== 'audio') return run;
  const from = Math.max(0, span.start - run.position);
  const until = Math.min(run.samples, span.end - run.position);
  return {
    ...run,
    position: run.position + from,
    samples: until - from,
    audio: run.audio.subarray(from * bytesPerUnit, until * bytesPerUnit),
  };
}
