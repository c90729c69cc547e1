/**
 * The sockets that a media thread has opened by itself, in memory shared with the main thread,
 * which closes them when the thread is gone: Node does not know of them.
 */
export class DescriptorTable {
  readonly memory: SharedArrayBuffer;
  readonly #descriptors: Int32Array;
  #cursor = 0;

  /** @param places the most sockets at a time */
  constructor(places: number, memory = new SharedArrayBuffer(places * 4)) {
    this.memory = memory;
    this.#descriptors = new Int32Array(memory);
  }

  /** @returns its place; -1 when all are taken */
  add(descriptor: number): number {
    const { length } = this.#descriptors;
    for (let tried = 0; tried < length; tried += 1) {
      const place = this.#cursor;
      this.#cursor = (place + 1) % length;
      if (Atomics.load(this.#descriptors, place) !== 0) continue;
      Atomics.store(this.#descriptors, place, descriptor);
      return place;
    }
    return -1;
  }

  /** To be called before the socket is closed: its number may be another file's right after. */
  remove(place: number): void {
    Atomics.store(this.#descriptors, place, 0);
  }

  /** Takes out all that is left. */
  clear(): number[] {
    return [...this.#descriptors.keys()]
      .map((place) => Atomics.exchange(this.#descriptors, place, 0))
      .filter((descriptor) => descriptor !== 0);
  }
}
