/** Commands that run until a signal stops them. */
const lasting = new Set(['serve', 'demo']);

let heard = false;
let resolveHeard: (() => void) | undefined;
const whenHeard = new Promise<void>((resolve) => {
  resolveHeard = resolve;
});

/** Listens for SIGTERM and SIGINT if the command is one that runs until it is stopped. */
export function hearStopSignals(args: readonly string[]): void {
  if (!args.some((arg) => lasting.has(arg))) return;
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      heard = true;
      resolveHeard?.();
    });
  }
}

/** True once a signal has asked the process to stop. */
export function isStopAsked(): boolean {
  return heard;
}

/** Resolves when a signal asks the process to stop. Further signals change nothing. */
export function stopAsked(): Promise<'signalled'> {
  return whenHeard.then(() => 'signalled');
}
