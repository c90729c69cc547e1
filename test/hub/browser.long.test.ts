import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TRANSPORTS } from '../protocols/signalr/support/vendor-clients.ts';
import { TestCaller } from '../support/calls.ts';
import { type TestHush, ucc } from '../support/hush/hush.ts';
import { few } from '../support/length.ts';
import { startHush } from './support/hub-hush.ts';
import { hubPath } from './support/listener.ts';

/** Tests a real browser on pages of other origins: CORS, preflights, and Origin at the upgrade. */

const QUIET = [
  ...['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-quic'],
  ...['--disable-component-update', '--disable-sync', '--no-first-run'],
];
const require = createRequire(import.meta.url);
const SCRIPTS = ['@microsoft/signalr', '@microsoft/signalr-protocol-msgpack'].map((name) =>
  readFileSync(require.resolve(`${name}/dist/browser/${name.split('/')[1]}.min.js`), 'utf8'),
);

let hush: TestHush;
let caller: TestCaller;
let browser: Browser;
let correlationId: string;
const sites: Server[] = [];
/** Two origins; Hush allows one of them. */
let allowed: string;
let stranger: string;

beforeAll(async () => {
  allowed = await startSite();
  stranger = await startSite();
  hush = await startHush([ucc], { allowedOrigins: [allowed] });
  caller = await TestCaller.open();
  correlationId = (await caller.call(hush, { silent: true })).correlationId;
  browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: QUIET });
});

afterAll(async () => {
  await browser?.close();
  await caller?.close();
  await hush?.remove();
  for (const site of sites) site.close();
});

/** Starts a site and returns its origin. */
async function startSite(): Promise<string> {
  const site = createServer((request, response) => {
    if (request.url !== '/') response.writeHead(404).end();
    else response.writeHead(200, { 'Content-Type': 'text/html' }).end('<!DOCTYPE html><title>');
  });
  site.listen(0, '127.0.0.1');
  await once(site, 'listening');
  sites.push(site);
  return `http://127.0.0.1:${(site.address() as AddressInfo).port}`;
}

async function openPage(origin: string): Promise<Page> {
  const page = await browser.newPage();
  await page.goto(`${origin}/`);
  for (const content of SCRIPTS) await page.addScriptTag({ content });
  return page;
}

interface Asked {
  readonly url: string;
  readonly transport: number;
  readonly binary: boolean;
  readonly skipNegotiation: boolean;
  readonly ucc: string;
}

/** Runs in the page, with the vendor's browser build: connects, and returns the outcome. */
const connectInPage = `async ({ url, transport, binary, skipNegotiation, ucc }) => {
  const builder = new signalR.HubConnectionBuilder()
    .configureLogging(signalR.LogLevel.None)
    .withUrl(url, { transport, skipNegotiation });
  if (binary) builder.withHubProtocol(new signalR.protocols.msgpack.MessagePackHubProtocol());
  const connection = builder.build();
  window.heard = [];
  for (const name of ['RecordingStateChangedEvent', 'RecordingChanged']) {
    connection.on(name, (event) => window.heard.push([name, event]));
  }
  try {
    await connection.start();
    await connection.invoke('Subscribe', ucc, null);
    return 'connected';
  } catch (error) {
    return String(error);
  }
}`;

function connect(page: Page, options: Partial<Asked>): Promise<string> {
  const asked: Asked = {
    url: hush.api + hubPath,
    transport: TRANSPORTS.WebSockets,
    ucc,
    binary: false,
    skipNegotiation: false,
    ...options,
  };
  return page.evaluate(`(${connectInPage})(${JSON.stringify(asked)})`);
}

const CHANNELS = [
  { name: 'WebSockets', transport: TRANSPORTS.WebSockets },
  { name: 'WebSockets in MessagePack', transport: TRANSPORTS.WebSockets, binary: true },
  { name: 'WebSockets unnegotiated', transport: TRANSPORTS.WebSockets, skipNegotiation: true },
  { name: 'ServerSentEvents', transport: TRANSPORTS.ServerSentEvents },
  { name: 'LongPolling', transport: TRANSPORTS.LongPolling },
  { name: 'LongPolling in MessagePack', transport: TRANSPORTS.LongPolling, binary: true },
];

describe.each(few(CHANNELS, 1))('a page over $name', ({ name: _, ...channel }) => {
  it('hears Hush from an origin that is allowed', async () => {
    const page = await openPage(allowed);
    expect(await connect(page, channel)).toBe('connected');
    await hush.command('Mark', correlationId);
    await page.waitForFunction('window.heard.length === 2');
    const heard = (await page.evaluate('window.heard')) as [string, unknown][];
    expect(Object.fromEntries(heard)).toEqual({
      RecordingStateChangedEvent: { UccName: ucc, CorrelationId: correlationId, StateAction: 6 },
      RecordingChanged: expect.objectContaining({ Action: 'Mark', UccName: ucc }),
    });
    await page.close();
  });

  it('is refused from any other', async () => {
    const page = await openPage(stranger);
    const statuses: number[] = [];
    page.on('response', (response) => statuses.push(response.status()));
    expect(await connect(page, channel)).toMatch(/Error/);
    if (!channel.skipNegotiation) expect(statuses).not.toContain(200);
    await hush.command('UnMark', correlationId);
    expect(await page.evaluate('window.heard')).toEqual([]);
    await page.close();
  });
});

it('server-sent events of the API follow the same rule', async () => {
  const listen = `(url) => new Promise((resolve) => {
    const source = new EventSource(url);
    source.onopen = () => resolve('open');
    source.onerror = () => resolve('refused');
  })`;
  const url = JSON.stringify(`${hush.api}/api/events?ucc=${ucc}`);
  for (const [origin, outcome] of [
    [allowed, 'open'],
    [stranger, 'refused'],
  ] as const) {
    const page = await openPage(origin);
    expect(await page.evaluate(`(${listen})(${url})`)).toBe(outcome);
    await page.close();
  }
});
