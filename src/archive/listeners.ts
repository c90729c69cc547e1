interface Closable {
  close(): Promise<void>;
}

/** Who has audio of which recording open: what is erased is taken out of their hands. */
export class Listeners {
  readonly #open = new Map<string, Set<Closable>>();
  #interruptions = 0;

  /**
   * Opens what `open` makes of the rows it reads. Where an erasure came in between, once more: what
   * it read may be what was erased.
   */
  async opened<Opened extends Closable>(
    callId: string,
    open: (onClosed: () => void) => Promise<Opened>,
  ): Promise<Opened> {
    for (;;) {
      const before = this.#interruptions;
      let forget = (): void => undefined;
      const audio = await open(() => forget());
      if (before === this.#interruptions) {
        forget = this.#add(callId, audio);
        return audio;
      }
      await audio.close();
    }
  }

  /** Closes everything of that recording; who listens is cut off. */
  async interrupt(callId: string): Promise<void> {
    this.#interruptions += 1;
    const open = [...(this.#open.get(callId) ?? [])];
    this.#open.delete(callId);
    await Promise.all(open.map((audio) => audio.close()));
  }

  #add(callId: string, audio: Closable): () => void {
    const open = this.#open.get(callId) ?? new Set();
    this.#open.set(callId, open.add(audio));
    return () => {
      open.delete(audio);
      if (open.size === 0 && this.#open.get(callId) === open) this.#open.delete(callId);
    };
  }
}
