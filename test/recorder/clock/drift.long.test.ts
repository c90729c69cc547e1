import { rmSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import type { TrackSummary } from '../../../src/domain/ports/recorder.ts';
import { gapsOf, slipOf } from '../../../src/domain/recording/gap-map.ts';
import { buildRtp } from '../../../src/protocols/rtp/packet.ts';
import { CallClock } from '../../../src/recorder/clock/track-clock.ts';
import { findMarkers, markerFrame } from '../../../src/simulator/marker-audio.ts';
import { seededRandom } from '../../../src/torture/random.ts';
import { temporaryFolder } from '../../support/hush/hush.ts';
import { sized } from '../../support/length.ts';
import { VirtualCall } from '../intake/virtual-stream.ts';
import { spec } from '../recorder-fixture.ts';

const MINUTE_MS = 60_000;
const LENGTH_MS = sized(15, 60) * MINUTE_MS;
const FRAME_MS = 20;
const FRAME = 160;
const UNITS_PER_MS = 8;
/** What the issue allows between two parties. */
const MAX_APART_MS = 20;

interface Party {
  readonly track: number;
  /** How much faster than ours its clock runs. */
  readonly skewPpm: number;
}

interface Arrival {
  readonly track: number;
  readonly index: number;
  readonly atMs: number;
}

/** When a party sends its frame `index`, on our clock. */
function sentAtMs({ skewPpm }: Party, index: number): number {
  return (index * FRAME_MS) / (1 + skewPpm / 1e6);
}

/** What a bad network makes of an hour: jitter, 2 % lost, 1 % late by two packets. */
function arrivalsOf(party: Party, random: () => number): Arrival[] {
  const arrivals: Arrival[] = [];
  for (let index = 0; sentAtMs(party, index) < LENGTH_MS; index += 1) {
    if (random() < 0.02) continue;
    const lateMs = random() < 0.01 ? 2.5 * FRAME_MS : 0;
    const atMs = sentAtMs(party, index) + 30 + 15 * random() ** 2 + lateMs;
    arrivals.push({ track: party.track, index, atMs });
  }
  return arrivals;
}

const parties: readonly Party[] = [
  { track: 0, skewPpm: 200 },
  { track: 1, skewPpm: 0 },
];

/** How far the party's frames lie from where they belong, in ms. */
async function offsetsOf(call: VirtualCall, party: Party) {
  const found: number[] = [];
  for (const { position, audio } of await call.runs(party.track)) {
    for (const { index, offset } of findMarkers(audio)) {
      found.push((position + offset) / UNITS_PER_MS - sentAtMs(party, index));
    }
  }
  const [least, most] = minMax(found);
  return { least, most, count: found.length };
}

/** Whole packets that the gap map misses; drift must open no gap of its own. */
async function lostPackets(call: VirtualCall, summary: TrackSummary): Promise<number> {
  const { track, startPosition, endPosition } = summary;
  const gaps = gapsOf({
    ...{ callId: call.callId, track, initialReason: null, reasonChanges: [] },
    extent: { start: startPosition ?? 0, end: endPosition ?? 0 },
    slip: slipOf(8000),
    segments: await call.coverage(track),
  });
  const lost = gaps.map(({ length }) => Math.round(length / FRAME));
  expect(Math.min(...lost)).toBeGreaterThanOrEqual(1);
  return lost.reduce((sum, packets) => sum + packets);
}

describe('a long call over a bad network, with clocks that drift apart by 200 ppm', () => {
  const folder = temporaryFolder();
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('keeps both parties together, its length, and every packet that came', async () => {
    const random = seededRandom(7);
    const call = new VirtualCall(folder, new CallClock());
    const streams = parties.map(({ track }) => call.stream({ ...spec, track }));
    const arrivals = parties.map((party) => arrivalsOf(party, random));
    for (const { track, index, atMs } of arrivals.flat().sort((a, b) => a.atMs - b.atMs)) {
      const fields = { payloadType: 0, sequence: index, timestamp: index * FRAME, ssrc: track };
      const packet = buildRtp(fields, markerFrame(track, index));
      const stream = streams[track];
      if (stream) call.receive(stream, packet, 1_000 + atMs);
    }
    const summaries = await Promise.all(streams.map((stream) => call.close(stream)));
    const offsets = await Promise.all(parties.map((party) => offsetsOf(call, party)));
    const [first, second] = offsets as [(typeof offsets)[0], (typeof offsets)[0]];
    const apartMs = Math.max(first.most - second.least, second.most - first.least);
    const errorsMs = summaries.map(({ track, startPosition, endPosition }) => {
      const party = parties[track] as Party;
      // The network may have lost the first packet, and the last one.
      const [first, last] = minMax(arrivals[track]?.map(({ index }) => index) ?? []);
      const sentMs = sentAtMs(party, last) - sentAtMs(party, first) + FRAME_MS;
      return ((endPosition ?? 0) - (startPosition ?? 0)) / UNITS_PER_MS - sentMs;
    });
    const lengths = errorsMs.map((ms) => ms.toFixed(1)).join(' and ');
    console.log(`apart by at most ${apartMs.toFixed(1)} ms; lengths off by ${lengths} ms`);
    expect(apartMs).toBeLessThan(MAX_APART_MS);
    for (const ms of errorsMs) expect(Math.abs(ms)).toBeLessThan(MAX_APART_MS);
    for (const summary of summaries) {
      const came = arrivals[summary.track]?.map(({ index }) => index) ?? [];
      const [firstIndex, lastIndex] = minMax(came);
      expect(offsets[summary.track]?.count).toBe(came.length);
      const missing = lastIndex - firstIndex + 1 - came.length;
      expect(await lostPackets(call, summary)).toBe(missing);
      expect(summary.packets.lost).toBe(missing);
      expect(summary.packets.reordered).toBeGreaterThan(sized(250, 1_000));
    }
  });
});

function minMax(numbers: readonly number[]): [number, number] {
  let [least, most] = [Infinity, -Infinity];
  for (const number of numbers) {
    if (number < least) least = number;
    if (number > most) most = number;
  }
  return [least, most];
}
