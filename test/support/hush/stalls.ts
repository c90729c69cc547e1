// Stalls the importing thread's event loop at random instants, as a slow disk, a garbage collection
// or a busy machine does.
const STALL_MS = 300;
const EVERY_MS = 700;

function stall(): void {
  const until = performance.now() + Math.random() * STALL_MS;
  while (performance.now() < until);
  setTimeout(stall, Math.random() * EVERY_MS);
}

setTimeout(stall, EVERY_MS);
