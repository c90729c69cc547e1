import { fileURLToPath } from 'node:url';
import { afterEach, expect, vi } from 'vitest';
import { type ServedHush, ServePlace } from '../../support/hush/served-hush.ts';
import { longTest } from '../../support/length.ts';

const main = fileURLToPath(new URL('../../../src/main.ts', import.meta.url));
const warning = 'batched receiving does not work here: using rtp.receiver dgram';

// Processes start slowly on a busy machine.
vi.setConfig({ testTimeout: 120_000 });

let hush: ServedHush | undefined;
afterEach(() => {
  hush?.child.kill('SIGKILL');
});

async function warningsOf(receiver: string, flags: readonly string[]): Promise<string[]> {
  const place = await ServePlace.create({ rtp: { workers: 3, receiver } });
  const environment = { NODE_NO_WARNINGS: '0' };
  hush = await place.start({ command: [process.execPath, ...flags, main], environment });
  hush.child.kill('SIGTERM');
  await hush.exited;
  // What Node says for itself goes to standard error.
  expect(hush.err).not.toMatch(/FFI|ExperimentalWarning/);
  const lines = hush.out.split('\n').filter((line) => line.startsWith('{'));
  const logged = lines.map((line) => JSON.parse(line) as { msg: string; why?: string });
  return logged.filter(({ msg }) => msg === warning).map(({ why }) => why ?? '');
}

longTest('says once that ffi does not work, whatever the number of threads', async () => {
  expect(await warningsOf('ffi', ['--no-experimental-ffi'])).toEqual([
    'this Node has no node:ffi, or it is disabled',
  ]);
});

longTest('says nothing where it works, or is not wanted', async () => {
  expect(await warningsOf('ffi', [])).toEqual([]);
  expect(await warningsOf('dgram', ['--no-experimental-ffi'])).toEqual([]);
});
