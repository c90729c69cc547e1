/**
 * Our half of stateful reconnect (hub protocol, section "Stateful Reconnect"): tracked messages are
 * kept until the client has acknowledged them, and sent again on a new socket. Once more than
 * `maxBytes` is unacknowledged, later messages wait for an acknowledgement.
 */
export class ReplayBuffer {
  readonly #maxBytes: number;
  #records: Buffer[] = [];
  /** Sequence number of the first record kept; numbers begin at 1. */
  #firstId = 1;
  #sentCount = 0;
  #sentBytes = 0;
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Size of all kept records, sent or not. */
  get byteLength(): number {
    return this.#bytes;
  }

  /** Size of the records that wait for an acknowledgement of earlier ones. */
  get heldBytes(): number {
    return this.#bytes - this.#sentBytes;
  }

  keep(record: Buffer): void {
    this.#records.push(record);
    this.#bytes += record.length;
  }

  /** Returns the records that may be sent now, and marks them as sent. */
  takeSendable(): readonly Buffer[] {
    const first = this.#sentCount;
    while (this.#sentBytes < this.#maxBytes) {
      const record = this.#records[this.#sentCount];
      if (record === undefined) break;
      this.#sentCount++;
      this.#sentBytes += record.length;
    }
    return this.#records.slice(first, this.#sentCount);
  }

  /** Releases acknowledged records. A number that was never sent releases only sent ones. */
  acknowledge(sequenceId: number): void {
    const count = Math.min(sequenceId - this.#firstId + 1, this.#sentCount);
    if (count <= 0) return;
    for (const record of this.#records.splice(0, count)) {
      this.#bytes -= record.length;
      this.#sentBytes -= record.length;
    }
    this.#sentCount -= count;
    this.#firstId += count;
  }

  /** Marks all kept records as unsent, for a new socket. Returns the first one's number. */
  rewind(): number {
    this.#sentCount = 0;
    this.#sentBytes = 0;
    return this.#firstId;
  }
}
