import type { HushServer } from '../assemble/running-server.ts';
import type { ServerAddresses } from '../assemble/start.ts';
import { isStopAsked, stopAsked } from './stop-signal.ts';

/** A handle that outlives a stop, or a failed start, keeps the process for no longer, ms. */
const EXIT_GRACE_MS = 500;
/** Limit for a stop that comes while Hush is still opening its store, ms. */
const ABORT_MS = 4_000;

export interface Running {
  create(): Promise<HushServer>;
  /** Runs after the start; the program then runs on until a signal comes. */
  started(server: HushServer, addresses: ServerAddresses): Promise<void> | void;
  /** Runs on SIGTERM and SIGINT. */
  stop(server: HushServer): Promise<void>;
}

/**
 * Runs a Hush until SIGTERM or SIGINT, which are heard from the first moment, also while it is
 * still starting. Further signals change nothing. The process ends soon after, whatever is still
 * open.
 */
export async function runServer({ create, started, stop }: Running): Promise<void> {
  if (isStopAsked()) return endSoon();
  const signalled = stopAsked();
  const creating = create();
  const server = await Promise.race([creating, signalled]);
  if (server === 'signalled') return abort(creating);
  server.guardProcess();
  const starting = server.start();
  const addresses = await Promise.race([starting, signalled]);
  if (addresses === 'signalled') {
    starting.catch(() => undefined);
    await server.handOver();
    return endSoon();
  }
  try {
    await started(server, addresses);
  } catch (cause) {
    await server.handOver();
    throw cause;
  }
  await signalled;
  await stop(server);
  endSoon();
}

/** Closes what is still being opened, or ends the process when that takes too long. */
async function abort(creating: Promise<HushServer>): Promise<void> {
  setTimeout(() => process.exit(), ABORT_MS).unref();
  await creating.then((server) => server.handOver()).catch(() => undefined);
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
