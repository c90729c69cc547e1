import { setTimeout as delay } from 'node:timers/promises';

/** Offers that met one of the recorder's own are sent again within this (RFC 3261, 14.1). */
const GLARE_WAIT_MS = 100;
/** A recorder that stops, or has just begun, is retried within this (RFC 3261, 21.5.4). */
const UNAVAILABLE_WAIT_MS = 500;
const UNAVAILABLE = 503;
const transient = [491, 500, UNAVAILABLE];
const MAX_ATTEMPTS = 50;

/** Repeats an offer while the recorder is about to make an offer of its own, or to stop. */
export async function persist<Answer extends { statusCode: number }>(
  random: () => number,
  offer: () => Promise<Answer>,
): Promise<void> {
  await persistently(random, async () => {
    const { statusCode } = await offer();
    if (statusCode >= 300) throw Object.assign(new Error(`answered ${statusCode}`), { statusCode });
  });
}

/** Does the same for a request that rejects with the status code. */
export async function persistently<Result>(
  random: () => number,
  attempt: () => Promise<Result>,
): Promise<Result> {
  for (let tried = 1; ; tried += 1) {
    try {
      return await attempt();
    } catch (cause) {
      const { statusCode } = cause as { statusCode?: number };
      if (statusCode === undefined || !transient.includes(statusCode)) throw cause;
      if (tried === MAX_ATTEMPTS) throw new Error('an offer never came through', { cause });
      await delay(random() * (statusCode === UNAVAILABLE ? UNAVAILABLE_WAIT_MS : GLARE_WAIT_MS));
    }
  }
}
