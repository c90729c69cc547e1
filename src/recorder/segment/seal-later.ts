/** After that long the rest waits for another turn, so that a command gets its own in between. */
const TURN_MS = 2;

const waiting: (() => void)[] = [];

/**
 * Lets what a command has closed be sealed and written after it is confirmed, a little at a time:
 * calls that are paused together do not wait for one another's files.
 */
export function sealLater(seal: () => void): void {
  if (waiting.length === 0) setImmediate(turn);
  waiting.push(seal);
}

function turn(): void {
  const begunMs = performance.now();
  let done = 0;
  do {
    waiting[done]?.();
    done += 1;
  } while (done < waiting.length && performance.now() - begunMs < TURN_MS);
  waiting.splice(0, done);
  if (waiting.length > 0) setImmediate(turn);
}
