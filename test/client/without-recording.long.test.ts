import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createHush } from '../../client/src/hush.ts';
import { withoutRecording } from '../../client/src/without-recording.ts';
import { type ApiBench, openBench } from '../http/api-support.ts';
import type { MarkerCall } from '../support/calls.ts';
import { few, longTest } from '../support/length.ts';
import { type Fault, FaultyProxy } from './faulty-proxy.ts';

const TTL_MS = 1_500;
const options = { ttlMs: TTL_MS, reason: 'card entry' };

let bench: ApiBench;
let live: MarkerCall;
beforeAll(async () => {
  bench = await openBench();
  live = await bench.caller.call(bench.hush);
  await live.frames(5);
});
afterAll(async () => {
  await live.call.end();
  await bench.close();
});

/** Returns true if Hush itself says that nothing is recorded. */
async function isProtected(): Promise<boolean> {
  const { keepsAudio } = await bench.hush.get(`/api/calls/${live.correlationId}/pauses`);
  return keepsAudio === false;
}

/** Returns the owners that pause the call, and those for which an alarm was raised. */
async function leftBehind(): Promise<{ owners: string[]; alarmed: string[] }> {
  const { pauses } = await bench.hush.get(`/api/calls/${live.correlationId}/pauses`);
  const owners = pauses.map(({ owner }: { owner: string }) => owner);
  const expired = bench.hush.events.filter(({ type }) => type === 'pauseExpired');
  return { owners, alarmed: expired.map(({ owner }) => owner ?? '') };
}

/** Expects no pause of the call, or an alarm for each one left. */
async function expectNoSilentPause(): Promise<void> {
  const silent = async (): Promise<string[]> => {
    const { owners, alarmed } = await leftBehind();
    return owners.filter((owner) => !alarmed.includes(owner));
  };
  await expect.poll(silent, { timeout: TTL_MS * 4, interval: 50 }).toEqual([]);
  // Releases kept pauses (`onPauseExpiry: keep`) for the next test.
  for (const owner of (await leftBehind()).owners) {
    await fetch(`${bench.hush.api}/api/calls/${live.correlationId}/pauses/${owner}`, {
      method: 'DELETE',
    });
  }
}

async function behind(
  faultOf: (method: string, path: string, count: number) => Fault,
  timeoutMs = 300,
) {
  const proxy = await FaultyProxy.start(bench.hush.api, faultOf);
  const hush = createHush({ url: proxy.url, timeoutMs });
  return { proxy, call: hush.call(live.correlationId) };
}

describe('withoutRecording', () => {
  test('runs the block while nothing is recorded, and releases the pause', async () => {
    const hush = createHush({ url: bench.hush.api });
    const result = await withoutRecording(
      hush.call(live.correlationId),
      async ({ signal }) => {
        expect(await isProtected()).toBe(true);
        // Longer than its life: it is renewed.
        await new Promise((resolve) => setTimeout(resolve, TTL_MS * 1.4));
        expect(await isProtected()).toBe(true);
        return signal.aborted;
      },
      options,
    );
    expect(result).toEqual({ ok: true, value: false, protectedThroughout: true, released: true });
    expect(await isProtected()).toBe(false);
  });

  test('releases the pause if the block throws, and rethrows', async () => {
    const hush = createHush({ url: bench.hush.api });
    const run = withoutRecording(hush.call(live.correlationId), () => {
      throw new Error('the block failed');
    });
    await expect(run).rejects.toThrow('the block failed');
    expect(await isProtected()).toBe(false);
  });

  test('gives each of two concurrent blocks its own pause', async () => {
    const call = createHush({ url: bench.hush.api }).call(live.correlationId);
    const { promise, resolve } = Promise.withResolvers<void>();
    const first = withoutRecording(call, () => promise, options);
    await withoutRecording(call, () => undefined, options);
    expect(await isProtected()).toBe(true);
    resolve();
    await first;
    expect(await isProtected()).toBe(false);
  });

  const unconfirmed: [Fault, string][] = [
    ['error', 'http'],
    ['hang', 'timeout'],
    ['hangAfter', 'timeout'],
    ['cutAfter', 'network'],
    ['cutBefore', 'network'],
    ['torn', 'unexpected'],
    ['html', 'unexpected'],
    ['keepsAudio', 'unexpected'],
  ];

  test.each(few(unconfirmed, 2))(
    'a pause that meets %s: the block does not run',
    async (fault, kind) => {
      const { proxy, call } = await behind((method) => (method === 'POST' ? fault : 'none'));
      let ran = false;
      const result = await withoutRecording(
        call,
        () => {
          ran = true;
        },
        options,
      );
      expect(ran).toBe(false);
      expect(result).toMatchObject({ ok: false, error: { kind } });
      await expectNoSilentPause();
      proxy.close();
    },
  );

  test.each(few(unconfirmed, 1).map(([fault]) => fault))(
    'everything meets %s from the pause on: the block does not run',
    async (fault) => {
      const { proxy, call } = await behind(() => fault);
      let ran = false;
      const result = await withoutRecording(
        call,
        () => {
          ran = true;
        },
        options,
      );
      expect([ran, result.ok]).toEqual([false, false]);
      await expectNoSilentPause();
      proxy.close();
    },
  );

  test('retries a pause that fails once, and takes a single one', async () => {
    const { proxy, call } = await behind((method, _, count) =>
      method === 'POST' && count === 1 ? 'cutAfter' : 'none',
    );
    const result = await withoutRecording(call, () => isProtected(), options);
    expect(result).toMatchObject({ ok: true, value: true, released: true });
    expect(proxy.requests.filter((one) => one.startsWith('POST'))).toHaveLength(2);
    expect(await leftBehind()).toMatchObject({ owners: [] });
    proxy.close();
  });

  test.each(few(['error', 'hang', 'cutBefore', 'html'] as const, 2))(
    'renewals that meet %s: the block is told before it ends, and was protected till then',
    async (fault) => {
      const { proxy, call } = await behind((method) => (method === 'PUT' ? fault : 'none'));
      const result = await withoutRecording(
        call,
        ({ signal }) =>
          new Promise<boolean>((resolve) => {
            signal.addEventListener('abort', () => resolve(isProtected()));
          }),
        options,
      );
      expect(result).toMatchObject({ ok: true, value: true, protectedThroughout: false });
      await expectNoSilentPause();
      proxy.close();
    },
  );

  longTest('warns the block if Hush is gone, whose pause raises an alarm', async () => {
    const { proxy, call } = await behind(() => 'none');
    const troubles: string[] = [];
    const run = withoutRecording(
      call,
      ({ signal }) => {
        proxy.close();
        return new Promise<boolean>((resolve) => {
          signal.addEventListener('abort', () => resolve(isProtected()));
        });
      },
      { ...options, onTrouble: ({ kind }) => troubles.push(kind) },
    );
    expect(await run).toMatchObject({
      ok: true,
      value: true,
      protectedThroughout: false,
      released: false,
    });
    expect(troubles).toEqual(['network']);
    expect((await leftBehind()).alarmed).not.toEqual([]);
    await expectNoSilentPause();
  });

  test('retries a lost release', async () => {
    const { proxy, call } = await behind((method, _, count) =>
      method === 'DELETE' && count <= 2 ? 'cutBefore' : 'none',
    );
    const result = await withoutRecording(call, () => 'done', options);
    expect(result).toMatchObject({ ok: true, value: 'done', released: true });
    expect(await leftBehind()).toMatchObject({ owners: [] });
    proxy.close();
  });

  test.each([
    ['no such call', '00000000-0000-4000-8000-000000000000', 404],
    ['what is no id', 'nonsense', 404],
  ])('%s: the block does not run', async (_, id, status) => {
    const call = createHush({ url: bench.hush.api }).call(id);
    const result = await withoutRecording(call, () => expect.unreachable(), options);
    expect(result).toMatchObject({ ok: false, error: { kind: 'http', status, retryable: false } });
  });
});
