/**
 * Even UDP ports of a range, each with the odd one above it (RFC 3550 section 11), handed out in
 * consecutive runs. The cursor goes
 * round the whole range before a port comes again, so that a late packet meets no stranger's
 * stream.
 */
export class PortPool {
  readonly #first: number;
  readonly #count: number;
  readonly #taken = new Set<number>();
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

  /** `count` ports N, N+2, ...; undefined when no such run is free. */
  take(count: number): number[] | undefined {
    for (let tried = 0; tried < this.#count; tried += 1) {
      const start = (this.#cursor + tried) % this.#count;
      const run = this.#runFrom(start, count);
      if (!run) continue;
      this.#cursor = (start + count) % this.#count;
      for (const port of run) this.#taken.add(port);
      return run;
    }
    return undefined;
  }

  /** Takes that very port, of the range or of the one before it; false when it is taken. */
  reserve(port: number): boolean {
    if (this.#taken.has(port)) return false;
    this.#taken.add(port);
    return true;
  }

  release(ports: readonly number[]): void {
    for (const port of ports) this.#taken.delete(port);
  }

  #isOurs(port: number): boolean {
    const index = (port - this.#first) / 2;
    return Number.isInteger(index) && index >= 0 && index < this.#count;
  }

  #runFrom(start: number, count: number): number[] | undefined {
    if (start + count > this.#count) return undefined;
    const run = Array.from({ length: count }, (_, index) => this.#first + (start + index) * 2);
    return run.some((port) => this.#taken.has(port)) ? undefined : run;
  }
}
