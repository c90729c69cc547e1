// Lets the importing thread's event loop stand still at random instants: what a slow disk, a
// garbage collection or a busy machine does to it.
const STALL_MS = 300;
const EVERY_MS = 700;

function stall(): void {
  const until = performance.now() + Math.random() * STALL_MS;
  while (performance.now() < until);
  setTimeout(stall, Math.random() * EVERY_MS);
}

setTimeout(stall, EVERY_MS);
