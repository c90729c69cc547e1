/** Waits for SIGTERM or SIGINT, then for `stop`. A second signal does not interrupt it. */
export async function untilStopped(stop: () => Promise<void>): Promise<void> {
  await new Promise<void>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => resolve());
  });
  await stop();
}
