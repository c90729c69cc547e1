import { noPackets, type PacketCounts } from '../domain/model/track.ts';
import type { StreamStats, TrackSummary } from '../domain/ports/recorder.ts';

type Counts = { -readonly [Counter in keyof PacketCounts]: number };

/**
 * Counts packets from the totals that streams report once a second and at their end: each report
 * adds the difference, and all streams of a report are added at once.
 */
export class PacketMeter {
  /** By call and track. */
  readonly #seen = new Map<string, Map<number, Counts>>();
  readonly #add: (counter: keyof PacketCounts, packets: number) => void;

  constructor(add: (counter: keyof PacketCounts, packets: number) => void) {
    this.#add = add;
  }

  read(readings: readonly Pick<StreamStats, 'callId' | 'track' | 'packets'>[]): void {
    const added: Counts = { ...noPackets };
    for (const { callId, track, packets } of readings) {
      count(this.#countsOf(callId, track), packets, added);
    }
    this.#addAll(added);
  }

  ended(callId: string, { track, packets }: Pick<TrackSummary, 'track' | 'packets'>): void {
    const added: Counts = { ...noPackets };
    count(this.#countsOf(callId, track), packets, added);
    this.#addAll(added);
    const tracks = this.#seen.get(callId);
    tracks?.delete(track);
    if (tracks?.size === 0) this.#seen.delete(callId);
  }

  #countsOf(callId: string, track: number): Counts {
    let tracks = this.#seen.get(callId);
    if (!tracks) {
      tracks = new Map();
      this.#seen.set(callId, tracks);
    }
    let counts = tracks.get(track);
    if (!counts) {
      counts = { ...noPackets };
      tracks.set(track, counts);
    }
    return counts;
  }

  #addAll(added: PacketCounts): void {
    for (const counter of counters) {
      if (added[counter] > 0) this.#add(counter, added[counter]);
    }
  }
}

const counters = Object.keys(noPackets) as readonly (keyof PacketCounts)[];

/** A kept packet can still be erased, a lost one can still arrive: a counter never falls. */
function count(seen: Counts, now: PacketCounts, added: Counts): void {
  // A stream resumed by a new media thread counts from zero again.
  if (now.received < seen.received) Object.assign(seen, noPackets);
  for (const counter of counters) {
    const grown = now[counter] - seen[counter];
    if (grown <= 0) continue;
    added[counter] += grown;
    seen[counter] = now[counter];
  }
}
