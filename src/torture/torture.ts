import { setTimeout as delay } from 'node:timers/promises';
import type { SipPeer } from '../protocols/sip/types.ts';
import { createSipUserAgent } from '../protocols/sip/user-agent.ts';
import { SessionRecordingClient } from '../simulator/session-recording-client.ts';
import { judge, nowMs } from '../simulator/verdict.ts';
import { seededRandom } from './random.ts';
import type { ScenarioReport } from './report.ts';
import type { Scenario } from './scenarios.ts';
import type { TortureTarget } from './target.ts';
import { frames, TortureCall } from './torture-call.ts';
import type { Victim } from './victim.ts';

export interface TortureOptions {
  readonly sip: SipPeer;
  readonly target: TortureTarget;
  readonly victim: Victim;
  readonly scenarios: readonly Scenario[];
  /** Of each scenario. */
  readonly calls: number;
  readonly pausesPerCall: number;
  readonly seed: number;
  /** Audio that a crash may cost before it, and a recorder needs after it, in ms. */
  readonly crashWindowMs: number;
  onProgress(scenario: string, done: number, total: number): void;
}

interface Outage {
  readonly from: number;
  until: number;
}

const SIP_LIMITS = {
  maxMessageBytes: 65_535,
  maxTcpConnections: 1_000,
  tcpIdleTimeoutMs: 600_000,
  maxTransactions: 10_000,
};

/**
 * Proves a recorder on its files: calls of numbered frames are paused and started while everything
 * happens to them that happens to calls. A frame that left between the answer to a Pause and the
 * request for a Start must be in no recording; one that left outside every pause must be in one.
 */
export async function torture(options: TortureOptions): Promise<ScenarioReport[]> {
  const userAgent = await createSipUserAgent({
    ...{ host: '127.0.0.1', udpPort: 0, tcpPort: 0, userAgent: 'hush torture' },
    limits: SIP_LIMITS,
    onInvite: (invite) => invite.reject({ statusCode: 405 }),
  });
  const client = new SessionRecordingClient(userAgent);
  let lastTag = 0;
  const nextTag = (): number => {
    lastTag = (lastTag + 1) % 65_536;
    return lastTag;
  };
  try {
    const reports: ScenarioReport[] = [];
    for (const scenario of options.scenarios) {
      reports.push(await new Run(options, scenario, { client, nextTag }).report());
    }
    return reports;
  } finally {
    await client.close();
    await userAgent.close();
  }
}

/** One scenario: all its calls go through their pauses together. */
class Run {
  readonly #options: TortureOptions;
  readonly #scenario: Scenario;
  readonly #calls: TortureCall[];
  readonly #random: () => number;
  readonly #outages: Outage[] = [];
  #done = 0;

  constructor(
    options: TortureOptions,
    scenario: Scenario,
    parts: { readonly client: SessionRecordingClient; nextTag(): number },
  ) {
    this.#options = options;
    this.#scenario = scenario;
    this.#random = seededRandom(options.seed);
    const { impairment } = scenario;
    this.#calls = Array.from(
      { length: options.calls },
      () =>
        new TortureCall({
          ...{ ...parts, target: options.target, peer: options.sip },
          impairment: impairment && (() => impairment(this.#random)),
        }),
    );
  }

  async report(): Promise<ScenarioReport> {
    const { pausesPerCall, target } = this.#options;
    await Promise.all(this.#calls.map((call) => call.join()));
    await delay(frames(15));
    for (let round = 0; round < pausesPerCall; round += 1) {
      const striking = this.#strike();
      await Promise.all([striking, ...this.#calls.map((call) => this.#round(call))]);
    }
    await delay(frames(10));
    await Promise.all(this.#calls.map((call) => call.session.end()));
    const recorded = await Promise.all(
      this.#calls.map((call) => target.recordedFrames(call.correlationId)),
    );
    return this.#verdict(recorded);
  }

  async #round(call: TortureCall): Promise<void> {
    const { disturb, insideOnly } = this.#scenario;
    const happen = async (): Promise<void> => {
      await delay(this.#random() * frames(2));
      await disturb?.(call, this.#random);
    };
    const moment = insideOnly ? 'inside' : (['pause', 'inside', 'start'] as const)[this.#pick(3)];
    await delay(this.#random() * frames(3));
    await call.pauseAround(
      async () => {
        await delay(frames(4 + this.#pick(8)));
        if (moment === 'inside') await happen();
        await delay(frames(4));
      },
      {
        withPause: moment === 'pause' ? happen() : Promise.resolve(),
        withStart: () => (moment === 'start' ? happen() : Promise.resolve()),
      },
    );
    await delay(frames(6 + this.#pick(6)));
    this.#done += 1;
    const { calls, pausesPerCall, onProgress } = this.#options;
    onProgress(this.#scenario.name, this.#done, calls * pausesPerCall);
  }

  /** Falls at a random moment of the round. */
  async #strike(): Promise<void> {
    const { strike, isOutage } = this.#scenario;
    if (!strike) return;
    await delay(this.#random() * frames(20));
    const { crashWindowMs, victim } = this.#options;
    const outage = { from: nowMs() - crashWindowMs, until: Number.POSITIVE_INFINITY };
    if (isOutage) this.#outages.push(outage);
    await strike(victim);
    outage.until = nowMs() + crashWindowMs;
  }

  #pick(count: number): number {
    return Math.floor(this.#random() * count);
  }

  #verdict(recorded: readonly ReadonlyMap<number, ReadonlySet<number>>[]): ScenarioReport {
    const total = { pausedFrames: 0, leakedFrames: 0, otherFrames: 0, lostFrames: 0 };
    let outageFrames = 0;
    for (const [index, call] of this.#calls.entries()) {
      for (const [tag, sent] of call.sent) {
        const frameSet = recorded[index]?.get(tag) ?? new Set<number>();
        const found = new Map([...frameSet].map((frame) => [frame, frame]));
        const verdict = judge(sent, call.silences, found);
        const missing = new Set(verdict.missing);
        const excused = sent.filter(
          (frame) => missing.has(frame.index) && this.#isOut(frame.sentAtMs),
        );
        total.pausedFrames += verdict.paused;
        total.leakedFrames += verdict.leaked.length;
        total.otherFrames += verdict.outside;
        total.lostFrames += verdict.missing.length - excused.length;
        outageFrames += excused.length;
      }
    }
    const { name, what } = this.#scenario;
    return {
      ...{ name, what, ...total, outageFrames, calls: this.#calls.length },
      pauses: this.#calls.length * this.#options.pausesPerCall,
      retries: this.#calls.reduce((sum, { retries }) => sum + retries, 0),
      ackMs: this.#calls.flatMap(({ ackMs }) => ackMs),
    };
  }

  #isOut(sentAtMs: number): boolean {
    return this.#outages.some(({ from, until }) => sentAtMs >= from && sentAtMs <= until);
  }
}
