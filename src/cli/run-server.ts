import type { HushServer, ServerAddresses } from '../server.ts';

/** A handle that outlives a stop, or a failed start, keeps the process for no longer. */
const EXIT_GRACE_MS = 500;

export interface Running {
  /** What SIGTERM and SIGINT do. */
  stop(): Promise<void>;
  /** After the start; the program runs on until a signal comes. */
  started(addresses: ServerAddresses): Promise<void> | void;
}

/**
 * Starts a Hush and stops it at SIGTERM or SIGINT, also while it is still starting. Further signals
 * change nothing. The process ends soon after, whatever is still open.
 */
export async function runServer(server: HushServer, { stop, started }: Running): Promise<void> {
  const signalled = new Promise<'signalled'>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.on(signal, () => resolve('signalled'));
    }
  });
  server.guardProcess();
  const starting = server.start();
  if ((await Promise.race([starting, signalled])) === 'signalled') {
    starting.catch(() => undefined);
    await server.handOver();
  } else {
    try {
      await started(await starting);
    } catch (cause) {
      await server.handOver();
      throw cause;
    }
    await signalled;
    await stop();
  }
  endSoon();
}

/** Ends the process; only what is left of its output is still waited for. */
export function endSoon(): void {
  setTimeout(() => process.exit(), EXIT_GRACE_MS).unref();
}

/**
 * Stops this process as SIGTERM does when the wrapper that started it is gone: `bin/hush` holds the
 * other end of its channel where it could not make way for this process (`scripts/runtime.js`).
 */
export function stopWithWrapper(): void {
  if (!process.connected) return;
  process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
  // The channel alone keeps no finished command waiting.
  process.channel?.unref();
}
