import { randomInt, randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { SipPeer } from '../protocols/sip/types.ts';
import { markerFrame } from '../simulator/marker-audio.ts';
import { FRAME_MS } from '../simulator/rtp-sender.ts';
import type { SessionRecordingClient } from '../simulator/session-recording-client.ts';
import type { SimulatedCall } from '../simulator/simulated-call.ts';
import { nowMs, type Pause, type SentFrame } from '../simulator/verdict.ts';
import type { Impairment } from './impairments.ts';
import type { TortureTarget } from './target.ts';

export interface TortureCallOptions {
  readonly target: TortureTarget;
  readonly client: SessionRecordingClient;
  readonly peer: SipPeer;
  readonly impairment: (() => Impairment) | undefined;
  nextTag(): number;
}

/** Re-INVITEs that met one of the recorder's own are sent again within this (RFC 3261, 14.1). */
const GLARE_WAIT_MS = 100;
const MAX_GLARES = 50;

/** A recorded call whose every frame is numbered, and what was asked of the recorder meanwhile. */
export class TortureCall {
  readonly correlationId = randomUUID();
  /** By stream tag. */
  readonly sent = new Map<number, SentFrame[]>();
  /** Pauses and holds: while one of them holds, nothing may be kept. */
  readonly silences: Pause[] = [];
  readonly ackMs: number[] = [];
  retries = 0;
  readonly #options: TortureCallOptions;
  #session: SimulatedCall | undefined;

  constructor(options: TortureCallOptions) {
    this.#options = options;
  }

  /** A recording session more; it takes the place of the one before. */
  async join(): Promise<SimulatedCall> {
    const { client, peer, target, impairment, nextTag } = this.#options;
    const session = await client.placeCall({
      peer,
      requestUri: `sip:${target.uccName}@${peer.address}`,
      headers: [{ name: 'X-Correlation-Id', value: this.correlationId }],
      participants: ['sip:agent@domain.com', 'tel:+31880000000'].map((aor) => {
        const tag = nextTag();
        const sent: SentFrame[] = [];
        this.sent.set(tag, sent);
        return {
          aor,
          source: (index: number) => markerFrame(tag, index),
          onSent: (index: number, _: number, sentAtMs: number) => sent.push({ index, sentAtMs }),
          ...(impairment ? { impair: impairment() } : {}),
        };
      }),
    });
    this.#session = session;
    return session;
  }

  get session(): SimulatedCall {
    if (!this.#session) throw new Error('the call has no session');
    return this.#session;
  }

  /** From the request for silence to the answer that ends it. */
  async pauseAround(
    inside: () => Promise<void>,
    race: { readonly withPause: Promise<unknown>; withStart(): Promise<unknown> },
  ): Promise<void> {
    const requestedAt = nowMs();
    const silence = openSilence(requestedAt);
    this.silences.push(silence);
    const [answeredAt] = await Promise.all([this.#command('Pause'), race.withPause]);
    silence.answeredAt = answeredAt;
    await inside();
    silence.startRequestedAt = nowMs();
    const [startAnsweredAt] = await Promise.all([this.#command('Start'), race.withStart()]);
    silence.startAnsweredAt = startAnsweredAt;
  }

  /** Holds, goes on sending all the same, and releases. */
  async hold(ms: number, by: 'inactive' | 'nullAddress' | 'update'): Promise<void> {
    const { session } = this;
    const silence = openSilence(nowMs());
    this.silences.push(silence);
    await persist(() =>
      by === 'update'
        ? session.updateDirection('inactive')
        : session.hold({ keepSending: true, style: by }),
    );
    silence.answeredAt = nowMs();
    await delay(ms);
    silence.startRequestedAt = nowMs();
    await persist(() => (by === 'update' ? session.updateDirection('sendonly') : session.resume()));
    silence.startAnsweredAt = nowMs();
  }

  changePorts(): Promise<unknown> {
    return persist(() => this.session.changePorts());
  }

  changeSources(): void {
    for (const stream of this.session.streams) stream.changeSource();
  }

  /** Another session takes over; with a seam the first one ends before the second begins. */
  async transfer({ seam }: { readonly seam: boolean }): Promise<void> {
    const first = this.session;
    if (seam) await first.end();
    await this.join();
    if (!seam) await first.end();
  }

  async #command(action: 'Pause' | 'Start'): Promise<number> {
    const begun = nowMs();
    const { answeredAt, retries } = await this.#options.target.command(action, this.correlationId);
    this.ackMs.push(answeredAt - begun);
    this.retries += retries;
    return answeredAt;
  }
}

type OpenSilence = { -readonly [Key in keyof Pause]: Pause[Key] };

/** Until it is known better, nothing can be said of what comes after the request. */
function openSilence(requestedAt: number): OpenSilence {
  const never = Number.POSITIVE_INFINITY;
  return { requestedAt, answeredAt: never, startRequestedAt: never, startAnsweredAt: never };
}

async function persist(offer: () => Promise<{ statusCode: number }>): Promise<unknown> {
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
    await delay(randomInt(GLARE_WAIT_MS));
  }
  throw new Error('a re-INVITE never came through');
}

export function frames(count: number): number {
  return count * FRAME_MS;
}
