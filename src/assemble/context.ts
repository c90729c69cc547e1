import type { Logger } from 'pino';
import type { Config } from '../config/schema.ts';
import type { Moments } from '../domain/common/moment.ts';
import type { Clock } from '../domain/ports/clock.ts';
import type { LineOutput } from '../logging/line-output.ts';
import type { SubsystemLogs } from '../logging/subsystem-logs.ts';
import type { Disposal } from './disposal.ts';

/** Replacements for what the configuration names, for tests and benches. */
export interface ServerOverrides {
  readonly logger?: Logger;
  readonly clock?: Clock;
  readonly moments?: Moments;
  /** Interval at which an instance renews its mark in the bucket, ms. */
  readonly bucketMarkMs?: number;
  /** Declares this copy of a store the original: `hush serve --adopt`. */
  readonly adopt?: boolean;
  /** The module that media threads run. */
  readonly workerEntry?: URL;
}

/** Phase of a server's life, shared by all capabilities. */
export type Phase = 'made' | 'starting' | 'ready' | 'stopping';

/** Shared by the assembly of every capability. */
export interface Context {
  readonly config: Config;
  readonly overrides: ServerOverrides;
  /** For lines of the process as a whole; everything else logs through `logs`. */
  readonly logger: Logger;
  readonly logs: SubsystemLogs;
  /** Output of the log; undefined when a test brings its own logger. */
  readonly output: LineOutput | undefined;
  readonly clock: Clock;
  readonly moments: Moments;
  /** Closes what has been assembled, the newest first. */
  readonly disposal: Disposal;
  /** Changes from `made` to `starting`, `ready` and `stopping`; never back. */
  readonly life: { phase: Phase };
}

/** A reference to a part that is assembled later. */
export class Late<Part> {
  #part: Part | undefined;
  readonly #name: string;

  constructor(name: string) {
    this.#name = name;
  }

  set(part: Part): void {
    this.#part = part;
  }

  /** Undefined until the part is assembled. */
  get ifSet(): Part | undefined {
    return this.#part;
  }

  /** @throws Error before the part is assembled */
  get value(): Part {
    if (this.#part === undefined) throw new Error(`${this.#name} is not assembled yet`);
    return this.#part;
  }
}
