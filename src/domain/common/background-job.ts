export type BackgroundJobState = 'running' | 'done' | 'failed';

/** How far something that takes its time has come, or how it ended. */
export interface BackgroundJobStatus<Progress> {
  readonly state: BackgroundJobState;
  /** Unix ms */
  readonly startedAt: number;
  readonly endedAt: number | null;
  readonly progress: Progress;
  /** Why it failed. */
  readonly failure: string | null;
}

/** One piece of long work at a time, which somebody starts and others look at. */
export class BackgroundJob<Progress> {
  readonly #now: () => number;
  #status: BackgroundJobStatus<Progress> | undefined;
  #running: Promise<void> | undefined;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Of what runs, or ran last; undefined before the first. */
  get status(): BackgroundJobStatus<Progress> | undefined {
    return this.#status;
  }

  /**
   * False while it is running already.
   * @param work tells its progress as it goes, and resolves with the last of it
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
