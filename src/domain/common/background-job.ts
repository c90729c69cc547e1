export type BackgroundJobState = 'running' | 'done' | 'failed';

/** Progress of long work, or its result. */
export interface BackgroundJobStatus<Progress> {
  readonly state: BackgroundJobState;
  /** Unix ms */
  readonly startedAt: number;
  readonly endedAt: number | null;
  readonly progress: Progress;
  /** The reason of a failure. */
  readonly failure: string | null;
}

/** Runs one piece of long work at a time, whose progress others can read. */
export class BackgroundJob<Progress> {
  readonly #now: () => number;
  #status: BackgroundJobStatus<Progress> | undefined;
  #running: Promise<void> | undefined;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Status of the current or last run; undefined before the first. */
  get status(): BackgroundJobStatus<Progress> | undefined {
    return this.#status;
  }

  /**
   * Starts the work; returns false when it is already running.
   * @param work reports its progress as it goes, and resolves with the last of it
   */
  start(begun: Progress, work: (tell: (progress: Progress) => void) => Promise<Progress>): boolean {
    if (this.#running) return false;
    const startedAt = this.#now();
    const set = (
      state: BackgroundJobState,
      progress: Progress,
      failure: string | null = null,
    ): void => {
      const endedAt = state === 'running' ? null : this.#now();
      this.#status = { state, startedAt, endedAt, progress, failure };
    };
    set('running', begun);
    let latest = begun;
    this.#running = work((progress) => {
      latest = progress;
      set('running', progress);
    })
      .then(
        (progress) => set('done', progress),
        (cause: unknown) =>
          set('failed', latest, cause instanceof Error ? cause.message : 'unknown failure'),
      )
      .finally(() => {
        this.#running = undefined;
      });
    return true;
  }

  /** Resolves when nothing is running. */
  async settled(): Promise<void> {
    await this.#running;
  }
}
