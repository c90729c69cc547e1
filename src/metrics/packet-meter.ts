import type { PacketCounts } from '../domain/model/track.ts';
import type { StreamStats, TrackSummary } from '../domain/ports/recorder.ts';

/**
 * Streams tell their counts since they were opened, once a second and when they end: what is new in
 * each telling is counted, once.
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

  /** A stream that a new media thread resumed counts from nothing again. */
  #count(before: PacketCounts | undefined, now: PacketCounts): PacketCounts {
    const isResumed = before !== undefined && now.received < before.received;
    const counted: { -readonly [Counter in keyof PacketCounts]: number } = { ...now };
    for (const counter of Object.keys(now) as (keyof PacketCounts)[]) {
      const already = isResumed ? 0 : (before?.[counter] ?? 0);
      // What was kept can still be erased, what was lost can still come: a counter never falls.
      counted[counter] = Math.max(already, now[counter]);
      if (now[counter] > already) this.#add(counter, now[counter] - already);
    }
    return counted;
  }
}

function keyOf(callId: string, track: number): string {
  return `${callId}/${track}`;
}
