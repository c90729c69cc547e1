import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';
import { TestHush } from '../support/hush/hush.ts';
import { classicPath, hubPath } from './support/listener.ts';

/** `events.longPollTimeout` and `events.keepAlive`: shorter than a proxy waits. */

const POLL_MS = 300;
const KEEP_ALIVE_MS = 50;
const PROXY_MS = 60_000;
let hush: TestHush;

beforeAll(async () => {
  hush = await TestHush.start({
    config: (config) => ({
      ...config,
      events: { ...config.events, longPollTimeoutMs: POLL_MS, keepAliveMs: KEEP_ALIVE_MS },
    }),
  });
});
afterAll(() => hush.remove());

async function taken(work: () => Promise<unknown>): Promise<number> {
  const begunMs = performance.now();
  await work();
  return performance.now() - begunMs;
}

/** Resolves when the stream has sent that many keep-alives. */
async function quiet(response: Response, comment: string, times: number): Promise<void> {
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  for (let text = ''; text.split(comment).length <= times; ) {
    const { value, done } = (await reader?.read()) ?? { done: true, value: '' };
    if (done) throw new Error('the stream ended');
    text += value;
  }
  await reader?.cancel();
}

async function negotiated(): Promise<string> {
  const answer = await fetch(`${hush.api}${hubPath}/negotiate`, { method: 'POST' });
  const { connectionId } = (await answer.json()) as { connectionId: string };
  return `${hush.api}${hubPath}?id=${connectionId}`;
}

const handshake = { method: 'POST', body: '{"protocol":"json","version":1}\x1e' };

describe('an idle long poll is answered in time', () => {
  it('of ASP.NET Core', async () => {
    const url = await negotiated();
    await fetch(url);
    await fetch(url, handshake);
    expect(await (await fetch(url)).text()).toBe('{}\x1e');
    const ms = await taken(async () => {
      const answer = await fetch(url);
      expect({ status: answer.status, text: await answer.text() }).toEqual({
        status: 200,
        text: '',
      });
    });
    expect(ms).toBeGreaterThan(POLL_MS - 5);
    expect(ms).toBeLessThan(PROXY_MS);
  });

  it('of classic SignalR, which informs its clients', async () => {
    const ask = async (action: string, query = '') => {
      const answer = await fetch(`${hush.api}${classicPath}/${action}?clientProtocol=2.1${query}`);
      return (await answer.json()) as Record<string, string | number>;
    };
    const negotiation = await ask('negotiate');
    expect(negotiation).toMatchObject({
      ConnectionTimeout: POLL_MS / 1000,
      KeepAliveTimeout: (2 * KEEP_ALIVE_MS) / 1000,
    });
    const token = encodeURIComponent(String(negotiation.ConnectionToken));
    const data = encodeURIComponent('[{"Name":"recordingHub"}]');
    const rest = `&transport=longPolling&connectionToken=${token}&connectionData=${data}`;
    const { C: cursor } = await ask('connect', rest);
    await ask('start', rest);
    const ms = await taken(() => ask('poll', `${rest}&messageId=${cursor}`));
    expect(ms).toBeGreaterThan(POLL_MS - 5);
    expect(ms).toBeLessThan(PROXY_MS);
  });
});

describe('a quiet stream sends keep-alives', () => {
  it('of the Hush API', async () => {
    await quiet(await fetch(`${hush.api}/api/events`), ': \n\n', 3);
  });

  it('of ASP.NET Core', async () => {
    const url = await negotiated();
    const stream = await fetch(url, { headers: { Accept: 'text/event-stream' } });
    await fetch(url, handshake);
    await quiet(stream, '{"type":6}', 3);
  });
});

it('the default intervals are below the time-outs of proxies', () => {
  const { events } = loadConfig({});
  expect(events).toMatchObject({ longPollTimeoutMs: 50_000, keepAliveMs: 15_000 });
  expect(Math.max(events.longPollTimeoutMs, events.keepAliveMs)).toBeLessThan(PROXY_MS);
});
