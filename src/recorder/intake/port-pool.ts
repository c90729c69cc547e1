/** A port rests this long before another stream gets it, while others are free. */
const REST_MS = 10_000;

/**
 * Even UDP ports of a range, each with the odd one above it (RFC 3550 section 11), handed out in
 * consecutive runs. The cursor goes round the whole range, and a port rests before it is reused, so
 * that a late packet meets no other call's stream.
 */
export class PortPool {
  readonly #first: number;
  readonly #count: number;
  readonly #taken = new Set<number>();
  /** Released ports, and the time since when they are free, monotonic ms. */
  readonly #resting = new Map<number, number>();
  #cursor = 0;

  constructor(portMin: number, portMax: number) {
    this.#first = portMin + (portMin % 2);
    this.#count = Math.max(0, Math.floor((portMax - this.#first + 1) / 2));
  }

  get free(): number {
    let free = this.#count;
    for (const port of this.#taken) if (this.#isOurs(port)) free -= 1;
    return free;
  }

  /**
   * Takes `count` ports N, N+2, ...; returns undefined when no such run is free. Resting ports are
   * used only when no others are left.
   */
  take(count: number, nowMs: number): number[] | undefined {
    for (const [port, sinceMs] of this.#resting) {
      if (nowMs - sinceMs >= REST_MS) this.#resting.delete(port);
    }
    const run = this.#find(count, (port) => this.#resting.has(port)) ?? this.#find(count);
    if (!run) return undefined;
    const [first = this.#first] = run;
    this.#cursor = ((first - this.#first) / 2 + count) % this.#count;
    for (const port of run) this.#taken.add(port);
    return run;
  }

  /**
   * Takes exactly this port, of the current range or the previous one; returns false when taken.
   */
  reserve(port: number): boolean {
    if (this.#taken.has(port)) return false;
    this.#taken.add(port);
    return true;
  }

  release(ports: readonly number[], nowMs: number): void {
    for (const port of ports) {
      this.#taken.delete(port);
      this.#resting.set(port, nowMs);
    }
  }

  #isOurs(port: number): boolean {
    const index = (port - this.#first) / 2;
    return Number.isInteger(index) && index >= 0 && index < this.#count;
  }

  #find(count: number, isUnwanted: (port: number) => boolean = () => false): number[] | undefined {
    for (let tried = 0; tried < this.#count; tried += 1) {
      const run = this.#runFrom((this.#cursor + tried) % this.#count, count);
      if (run && !run.some((port) => this.#taken.has(port) || isUnwanted(port))) return run;
    }
    return undefined;
  }

  #runFrom(start: number, count: number): number[] | undefined {
    if (start + count > this.#count) return undefined;
    return Array.from({ length: count }, (_, index) => this.#first + (start + index) * 2);
  }
}
