import type { Impairment } from './impairments.ts';

/** A network between a party's device and the recorder. */
export interface PathShape {
  /** Delay of every packet, ms; it cannot be measured one way. */
  readonly constantMs: number;
  /** Additional random delay of up to this, per packet; their order is kept. */
  readonly jitterMs?: number;
  /** Share of packets that never come. */
  readonly lossShare?: number;
  /** Share of packets of which a copy comes late. */
  readonly copyShare?: number;
}

/** Clock of a path; a test has its own. */
export interface PathClock {
  now(): number;
  /** Runs `task` in `ms`, or a little later. */
  after(ms: number, task: () => void): void;
}

const systemClock: PathClock = {
  now: () => performance.now(),
  after: (ms, task) => {
    setTimeout(task, ms);
  },
};

/** Copies come this much later than their originals, ms. */
const COPY_LATE_MS = [50, 400] as const;

interface Travelling {
  readonly arrivesAt: number;
  readonly arrive: () => void;
}

/**
 * One leg's path through a network: packets enter as the device sends them and leave when the
 * network delivers them. Packets on their way arrive, whatever happens to the sender meanwhile.
 */
export class Path {
  readonly #shape: PathShape;
  readonly #random: () => number;
  readonly #clock: PathClock;
  readonly #travelling: Travelling[] = [];
  readonly #constants: number[];
  #constantMs: number;
  #lastArrivesAt = Number.NEGATIVE_INFINITY;
  #heldUntil = Number.NEGATIVE_INFINITY;
  #overtaken = { count: 0, lateMs: 0 };
  #isArmed = false;
  #lagMs = 0;

  constructor(shape: PathShape, random: () => number, clock = systemClock) {
    this.#shape = shape;
    this.#random = random;
    this.#clock = clock;
    this.#constantMs = shape.constantMs;
    this.#constants = [shape.constantMs];
  }

  /** Every constant delay it had, ms. */
  get constantsMs(): readonly number[] {
    return this.#constants;
  }

  /** The worst delay of a packet beyond its due time: a busy machine's timers. */
  get lagMs(): number {
    return this.#lagMs;
  }

  /** Holds packets in a burst: for `ms` nothing comes through, then all of it at once. */
  hold(ms: number): void {
    this.#heldUntil = this.#clock.now() + ms;
  }

  /** Makes the next `count` packets come `lateMs` late; newer ones overtake them. */
  overtake(count: number, lateMs: number): void {
    this.#overtaken = { count, lateMs };
  }

  /** Changes to another route, shorter or longer. */
  changeConstant(ms: number): void {
    this.#constantMs = ms;
    this.#constants.push(ms);
    this.#lastArrivesAt = Number.NEGATIVE_INFINITY;
  }

  readonly impair: Impairment = (packet, send) => {
    const { lossShare = 0, copyShare = 0, jitterMs = 0 } = this.#shape;
    if (this.#random() < lossShare) return;
    const now = this.#clock.now();
    const arrivesAt = now + this.#constantMs + this.#random() * jitterMs;
    const [least, most] = COPY_LATE_MS;
    if (this.#random() < copyShare) {
      const late = least + this.#random() * (most - least);
      this.#travel(arrivesAt + late, () => send(Buffer.from(packet)));
    }
    if (this.#overtaken.count > 0) {
      const { count, lateMs } = this.#overtaken;
      this.#overtaken = { count: count - 1, lateMs };
      this.#travel(arrivesAt + lateMs, () => send(packet));
      return;
    }
    this.#lastArrivesAt = Math.max(arrivesAt, this.#lastArrivesAt, this.#heldUntil);
    this.#travel(this.#lastArrivesAt, () => send(packet));
  };

  #travel(arrivesAt: number, arrive: () => void): void {
    if (arrivesAt <= this.#clock.now() && this.#travelling.length === 0) {
      arrive();
      return;
    }
    const behind = this.#travelling.findLastIndex((other) => other.arrivesAt <= arrivesAt);
    this.#travelling.splice(behind + 1, 0, { arrivesAt, arrive });
    this.#arm(behind < 0);
  }

  /** Arms one timer for the next packet; a nearer one gets a timer of its own. */
  #arm(isNearest: boolean): void {
    const [next] = this.#travelling;
    if (!next || (this.#isArmed && !isNearest)) return;
    this.#isArmed = true;
    this.#clock.after(Math.max(1, next.arrivesAt - this.#clock.now()), () => this.#deliver());
  }

  #deliver(): void {
    const now = this.#clock.now();
    for (;;) {
      const [next] = this.#travelling;
      if (!next || next.arrivesAt > now) break;
      this.#travelling.shift();
      this.#lagMs = Math.max(this.#lagMs, now - next.arrivesAt);
      next.arrive();
    }
    this.#isArmed = false;
    this.#arm(true);
  }
}
