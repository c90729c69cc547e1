import type { RecordingEvent } from '../domain/model/recording-event.ts';
import { guardProcess } from '../logging/process-guard.ts';
import type { Capabilities } from './capabilities.ts';
import type { Context } from './context.ts';
import type { EdgeParts } from './edge.ts';
import { type ServerAddresses, start } from './start.ts';
import { startError } from './start-error.ts';
import { type Stop, stopOf } from './stop.ts';

export interface HushServer {
  /**
   * Resolves when calls and requests are accepted.
   * @throws StartError after everything is closed again; calls are left as they were
   */
  start(): Promise<ServerAddresses>;
  /** Finishes every recording, then stops. May be called twice. */
  stop(): Promise<void>;
  /** Stops at once without ending a call: the next process on the same data takes them up. */
  handOver(): Promise<void>;
  /** Stops at once and finishes nothing, as a crash does. For tests. */
  abandon(): Promise<void>;
  /** Handles warnings and uncaught errors of the whole process. */
  guardProcess(): void;
  /** Reads certificates and their keys again. */
  reload(): void;
  onEvent(listener: (event: RecordingEvent) => void): () => void;
  /**
   * Called when another process owns, or may own, the data of this one. Its gates are shut, it
   * takes no command and has begun to stop. The process must end.
   */
  onOwnershipLost(listener: (reason: string) => void): void;
}

export class RunningServer implements HushServer {
  readonly #context: Context;
  readonly #needs: Capabilities;
  readonly #edge: EdgeParts;
  readonly #stop: Stop;
  #stopping: Promise<void> | undefined;

  constructor(context: Context, needs: Capabilities, edge: EdgeParts) {
    this.#context = context;
    this.#needs = needs;
    this.#edge = edge;
    this.#stop = stopOf(context, needs, edge);
    needs.store.ownership.onLost((reason) => {
      context.logger.fatal(reason);
      this.#stopping ??= this.#stop.close();
    });
  }

  async start(): Promise<ServerAddresses> {
    this.#context.life.phase = 'starting';
    try {
      return await start(this.#context, this.#needs, this.#edge);
    } catch (cause) {
      await this.handOver();
      throw startError(cause);
    }
  }

  stop(): Promise<void> {
    // Calls that were not taken up yet are not ours to end.
    if (this.#context.life.phase === 'starting') return this.handOver();
    this.#stopping ??= this.#stop.finish();
    return this.#stopping;
  }

  handOver(): Promise<void> {
    this.#stopping ??= this.#stop.handOver();
    return this.#stopping;
  }

  abandon(): Promise<void> {
    this.#stopping ??= this.#stop.abandon();
    return this.#stopping;
  }

  guardProcess(): void {
    const { logger, output } = this.#context;
    guardProcess({
      logger,
      shutEverything: () => this.#needs.recording.recorder.shutAll('restart'),
      flush: () => output?.flushSync(),
    });
  }

  reload(): void {
    this.#edge.certificates.http?.reload();
    this.#edge.certificates.sip?.reload();
  }

  onEvent(listener: (event: RecordingEvent) => void): () => void {
    return this.#needs.events.bus.subscribe(listener);
  }

  onOwnershipLost(listener: (reason: string) => void): void {
    this.#needs.store.ownership.onLost(listener);
  }
}
