import { setTimeout as delay } from 'node:timers/promises';

/** Re-INVITEs that met one of the recorder's own are sent again within this (RFC 3261, 14.1). */
const GLARE_WAIT_MS = 100;
const MAX_GLARES = 50;

/** Offers again and again while the recorder is about to make an offer of its own. */
export async function persist(
  random: () => number,
  offer: () => Promise<{ statusCode: number }>,
): Promise<number> {
  for (let tried = 0; tried < MAX_GLARES; tried += 1) {
    const statusCode = await offer().then(
      (response) => response.statusCode,
      (cause: { statusCode?: number }) => {
        if (cause.statusCode === undefined) throw cause;
        return cause.statusCode;
      },
    );
    if (statusCode < 300) return statusCode;
    if (statusCode !== 491 && statusCode !== 500) throw new Error(`answered ${statusCode}`);
    await delay(random() * GLARE_WAIT_MS);
  }
  throw new Error('a re-INVITE never came through');
}
