export interface Interruptible {
  close(): Promise<void>;
  /** Ends it midway: its reader learns that the bytes are incomplete. */
  interrupt(): Promise<void>;
}

/** Open audio by recording, so that an erasure can cut its listeners off. */
export class Listeners {
  readonly #open = new Map<string, Set<Interruptible>>();
  /** Openings in progress: the rows they have read may be those erased. */
  readonly #opening = new Map<string, Set<{ isStale: boolean }>>();

  /** Opens what `open` makes of the rows it reads; retries if an erasure came in between. */
  async opened<Opened extends Interruptible>(
    callId: string,
    open: (onClosed: () => void) => Promise<Opened>,
  ): Promise<Opened> {
    for (;;) {
      const attempt = { isStale: false };
      const stopWaiting = addTo(this.#opening, callId, attempt);
      let forget = (): void => undefined;
      try {
        const audio = await open(() => forget());
        if (!attempt.isStale) {
          forget = addTo(this.#open, callId, audio);
          return audio;
        }
        await audio.close();
      } catch (cause) {
        // The files it looked for may have gone with the erasure.
        if (!attempt.isStale) throw cause;
      } finally {
        stopWaiting();
      }
    }
  }

  /** Ends all open audio of the recording; its listeners are cut off. */
  async interrupt(callId: string): Promise<void> {
    for (const attempt of this.#opening.get(callId) ?? []) attempt.isStale = true;
    const open = [...(this.#open.get(callId) ?? [])];
    this.#open.delete(callId);
    await Promise.all(open.map((audio) => audio.interrupt()));
  }
}

/** @returns a function that removes the item again */
function addTo<Item>(sets: Map<string, Set<Item>>, key: string, item: Item): () => void {
  const items = sets.get(key) ?? new Set();
  sets.set(key, items.add(item));
  return () => {
    items.delete(item);
    if (items.size === 0 && sets.get(key) === items) sets.delete(key);
  };
}
