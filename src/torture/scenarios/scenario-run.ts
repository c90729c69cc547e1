import { setTimeout as delay } from 'node:timers/promises';
import type { SessionRecordingClient } from '../../simulator/session-recording-client.ts';
import { nowMs } from '../../simulator/verdict.ts';
import { type CallEvidence, judgeLeg, type Span, sendingLagMs } from '../judge.ts';
import { between, oneOf, seededRandom, seedOf } from '../random.ts';
import { emptyReport, type ScenarioReport } from '../report.ts';
import { judgeTimeline } from '../timeline.ts';
import { frames, TortureCall } from '../torture-call.ts';
import type { Scenario, TortureOptions } from './scenario.ts';

interface Client {
  readonly client: SessionRecordingClient;
  nextTag(): number;
}

/** Slow scenarios have this many times the calls, and as many times fewer pauses of each. */
const SLOW_FACTOR = 2;
const moments = ['pause', 'inside', 'start'] as const;

/** One scenario: all its calls go through their pauses together. */
export class ScenarioRun {
  readonly #options: TortureOptions;
  readonly #scenario: Scenario;
  readonly #calls: TortureCall[];
  readonly #rounds: number;
  readonly #random: () => number;
  readonly #outages: Span[] = [];
  readonly #faults: string[] = [];
  #done = 0;

  constructor(options: TortureOptions, scenario: Scenario, client: Client) {
    this.#options = options;
    this.#scenario = scenario;
    const { calls, pausesPerCall, seed } = options;
    const factor = scenario.isSlow ? SLOW_FACTOR : 1;
    const count = scenario.script ? calls * pausesPerCall : calls * factor;
    this.#rounds = scenario.script ? 1 : Math.ceil(pausesPerCall / factor);
    this.#random = seededRandom(seedOf(seed, scenario.name));
    this.#calls = Array.from({ length: count }, (_, index) =>
      this.#call(client, seededRandom(seedOf(seed, scenario.name, index))),
    );
  }

  #call(client: Client, random: () => number): TortureCall {
    const { target, sip: peer, uccs } = this.#options;
    const { impairment, path, codecs, isLookback } = this.#scenario;
    const lookback = isLookback ? uccs.lookback : undefined;
    const [first, ...others] = codecs ?? [];
    return new TortureCall({
      ...client,
      target,
      peer,
      random,
      impairment,
      path,
      codec: first && oneOf(random, [first, ...others]),
      uccName: lookback?.uccName ?? target.uccName,
      lookbackMs: lookback?.lookbackMs,
    });
  }

  async report(): Promise<ScenarioReport> {
    const { script } = this.#scenario;
    if (script) await this.#each((call) => this.#scripted(call, script));
    else await this.#everyRound();
    await delay(frames(10));
    await this.#each((call) => call.end());
    const { name, what } = this.#scenario;
    let report = emptyReport(name, what);
    for (const call of this.#calls) report = await this.#judged(call, report);
    return { ...report, faults: this.#faults };
  }

  async #everyRound(): Promise<void> {
    await this.#each((call) => call.join());
    await delay(frames(15));
    for (let round = 0; round < this.#rounds; round += 1) {
      const striking = this.#strike().catch((cause: Error) => this.#fault(cause));
      await Promise.all([striking, this.#each((call) => this.#round(call))]);
    }
  }

  /** Runs a step for each call; a failure of one is a finding, and the others continue. */
  async #each(step: (call: TortureCall) => Promise<unknown>): Promise<void> {
    await Promise.all(
      this.#calls.map((call) => step(call).catch((cause: Error) => this.#fault(cause))),
    );
  }

  #fault(cause: Error): void {
    this.#faults.push(cause.message);
  }

  /** Starts the calls of a script one after the other, over as long as one of them takes. */
  async #scripted(call: TortureCall, script: NonNullable<Scenario['script']>): Promise<void> {
    await delay(call.random() * this.#calls.length * frames(3));
    await script(call, this.#options);
    this.#progress();
  }

  async #round(call: TortureCall): Promise<void> {
    const { before, disturb, insideOnly, atStart, lateMs } = this.#scenario;
    const { random } = call;
    const happen = async (): Promise<void> => {
      await delay(random() * frames(2));
      await disturb?.(call);
    };
    const moment = insideOnly ? 'inside' : oneOf(random, moments);
    await delay(random() * frames(3));
    await before?.(call);
    await call.pauseAround(
      async () => {
        await delay(frames(between(random, 4, 11)));
        if (moment === 'inside') await happen();
        await delay(frames(4));
      },
      {
        withPause: moment === 'pause' ? happen() : Promise.resolve(),
        withStart: async () => {
          await Promise.all([moment === 'start' && happen(), atStart?.(call)]);
        },
      },
    );
    await delay(frames(between(random, 6, 11)) + this.#options.guardMs + (lateMs ?? 0));
    this.#progress();
  }

  #progress(): void {
    this.#done += 1;
    const total = this.#calls.length * this.#rounds;
    this.#options.onProgress(this.#scenario.name, this.#done, total);
  }

  /** Strikes at a random moment of the round. */
  async #strike(): Promise<void> {
    const { strike, isOutage } = this.#scenario;
    if (!strike) return;
    await delay(this.#random() * frames(20));
    const { crashWindowMs, recorder } = this.#options;
    const outage = { from: nowMs() - crashWindowMs, until: Number.POSITIVE_INFINITY };
    if (isOutage) this.#outages.push(outage);
    try {
      await strike(recorder);
    } finally {
      outage.until = nowMs() + crashWindowMs;
      for (const call of this.#calls) call.disturb();
    }
  }

  async #judged(call: TortureCall, report: ScenarioReport): Promise<ScenarioReport> {
    const found = await this.#options.target
      .foundFrames(call.correlationId)
      .catch((cause: Error) => {
        this.#fault(cause);
        return undefined;
      });
    const pauses = report.pauses + call.pauses;
    const counted = { ...report, calls: report.calls + 1, pauses };
    const answers = {
      retries: report.retries + call.retries,
      ackMs: [...report.ackMs, ...call.ackMs],
    };
    if (!found) return { ...counted, ...answers };
    return { ...this.#add(counted, call.evidence(found), call), ...answers };
  }

  #add(report: ScenarioReport, evidence: CallEvidence, call: TortureCall): ScenarioReport {
    const timeline = judgeTimeline(evidence, call.disturbances);
    const sum = {
      ...report,
      misplacedFrames: report.misplacedFrames + timeline.misplaced.length,
      overwrittenFrames: report.overwrittenFrames + timeline.overwritten.length,
      guardCostsMs: [...report.guardCostsMs],
    };
    for (const leg of call.legs) {
      const verdict = judgeLeg(leg, evidence, this.#options);
      const outage = verdict.lost.filter(({ sentAtMs }) => this.#isOut(sentAtMs));
      sum.kitLateMs = Math.max(sum.kitLateMs, sendingLagMs(leg));
      sum.pausedFrames += verdict.forbidden;
      sum.leakedFrames += verdict.leaked.length;
      sum.otherFrames += verdict.required;
      sum.lostFrames += verdict.lost.length - outage.length;
      sum.outageFrames += outage.length;
      sum.guardFrames += verdict.excused.guard;
      sum.clockFrames += verdict.excused.clock;
      sum.guardCostsMs.push(...verdict.guardCostsMs);
    }
    return sum;
  }

  #isOut(sentAtMs: number): boolean {
    return this.#outages.some(({ from, until }) => sentAtMs >= from && sentAtMs <= until);
  }
}
