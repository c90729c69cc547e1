import { BackgroundJob, type BackgroundJobStatus } from '../domain/common/background-job.ts';
import type { ArchiveReport, CheckRequest } from '../domain/ports/archive-report.ts';
import { ArchiveCheck, type ArchiveCheckOptions } from './archive-check.ts';
import type { KeyRotation, RotationProgress } from './keys/key-rotation.ts';

export interface ArchiveJobsOptions extends Omit<ArchiveCheckOptions, 'signal'> {
  readonly rotation: KeyRotation;
  now(): number;
}

/** Runs an archive's long operations: checks and rotations of its master key. */
export class ArchiveJobs {
  readonly #options: ArchiveJobsOptions;
  readonly #checks: BackgroundJob<ArchiveReport>;
  readonly #rotations: BackgroundJob<RotationProgress>;
  readonly #closing = new AbortController();

  constructor(options: ArchiveJobsOptions) {
    this.#options = options;
    this.#checks = new BackgroundJob(() => options.now());
    this.#rotations = new BackgroundJob(() => options.now());
  }

  checkStatus(): BackgroundJobStatus<ArchiveReport> | undefined {
    return this.#checks.status;
  }

  /** Starts a check; returns undefined while one is running. */
  startCheck(request: CheckRequest): BackgroundJobStatus<ArchiveReport> | undefined {
    const check = new ArchiveCheck({ ...this.#options, signal: this.#closing.signal }, request);
    const started = this.#checks.start(check.report, () => check.run());
    return started ? this.#checks.status : undefined;
  }

  rotationStatus(): BackgroundJobStatus<RotationProgress> | undefined {
    return this.#rotations.status;
  }

  /** True in embedded mode only: a configured key is replaced in the configuration. */
  get canRotate(): boolean {
    return this.#options.rotation.canRotate;
  }

  /** Starts a rotation; returns undefined while one is running. */
  startRotation(): BackgroundJobStatus<RotationProgress> | undefined {
    const { rotation } = this.#options;
    const started = this.#rotate((tell) => rotation.rotate(tell, this.#closing.signal));
    return started ? this.#rotations.status : undefined;
  }

  /**
   * Resumes a rotation that an earlier process began, or rewraps after a configured key was
   * replaced.
   */
  goOn(): void {
    if (this.#options.keys.needed.length > 1) {
      this.#rotate((tell) => this.#options.rotation.complete(tell, this.#closing.signal));
    }
  }

  /** Ends running jobs; a rotation resumes at the next start. */
  async close(): Promise<void> {
    this.#closing.abort(new Error('the archive was closed'));
    await Promise.all([this.#checks.settled(), this.#rotations.settled()]);
  }

  #rotate(
    work: (tell: (progress: RotationProgress) => void) => Promise<RotationProgress>,
  ): boolean {
    const { currentId: keyId } = this.#options.keys;
    const begun = { keyId, looked: 0, rewrapped: 0, unopened: 0 };
    return this.#rotations.start(begun, work);
  }
}
