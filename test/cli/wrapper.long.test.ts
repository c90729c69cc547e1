import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { version } from '../../src/version.ts';
import { type MarkerCall, TestCaller } from '../support/calls.ts';
import { type ServedHush, ServePlace } from '../support/hush/served-hush.ts';
import { few, longTest } from '../support/length.ts';

// Processes start as fast as the machine lets them.
vi.setConfig({ testTimeout: 120_000 });

const wrapper = fileURLToPath(new URL('../../bin/hush', import.meta.url));
/** Node 20, on which the wrapper may run too, has no `execve`. */
const withoutExec = { NODE_OPTIONS: '--import=data:text/javascript,delete%20process.execve' };

let at: ServePlace;
let caller: TestCaller;
let hush: ServedHush | undefined;

beforeEach(async () => {
  at = await ServePlace.create();
  caller = await TestCaller.open();
});
afterEach(async () => {
  await hush?.end('SIGKILL');
  await caller.userAgent.close();
  rmSync(at.folder, { recursive: true, force: true });
});

async function serve(environment: Record<string, string>): Promise<ServedHush> {
  hush = await at.start({ command: [process.execPath, wrapper], environment });
  return hush;
}

longTest('the first line of the log says which version starts', async () => {
  const served = await serve({});
  const first = JSON.parse(served.out.split('\n')[0] ?? '');
  expect(first).toMatchObject({ version, msg: 'Hush is starting' });
});

/** Whether the recorder hung up: a stop in good order does, a killed process does not. */
function hungUp({ call }: MarkerCall): Promise<string> {
  return new Promise((resolve) => call.onEnded(resolve));
}

describe.each([
  ['that makes way for the recorder', {}],
  ['that keeps the recorder as its child', withoutExec],
])('a wrapper %s', (_, environment: Record<string, string>) => {
  test.each(few(['SIGTERM', 'SIGINT'] as const, 1))(
    'passes %s on, and the exit code',
    async (signal) => {
      const served = await serve(environment);
      const call = await caller.call(at);
      await call.frames(3);
      const [by, exit] = await Promise.all([hungUp(call), served.end(signal)]);
      expect([by, exit]).toEqual(['server', { code: 0, signal: null }]);
    },
  );

  longTest('passes SIGHUP on: certificates are read anew, and it goes on', async () => {
    const served = await serve(environment);
    served.child.kill('SIGHUP');
    const call = await caller.call(at);
    await call.frames(3);
    expect(served.exit).toBeUndefined();
    expect(await served.end('SIGTERM')).toEqual({ code: 0, signal: null });
  });

  longTest('ends as the recorder does that cannot start', async () => {
    hush = at.spawn({
      ...{ command: [process.execPath, wrapper], environment },
      settings: { http: { port: 5060 } },
    });
    expect((await hush.exited).code).toBe(2);
    expect(hush.err).toContain('must not be 5060');
  });

  longTest('leaves no recorder behind when it is killed', async () => {
    const served = await serve(environment);
    // Both ends of its output are closed only when every process that has them is gone.
    await served.end('SIGKILL');
    expect((await (await serve({})).end('SIGTERM')).code).toBe(0);
  });
});

test('a recorder that is a child finishes its calls when the wrapper is killed', async () => {
  const served = await serve(withoutExec);
  const call = await caller.call(at);
  await call.frames(3);
  const [by] = await Promise.all([hungUp(call), served.end('SIGKILL')]);
  expect(by).toBe('server');
});
