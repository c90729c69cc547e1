import { createServer, type Server } from 'node:http';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TestHush, ucc } from '../support/hush/hush.ts';

/** Attempts of a visited page, whatever address its name resolves to by now. */
const attack = `async (api) => {
  const tried = async (work) => {
    try { return await work(); } catch (cause) { return cause.name; }
  };
  const json = { 'Content-Type': 'application/json' };
  const send = (path, method, body) => tried(async () => {
    const answer = await fetch(api + path, { method, headers: body ? json : {}, body });
    return answer.status;
  });
  const embed = () => new Promise((resolve) => {
    const image = new Image();
    image.onload = () => resolve('loaded');
    image.onerror = () => resolve('refused');
    image.src = api + '/icon.svg';
  });
  const socket = () => new Promise((resolve) => {
    const opened = new WebSocket(api.replace('http', 'ws') + '/attendantservice/hubs/recording');
    opened.onopen = () => resolve('open');
    opened.onerror = () => resolve('refused');
  });
  return {
    calls: await send('/api/calls', 'GET'),
    ucc: await send('/api/uccs/${ucc}', 'PATCH', '{"agentCanEditAudioRecording":false}'),
    command: await send('/attendantservice/api/recording/set', 'POST', '{}'),
    form: await tried(async () => {
      const body = new URLSearchParams({ a: 'b' });
      const answer = await fetch(api + '/api/sign-in', { method: 'POST', mode: 'no-cors', body });
      return answer.type;
    }),
    image: await embed(),
    socket: await socket(),
  };
}`;

let hush: TestHush;
let evil: Server;
let browser: Browser;
let page: Page;
const told: string[] = [];

beforeAll(async () => {
  hush = await TestHush.start();
  evil = createServer((_, response) =>
    response.setHeader('Content-Type', 'text/html').end('<title>evil</title>'),
  );
  await new Promise<void>((resolve) => evil.listen(0, '127.0.0.1', resolve));
  browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--no-sandbox', '--host-resolver-rules=MAP evil.example 127.0.0.1'],
  });
  page = await browser.newPage();
  page.on('console', (message) => told.push(message.text()));
});
afterAll(async () => {
  await browser?.close();
  evil?.close();
  await hush?.remove();
});

const settings = () => hush.get(`/api/uccs/${ucc}`);

describe('a hostile page in the browser', { timeout: 60_000 }, () => {
  test('gains nothing by giving Hush’s address a name of its own', async () => {
    // Its name now leads to Hush: its requests there are same-origin to the browser.
    const rebound = `http://evil.example:${new URL(hush.api).port}`;
    const opened = await page.goto(`${rebound}/`);
    expect(opened?.status()).toBe(421);
    const before = await settings();
    const got = await page.evaluate(`(${attack})(${JSON.stringify(rebound)})`);
    expect(got).toEqual({
      calls: 421,
      ucc: 421,
      command: 421,
      form: 'basic',
      image: 'refused',
      socket: 'refused',
    });
    expect(await settings()).toEqual(before);
    expect(told.filter((line) => line.includes('421')).length).toBeGreaterThan(3);
  });

  test('gains nothing by requests from its own origin', async () => {
    const { port } = evil.address() as { port: number };
    await page.goto(`http://evil.example:${port}/`);
    const before = await settings();
    const got = await page.evaluate(`(${attack})(${JSON.stringify(hush.api)})`);
    // Answers that the page may not read are errors to it; requests that would change something are
    // refused.
    expect(got).toEqual({
      calls: 'TypeError',
      ucc: 'TypeError',
      command: 'TypeError',
      form: 'TypeError',
      image: 'refused',
      socket: 'refused',
    });
    expect(await settings()).toEqual(before);
    const { items } = await hush.get('/api/audit-log?outcome=denied');
    expect(items).toContainEqual(
      expect.objectContaining({ action: 'POST of another origin', reason: 'origin' }),
    );
  });
});
