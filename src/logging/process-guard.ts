import type { Logger } from 'pino';

/** EX_SOFTWARE of sysexits: a fault of the program. Whoever supervises it starts it again. */
const CRASHED = 70;

export interface ProcessGuard {
  readonly logger: Logger;
  /** Within this turn: nothing is recorded any more. */
  shutEverything(): void;
  /** Writes out what can be written of the log within this turn. */
  flush(): void;
}

/**
 * Takes over what Node itself would write to standard error, where a reader that is behind stops
 * the thread. An error that nobody caught, a rejected promise's too, leaves a process that may no
 * longer hear a Pause: its gates are shut, and it ends as in a crash; the next start goes on with
 * the calls.
 */
export function guardProcess({ logger, shutEverything, flush }: ProcessGuard): void {
  process.removeAllListeners('warning');
  process.on('warning', (warning) => logger.warn({ err: warning }, 'a warning of Node'));
  process.on('uncaughtException', (cause) => {
    try {
      shutEverything();
      logger.fatal({ err: cause }, 'an error that nobody caught ends the process');
      flush();
    } finally {
      process.exit(CRASHED);
    }
  });
}
