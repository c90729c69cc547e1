import type { PacketCounts } from '../domain/model/track.ts';
import type { StreamStats, TrackSummary } from '../domain/ports/recorder.ts';

/**
 * Counts packets from the totals that streams report once a second and at their end: each report
 * adds the difference.
 */
export class PacketMeter {
  readonly #seen = new Map<string, PacketCounts>();
  readonly #add: (counter: keyof PacketCounts, packets: number) => void;

  constructor(add: (counter: keyof PacketCounts, packets: number) => void) {
    this.#add = add;
  }

  read({ callId, track, packets }: Pick<StreamStats, 'callId' | 'track' | 'packets'>): void {
    const key = keyOf(callId, track);
    this.#seen.set(key, this.#count(this.#seen.get(key), packets));
  }

  ended(callId: string, { track, packets }: Pick<TrackSummary, 'track' | 'packets'>): void {
    const key = keyOf(callId, track);
    this.#count(this.#seen.get(key), packets);
    this.#seen.delete(key);
  }

  /** A stream resumed by a new media thread counts from zero again. */
  #count(before: PacketCounts | undefined, now: PacketCounts): PacketCounts {
    const isResumed = before !== undefined && now.received < before.received;
    const counted: { -readonly [Counter in keyof PacketCounts]: number } = { ...now };
    for (const counter of Object.keys(now) as (keyof PacketCounts)[]) {
      const already = isResumed ? 0 : (before?.[counter] ?? 0);
      // A kept packet can still be erased, a lost one can still arrive: a counter never falls.
      counted[counter] = Math.max(already, now[counter]);
      if (now[counter] > already) this.#add(counter, now[counter] - already);
    }
    return counted;
  }
}

function keyOf(callId: string, track: number): string {
  return `${callId}/${track}`;
}
