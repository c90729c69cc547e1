import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { SipPeer } from '../protocols/sip/message/types.ts';
import { FRAME_MS } from '../simulator/rtp-sender.ts';
import type { SessionRecordingClient } from '../simulator/session-recording-client.ts';
import type { SimulatedCall } from '../simulator/simulated-call.ts';
import type { SimulatedStream } from '../simulator/simulated-stream.ts';
import { nowMs } from '../simulator/verdict.ts';
import type { CallEvidence, Leg, Silence } from './judge.ts';
import { type NumberedLegOptions, numberedLeg } from './numbered-leg.ts';
import type { Path } from './path.ts';
import { persist, persistently } from './persistent-offer.ts';
import type { Action, TortureTarget } from './target.ts';

export const parties = ['sip:agent@domain.com', 'tel:+31880000000'] as const;

export interface TortureCallOptions extends NumberedLegOptions {
  readonly target: TortureTarget;
  readonly client: SessionRecordingClient;
  readonly peer: SipPeer;
  readonly uccName: string;
  /** Audio before a Pause that the UCC erases, ms. */
  readonly lookbackMs?: number | undefined;
}

type OpenSilence = { -readonly [Key in keyof Silence]: Silence[Key] };

/** One recording session with its legs' sent frames. */
interface Session {
  readonly call: SimulatedCall;
  readonly legs: readonly Leg[];
  readonly paths: readonly Path[];
}

/** A recorded call whose every frame is numbered, and the commands sent meanwhile. */
export class TortureCall {
  readonly correlationId = randomUUID();
  readonly legs: Leg[] = [];
  /** Pauses and holds: while one of them holds, nothing may be kept. */
  readonly silences: Silence[] = [];
  /** Times when the recorder, or all legs at once, were disturbed. */
  readonly disturbances: number[] = [];
  readonly ackMs: number[] = [];
  /** Actions on it, for the analysis of a finding. */
  readonly notes: { readonly atMs: number; readonly what: string }[] = [];
  /** True if the last answered saving command destroys it. */
  isDestroyed = false;
  retries = 0;
  /** Answered pauses, without holds. */
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

  /** Audio that its recorder holds in memory only. */
  get lookbackMs(): number {
    return this.#options.lookbackMs ?? 0;
  }

  /** Adds a recording session, which replaces the previous one. */
  async join(uccName = this.#uccName): Promise<void> {
    const { client, peer, codec = 'PCMU' } = this.#options;
    const made = parties.map((aor, party) => numberedLeg({ ...this.#options, aor, party, codec }));
    this.legs.push(...made.map(({ leg }) => leg));
    const call = await persistently(this.random, () =>
      client.placeCall({
        peer,
        codec,
        requestUri: `sip:${uccName}@${peer.address}`,
        headers: [{ name: 'X-Correlation-Id', value: this.correlationId }],
        participants: made.map(({ participant }) => participant),
      }),
    );
    this.#uccName = uccName;
    this.#session = {
      call,
      legs: made.map(({ leg }) => leg),
      paths: made.flatMap(({ path }) => (path ? [path] : [])),
    };
  }

  get session(): SimulatedCall {
    return this.#current.call;
  }

  get streams(): readonly SimulatedStream[] {
    return this.session.streams;
  }

  /** Paths of the current session; none where nothing delays its packets. */
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

  /** Runs from the request for silence to the answer that ends it. */
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

  /** Takes a pause of an owner's own, if the recorder has such. */
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

  /** Begins a silence: for now, nothing is known of audio after the request. */
  begin(lookbackMs = this.lookbackMs): OpenSilence {
    const never = Number.POSITIVE_INFINITY;
    const silence: OpenSilence = {
      requestedAt: nowMs(),
      lookbackMs,
      answeredAt: never,
      startRequestedAt: never,
      startAnsweredAt: never,
    };
    this.silences.push(silence);
    return silence;
  }

  /** Holds, keeps sending all the same, and releases. */
  async hold(ms: number, by: 'inactive' | 'nullAddress' | 'update'): Promise<void> {
    const { session } = this;
    const silence = this.begin(0);
    await persist(this.random, () =>
      by === 'update'
        ? session.updateDirection('inactive')
        : session.hold({ keepSending: true, style: by }),
    );
    silence.answeredAt = nowMs();
    await delay(ms);
    silence.startRequestedAt = nowMs();
    await persist(this.random, () =>
      by === 'update' ? session.updateDirection('sendonly') : session.resume(),
    );
    silence.startAnsweredAt = nowMs();
  }

  async changePorts(): Promise<void> {
    this.disturb();
    await persist(this.random, () => this.session.changePorts());
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

  /** Transfers to another session; with a seam the first one ends before the second begins. */
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
}

export function frames(count: number): number {
  return count * FRAME_MS;
}
