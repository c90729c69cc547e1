/** Decides whether a client is read. Each part that stalls it releases it once. */
export class ReadGate {
  readonly #onChange: (open: boolean) => void;
  #stalls = 0;
  #waiters: (() => void)[] = [];

  constructor(onChange: (open: boolean) => void) {
    this.#onChange = onChange;
  }

  get open(): boolean {
    return this.#stalls === 0;
  }

  stall(): void {
    this.#stalls++;
    if (this.#stalls === 1) this.#onChange(false);
  }

  release(): void {
    this.#stalls--;
    if (this.#stalls > 0) return;
    this.wake();
    this.#onChange(true);
  }

  /** Resolves when the gate opens; undefined: it is open. */
  ready(): Promise<void> | undefined {
    return this.open ? undefined : new Promise((resolve) => this.#waiters.push(resolve));
  }

  /** Ends all waits, because the client is gone. */
  wake(): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const resume of waiters) resume();
  }
}
