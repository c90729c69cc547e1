import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { SipPeer } from '../protocols/sip/types.ts';
import { FRAME_MS } from '../simulator/rtp-sender.ts';
import type { SessionRecordingClient } from '../simulator/session-recording-client.ts';
import type { SimulatedCall } from '../simulator/simulated-call.ts';
import type { SimulatedStream } from '../simulator/simulated-stream.ts';
import type { SimulatedCodec } from '../simulator/stream-format.ts';
import { nowMs } from '../simulator/verdict.ts';
import { markerPayload } from './codec-markers.ts';
import type { Impairment } from './impairments.ts';
import type { CallEvidence, DeviceFrame, Leg, Silence } from './judge.ts';
import { Path, type PathShape } from './path.ts';
import type { Action, TortureTarget } from './target.ts';

export const parties = ['sip:agent@domain.com', 'tel:+31880000000'] as const;

export interface TortureCallOptions {
  readonly target: TortureTarget;
  readonly client: SessionRecordingClient;
  readonly peer: SipPeer;
  readonly random: () => number;
  readonly uccName: string;
  readonly codec?: SimulatedCodec | undefined;
  /** What the UCC erases of what came before a Pause, ms. */
  readonly lookbackMs?: number | undefined;
  impairment?: ((random: () => number) => Impairment) | undefined;
  /** What a party's network is like; undefined: it delays nothing. */
  path?: ((random: () => number, party: number) => PathShape | undefined) | undefined;
  nextTag(): number;
}

type OpenSilence = { -readonly [Key in keyof Silence]: Silence[Key] };

/** Re-INVITEs that met one of the recorder's own are sent again within this (RFC 3261, 14.1). */
const GLARE_WAIT_MS = 100;
const MAX_GLARES = 50;

/** One recording session with what its legs sent. */
interface Session {
  readonly call: SimulatedCall;
  readonly legs: readonly Leg[];
  readonly paths: readonly Path[];
}

/** A recorded call whose every frame is numbered, and what was asked of the recorder meanwhile. */
export class TortureCall {
  readonly correlationId = randomUUID();
  readonly legs: Leg[] = [];
  /** Pauses and holds: while one of them holds, nothing may be kept. */
  readonly silences: Silence[] = [];
  /** When something happened to the recorder, or to all legs at once. */
  readonly disturbances: number[] = [];
  readonly ackMs: number[] = [];
  /** What was done with it, for whoever looks into a finding. */
  readonly notes: { readonly atMs: number; readonly what: string }[] = [];
  /** What the last saving command that was answered wants. */
  isDestroyed = false;
  retries = 0;
  /** Pauses that were answered, holds not among them. */
  pauses = 0;
  readonly #options: TortureCallOptions;
  #uccName: string;
  #session: Session | undefined;
  #silence: OpenSilence | undefined;

  constructor(options: TortureCallOptions) {
    this.#options = options;
    this.#uccName = options.uccName;
  }

  get random(): () => number {
    return this.#options.random;
  }

  get uccName(): string {
    return this.#uccName;
  }

  /** A recording session more; it takes the place of the one before. */
  async join(uccName = this.#uccName): Promise<void> {
    const { client, peer, codec = 'PCMU' } = this.#options;
    const made = parties.map((aor, party) => this.#participant(aor, party));
    const call = await client.placeCall({
      peer,
      codec,
      requestUri: `sip:${uccName}@${peer.address}`,
      headers: [{ name: 'X-Correlation-Id', value: this.correlationId }],
      participants: made.map(({ participant }) => participant),
    });
    this.#uccName = uccName;
    this.#session = {
      call,
      legs: made.map(({ leg }) => leg),
      paths: made.flatMap(({ path }) => (path ? [path] : [])),
    };
  }

  #participant(aor: string, party: number) {
    const { impairment, random, path: shapeOf, nextTag, codec = 'PCMU' } = this.#options;
    const tag = nextTag();
    const shape = shapeOf?.(random, party);
    const path = shape && new Path(shape, random);
    const impair = path?.impair ?? impairment?.(random);
    const byIndex = new Map<number, DeviceFrame>();
    const leg: Leg = {
      ...{ tag, party: aor, frames: [], disturbedAtMs: [] },
      constantsMs: path?.constantsMs ?? [],
      endedAtMs: Number.POSITIVE_INFINITY,
    };
    this.legs.push(leg);
    const participant = {
      aor,
      source: (index: number) => markerPayload(codec, tag, index),
      onFrame: (index: number, times: { sentAtMs: number; dueAtMs: number }) => {
        const frame: DeviceFrame = { index, ...times, arrivedAtMs: undefined };
        byIndex.set(index, frame);
        noteKitStall(leg, frame);
        leg.frames.push(frame);
      },
      onSent: (index: number, _: number, sentAtMs: number) => {
        const frame = byIndex.get(index);
        if (frame) frame.arrivedAtMs ??= sentAtMs;
        byIndex.delete(index);
      },
      ...(impair ? { impair } : {}),
    };
    return { participant, leg, path };
  }

  get session(): SimulatedCall {
    return this.#current.call;
  }

  get streams(): readonly SimulatedStream[] {
    return this.session.streams;
  }

  /** Of the current session; none where nothing delays its packets. */
  get paths(): readonly Path[] {
    return this.#current.paths;
  }

  get #current(): Session {
    if (!this.#session) throw new Error('the call has no session');
    return this.#session;
  }

  async end(session = this.#current): Promise<void> {
    for (const leg of session.legs) leg.endedAtMs = nowMs();
    await session.call.end();
  }

  /** From the request for silence to the answer that ends it. */
  async pauseAround(
    inside: () => Promise<void>,
    race: { readonly withPause: Promise<unknown>; withStart(): Promise<unknown> },
  ): Promise<void> {
    await Promise.all([this.pause(), race.withPause]);
    await inside();
    await Promise.all([this.start(), race.withStart()]);
  }

  pause(): Promise<void> {
    return this.#shut(() => this.command('Pause'));
  }

  start(): Promise<void> {
    return this.#open(() => this.command('Start'));
  }

  /** A pause of an owner's own, where the recorder has such. */
  takeLease(): Promise<void> {
    return this.#shut(() => this.#leases.take(this.correlationId));
  }

  releaseLease(): Promise<void> {
    return this.#open(() => this.#leases.release(this.correlationId));
  }

  get #leases() {
    const { leases } = this.#options.target;
    if (!leases) throw new Error('the recorder has no leases');
    return leases;
  }

  async #shut(command: () => Promise<number>): Promise<void> {
    const silence = this.begin();
    this.#silence = silence;
    silence.answeredAt = await command();
    this.pauses += 1;
  }

  async #open(command: () => Promise<number>): Promise<void> {
    const silence = this.#silence;
    if (!silence) throw new Error('the call is not paused');
    silence.startRequestedAt = nowMs();
    silence.startAnsweredAt = await command();
  }

  /** Until it is known better, nothing can be said of what comes after the request. */
  begin(lookbackMs = this.#options.lookbackMs ?? 0): OpenSilence {
    const never = Number.POSITIVE_INFINITY;
    const silence: OpenSilence = {
      ...{ requestedAt: nowMs(), lookbackMs },
      ...{ answeredAt: never, startRequestedAt: never, startAnsweredAt: never },
    };
    this.silences.push(silence);
    return silence;
  }

  /** Holds, goes on sending all the same, and releases. */
  async hold(ms: number, by: 'inactive' | 'nullAddress' | 'update'): Promise<void> {
    const { session } = this;
    const silence = this.begin(0);
    await this.#persist(() =>
      by === 'update'
        ? session.updateDirection('inactive')
        : session.hold({ keepSending: true, style: by }),
    );
    silence.answeredAt = nowMs();
    await delay(ms);
    silence.startRequestedAt = nowMs();
    await this.#persist(() =>
      by === 'update' ? session.updateDirection('sendonly') : session.resume(),
    );
    silence.startAnsweredAt = nowMs();
  }

  async changePorts(): Promise<void> {
    this.disturb();
    await this.#persist(() => this.session.changePorts());
    this.disturb();
  }

  changeSources(): void {
    for (const stream of this.streams) stream.changeSource();
    this.disturb();
  }

  /** Notes that places before and after this instant may need a moment to agree. */
  disturb(party?: number): void {
    if (party === undefined) this.disturbances.push(nowMs());
    else this.#current.legs[party]?.disturbedAtMs.push(nowMs());
  }

  /** Another session takes over; with a seam the first one ends before the second begins. */
  async transfer({ seam, to }: { readonly seam: boolean; readonly to?: string }): Promise<void> {
    const first = this.#current;
    if (seam) await this.end(first);
    await this.join(to);
    if (!seam) await this.end(first);
  }

  /** @returns when it was answered */
  async command(action: Action): Promise<number> {
    const begun = nowMs();
    const { correlationId, uccName } = this;
    const { answeredAt, retries } = await this.#options.target.command(action, {
      correlationId,
      uccName,
    });
    this.ackMs.push(answeredAt - begun);
    this.retries += retries;
    if (action === 'Delete') this.isDestroyed = true;
    if (action === 'Save') this.isDestroyed = false;
    return answeredAt;
  }

  evidence(found: CallEvidence['found']): CallEvidence {
    const { legs, silences, isDestroyed } = this;
    return { legs, silences, found, isDestroyed };
  }

  async #persist(offer: () => Promise<{ statusCode: number }>): Promise<number> {
    for (let tried = 0; tried < MAX_GLARES; tried += 1) {
      const statusCode = await offer().then(
        (response) => response.statusCode,
        (cause: { statusCode?: number }) => {
          if (cause.statusCode === undefined) throw cause;
          return cause.statusCode;
        },
      );
      if (statusCode < 300) return statusCode;
      if (statusCode !== 491 && statusCode !== 500) throw new Error(`answered ${statusCode}`);
      await delay(this.random() * GLARE_WAIT_MS);
    }
    throw new Error('a re-INVITE never came through');
  }
}

/** A kit that was kept from sending for long puts its clock back: as a broken sender does. */
function noteKitStall({ frames: sent, disturbedAtMs }: Leg, frame: DeviceFrame): void {
  const last = sent.at(-1);
  if (!last) return;
  const evenMs = (frame.index - last.index) * FRAME_MS;
  if (Math.abs(frame.dueAtMs - last.dueAtMs - evenMs) <= FRAME_MS / 2) return;
  disturbedAtMs.push(last.sentAtMs, frame.sentAtMs);
}

export function frames(count: number): number {
  return count * FRAME_MS;
}
