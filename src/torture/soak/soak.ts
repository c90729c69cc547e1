import { setTimeout as delay } from 'node:timers/promises';
import type { SipPeer } from '../../protocols/sip/message/types.ts';
import { nowMs } from '../../simulator/verdict.ts';
import { markerCodecs } from '../codec-markers.ts';
import { type RecordingDetail, reasonFor } from '../gap-explanations.ts';
import { judgeLeg, type Span, sendingLagMs } from '../judge.ts';
import { between, oneOf, seededRandom, seedOf } from '../random.ts';
import type { Subject } from '../scenarios/scenario.ts';
import type { SettledAudio, Target } from '../target.ts';
import { judgeTimeline, originsOf } from '../timeline.ts';
import { openTortureClient } from '../torture.ts';
import { TortureCall } from '../torture-call.ts';
import { SearchThread } from './search-thread.ts';
import { liveThrough, type SoakWeather, soakPath } from './soak-call.ts';
import { emptySoakReport, type SoakReport } from './soak-report.ts';
import { leftUnsettled, openAlarms } from './soak-settlement.ts';
import { type Strike, strikes } from './soak-strikes.ts';

export interface SoakOptions extends Subject {
  readonly sip: SipPeer;
  readonly target: Target;
  /** Dialogues at once. */
  readonly dialogues: number;
  readonly durationMs: number;
  readonly seed: number;
  readonly guardMs: number;
  /** Audio that a crash may cost at a recording's end, ms. */
  readonly crashWindowMs: number;
  /** Time from one strike on the recorder to the next, ms. */
  readonly strikeEveryMs: readonly [number, number];
  /** `calm`: no strikes, no delays, correct clocks; default `rough`. */
  readonly weather?: SoakWeather;
  /** Default: what the target gives, fetched and searched in a thread of its own. */
  readonly settledAudio?: (correlationId: string) => Promise<SettledAudio>;
  /** Called now and then while it runs. */
  onProgress?(report: SoakReport): void;
}

const LIFE_MS = [8_000, 30_000] as const;
/** Requests are repeated while the recorder is down. */
const JUDGE_TIMEOUT_MS = 120_000;
const JUDGE_RETRY_MS = 500;
const WHOLE_LIFE_MS = 5_000;
/** An INVITE that a process took and did not answer ends after 3 minutes (RFC 3261, timer C). */
const MAX_LATE_MS = 240_000;
const PROGRESS_MS = 15_000;

/**
 * Runs dozens of dialogues at once on one recorder that is struck again and again. In the end
 * nothing that was sent in a pause is playable, everything is settled, and the gap map explains
 * everything missing.
 */
export async function soak(options: SoakOptions): Promise<SoakReport> {
  const client = await openTortureClient();
  const search = new SearchThread(options.target);
  const settledAudio = (correlationId: string) => search.settledAudio(correlationId);
  try {
    return await new Soak({ settledAudio, ...options }, client).run();
  } finally {
    await Promise.all([client.close(), search.close()]);
  }
}

type SearchedSoak = SoakOptions & Required<Pick<SoakOptions, 'settledAudio'>>;

class Soak {
  readonly #options: SearchedSoak;
  readonly #client: Awaited<ReturnType<typeof openTortureClient>>;
  readonly #report = emptySoakReport();
  readonly #live = new Set<TortureCall>();
  readonly #judging: Promise<void>[] = [];
  readonly #outages: Span[] = [];
  readonly #until: number;
  #begun = 0;

  constructor(options: SearchedSoak, client: Awaited<ReturnType<typeof openTortureClient>>) {
    this.#options = options;
    this.#client = client;
    this.#until = performance.now() + options.durationMs;
  }

  async run(): Promise<SoakReport> {
    const { dialogues, target, onProgress } = this.#options;
    const progress = setInterval(() => onProgress?.(this.#report), PROGRESS_MS);
    const lanes = Array.from({ length: dialogues }, () => this.#lane());
    try {
      await Promise.all([...lanes, this.#strikeOn()]);
      await Promise.all(this.#judging);
    } finally {
      clearInterval(progress);
    }
    this.#report.unsettled.push(...(await leftUnsettled(target)));
    this.#report.openAlarms.push(...(await openAlarms(target)));
    return this.#report;
  }

  get #weather(): SoakWeather {
    return this.#options.weather ?? 'rough';
  }

  get #leftMs(): number {
    return this.#until - performance.now();
  }

  async #lane(): Promise<void> {
    while (this.#leftMs > 0) {
      const call = this.#newCall();
      const lifeMs = Math.min(between(call.random, ...LIFE_MS), this.#leftMs + WHOLE_LIFE_MS);
      this.#live.add(call);
      try {
        const life = { lifeMs, guardMs: this.#options.guardMs, weather: this.#weather };
        await Promise.race([liveThrough(call, life), hung(call, lifeMs + MAX_LATE_MS)]);
      } catch (cause) {
        this.#fault(call, cause as Error);
        await call.end().catch(() => undefined);
      } finally {
        this.#live.delete(call);
      }
      this.#judging.push(this.#judged(call).catch((cause: Error) => this.#fault(call, cause)));
    }
  }

  #fault({ correlationId }: TortureCall, { message }: Error): void {
    this.#report.faults.push(`${correlationId}: ${message}`);
  }

  #newCall(): TortureCall {
    const { target, sip: peer, uccs, seed } = this.#options;
    const random = seededRandom(seedOf(seed, 'soak', this.#begun));
    this.#begun += 1;
    const lookback = random() < 0.25 ? uccs.lookback : undefined;
    return new TortureCall({
      ...this.#client,
      target,
      peer,
      random,
      codec: oneOf(random, markerCodecs),
      path: this.#weather === 'rough' ? soakPath : undefined,
      uccName: lookback?.uccName ?? target.uccName,
      lookbackMs: lookback?.lookbackMs,
    });
  }

  async #strikeOn(): Promise<void> {
    const { strikeEveryMs, recorder, seed } = this.#options;
    const random = seededRandom(seedOf(seed, 'strikes'));
    const possible = strikes.filter(
      ({ isPossible }) => this.#weather === 'rough' && isPossible(recorder),
    );
    const [first, ...others] = possible;
    while (first) {
      await delay(Math.max(0, Math.min(between(random, ...strikeEveryMs), this.#leftMs)));
      if (this.#leftMs <= 0) return;
      await this.#strike(oneOf(random, [first, ...others]), random);
    }
  }

  async #strike(strike: Strike, random: () => number): Promise<void> {
    const { crashWindowMs, recorder } = this.#options;
    const outage = { from: nowMs() - crashWindowMs, until: Number.POSITIVE_INFINITY };
    this.#outages.push(outage);
    this.#disturb();
    try {
      await strike.strike(recorder, random);
    } catch (cause) {
      this.#report.faults.push(`${strike.name}: ${(cause as Error).message}`);
    }
    this.#disturb();
    outage.until = nowMs() + crashWindowMs;
    const { strikes: counts } = this.#report;
    counts.set(strike.name, (counts.get(strike.name) ?? 0) + 1);
  }

  #disturb(): void {
    for (const call of this.#live) call.disturb();
  }

  async #judged(call: TortureCall): Promise<void> {
    const { target, guardMs, settledAudio } = this.#options;
    const { found, ids } = await persist(() => settledAudio(call.correlationId));
    const recordings = await persist(() =>
      Promise.all(ids.map((id) => target.get<RecordingDetail>(`/api/recordings/${id}`))),
    );
    const evidence = call.evidence(found);
    const origins = originsOf(evidence, call.disturbances);
    const isOutage = (atMs: number): boolean =>
      this.#outages.some(({ from, until }) => atMs >= from - call.lookbackMs && atMs <= until);
    const report = this.#report;
    report.dialogues += 1;
    report.sessions += call.legs.length / 2;
    report.pauses += call.pauses;
    report.silences += call.silences.length;
    report.retries += call.retries;
    for (const leg of call.legs) {
      const verdict = judgeLeg(leg, evidence, { guardMs });
      report.kitLateMs = Math.max(report.kitLateMs, sendingLagMs(leg));
      report.forbidden += verdict.forbidden;
      report.required += verdict.required;
      report.guardCostsMs.push(...verdict.guardCostsMs);
      if (verdict.leaked.length > 0) report.leak(call, verdict.leaked);
      for (const frame of verdict.missing) {
        const explanation = { evidence, origins, recordings, isOutage };
        const reason = reasonFor(frame, leg, explanation);
        if (reason) report.explained.set(reason, (report.explained.get(reason) ?? 0) + 1);
        else report.unexplain(call, frame);
      }
    }
    const { misplaced, overwritten } = judgeTimeline(evidence, call.disturbances);
    report.misplaced += misplaced.length;
    report.overwritten += overwritten.length;
  }
}

/** Rejects when a dialogue should long be over, and tells what it was about. */
async function hung({ notes }: TortureCall, afterMs: number): Promise<never> {
  await delay(afterMs, undefined, { ref: false });
  throw new Error(`hangs in ${notes.at(-1)?.what ?? 'its first session'}`);
}

async function persist<Result>(ask: () => Promise<Result>): Promise<Result> {
  const until = performance.now() + JUDGE_TIMEOUT_MS;
  for (;;) {
    try {
      return await ask();
    } catch (cause) {
      if (performance.now() > until) throw cause;
      await delay(JUDGE_RETRY_MS);
    }
  }
}
