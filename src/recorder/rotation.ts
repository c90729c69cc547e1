/** Sockets that are read in turn, each once in a cycle, a few at a time. */
export class Rotation<Item extends { place: number }> {
  readonly #cycleMs: (count: number) => number;
  readonly #items: Item[] = [];
  #next = 0;
  #owed = 0;
  #paidAtMs = 0;

  /** @param cycleMs how long a cycle of that many items takes */
  constructor(cycleMs: (count: number) => number) {
    this.#cycleMs = cycleMs;
  }

  get count(): number {
    return this.#items.length;
  }

  add(item: Item, nowMs: number): void {
    if (this.#items.length === 0) this.#paidAtMs = nowMs;
    item.place = this.#items.length;
    this.#items.push(item);
  }

  remove(item: Item): void {
    const last = this.#items.pop();
    if (last === undefined || last === item) return;
    this.#items[item.place] = last;
    last.place = item.place;
  }

  /** Ms until `slice` items are due again, or the whole cycle where there are fewer. */
  intervalMs(slice: number): number {
    const { count } = this;
    return this.#cycleMs(count) / Math.max(1, count / slice);
  }

  /** Adds what has become due; never more than every item once. */
  owe(nowMs: number): void {
    const { count } = this;
    const due = ((nowMs - this.#paidAtMs) * count) / this.#cycleMs(count);
    this.#owed = Math.min(count, this.#owed + due);
    this.#paidAtMs = nowMs;
  }

  /** Returns the next item that is due; undefined: none is. */
  take(): Item | undefined {
    if (this.#owed < 1 || this.#items.length === 0) return undefined;
    this.#owed -= 1;
    if (this.#next >= this.#items.length) this.#next = 0;
    const item = this.#items[this.#next];
    this.#next += 1;
    return item;
  }
}
