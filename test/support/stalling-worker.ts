// A media thread of the recorder's own, whose event loop stands still at random instants: what a slow disk,
// a garbage collection or a busy machine does to it.
import '../../src/recorder/worker.ts';

const STALL_MS = 300;
const EVERY_MS = 700;

function stall(): void {
  const until = performance.now() + Math.random() * STALL_MS;
  while (performance.now() < until);
  setTimeout(stall, Math.random() * EVERY_MS);
}

setTimeout(stall, EVERY_MS);
