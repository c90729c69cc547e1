import { afterEach, describe, expect, it } from 'vitest';
import { parseRetryAfter, retryDelayMs } from '../../src/webhooks/back-off.ts';
import { DispatcherBench, sales } from './support/bench.ts';
import { Receiver } from './support/receiver.ts';

const settings = { firstRetryMs: 100, maxRetryMs: 1_000 };

describe('retryDelayMs', () => {
  it('doubles from the first to the longest', () => {
    const delays = [1, 2, 3, 4, 5, 6, 2000].map((attempt) =>
      retryDelayMs(settings, attempt, { random: () => 0 }),
    );
    expect(delays).toEqual([100, 200, 400, 800, 1_000, 1_000, 1_000]);
  });

  it('leaves up to half to chance', () => {
    expect(retryDelayMs(settings, 3, { random: () => 1 })).toBe(200);
    const delays = new Set(Array.from({ length: 50 }, () => retryDelayMs(settings, 3)));
    expect(delays.size).toBeGreaterThan(1);
    expect([...delays].every((delay) => delay >= 200 && delay <= 400)).toBe(true);
  });

  it('waits as long as the receiver asks, up to the longest', () => {
    const after = (retryAfterMs: number) =>
      retryDelayMs(settings, 1, { retryAfterMs, random: () => 0 });
    expect([0, 50, 700, 5_000].map(after)).toEqual([100, 100, 700, 1_000]);
  });
});

describe('parseRetryAfter', () => {
  const now = Date.parse('2026-09-21T14:13:20Z');
  it.each([
    [undefined, undefined],
    ['120', 120_000],
    [' 0 ', 0],
    ['Mon, 21 Sep 2026 14:13:50 GMT', 30_000],
    ['Mon, 21 Sep 2026 14:13:00 GMT', 0],
    ['soon', undefined],
    ['', undefined],
  ])('%j: %s ms', (value, expected) => {
    expect(parseRetryAfter(value, now)).toBe(expected);
  });
});

describe('a delivery that fails', () => {
  let bench: DispatcherBench;
  let receiver: Receiver;
  afterEach(() => Promise.all([bench.close(), receiver.close()]));

  function gaps(): number[] {
    const times = receiver.received.map(({ at }) => at);
    return times.slice(1).map((time, index) => time - (times[index] ?? 0));
  }

  it('waits longer each time', async () => {
    bench = await DispatcherBench.open({ limits: { firstRetryMs: 40, maxRetryMs: 160 } });
    receiver = await Receiver.open();
    receiver.answer = (_, index) => (index < 3 ? 503 : undefined);
    await bench.dispatcher.put('crm', { url: receiver.url }, bench.auditOf);
    await bench.happen(sales);
    await receiver.count(4);
    // Timers may fire a millisecond early; nothing bounds how late a busy machine fires them.
    for (const [index, least] of [20, 40, 80].entries()) {
      expect(gaps()[index]).toBeGreaterThanOrEqual(least - 2);
    }
  });

  it('waits as long as Retry-After says', async () => {
    bench = await DispatcherBench.open({ limits: { maxRetryMs: 1_500 } });
    receiver = await Receiver.open();
    receiver.answer = (_, index) => {
      if (index > 0) return undefined;
      return (response) => response.writeHead(429, { 'Retry-After': '1' }).end();
    };
    await bench.dispatcher.put('crm', { url: receiver.url }, bench.auditOf);
    await bench.happen(sales);
    await receiver.count(2);
    expect(gaps()[0]).toBeGreaterThanOrEqual(998);
  });

  it('waits no longer than maxRetryMs, whatever Retry-After says', async () => {
    bench = await DispatcherBench.open();
    receiver = await Receiver.open();
    receiver.answer = (_, index) => {
      if (index > 0) return undefined;
      return (response) => response.writeHead(503, { 'Retry-After': '86400' }).end();
    };
    await bench.dispatcher.put('crm', { url: receiver.url }, bench.auditOf);
    await bench.happen(sales);
    await receiver.count(2);
    expect(receiver.sequences).toEqual([1, 1]);
  });
});
