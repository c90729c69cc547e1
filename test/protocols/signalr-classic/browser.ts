import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { EventSource } from 'eventsource';

/** What the tests use of jquery.signalR 2.4.3, which has no types. */
export interface Deferred {
  done(listener: (value: unknown) => void): Deferred;
  fail(listener: (error: Error & { source?: unknown; data?: unknown }) => void): Deferred;
}

export interface HubProxy {
  on(event: string, listener: (...args: unknown[]) => void): HubProxy;
  invoke(method: string, ...args: unknown[]): Deferred;
  client: Record<string, (...args: unknown[]) => void>;
  server: Record<string, (...args: unknown[]) => Deferred>;
}

export interface HubConnection {
  id: string;
  state: number;
  groupsToken?: string;
  messageId?: string;
  reconnectDelay: number;
  qs: Record<string, string>;
  transport: { name: string };
  createHubProxy(name: string): HubProxy;
  start(options: { transport: string | string[]; waitForPageLoad: false }): Deferred;
  stop(): void;
  error(listener: (error: Error) => void): void;
  reconnecting(listener: () => void): void;
  reconnected(listener: () => void): void;
  disconnected(listener: () => void): void;
}

interface SignalR {
  hub: HubConnection;
  transports: { longPolling: { reconnectDelay: number } };
  [hubName: string]: unknown;
}

interface BrowserWindow {
  EventSource: unknown;
  eval(script: string): unknown;
  close(): void;
  $: {
    connection: SignalR;
    hubConnection(url: string, options: { useDefaultPath: boolean }): HubConnection;
  };
}

const require = createRequire(import.meta.url);
const { JSDOM, VirtualConsole } = require('jsdom') as {
  VirtualConsole: new () => object;
  JSDOM: new (html: string, options: object) => { window: BrowserWindow };
};
const SCRIPTS = ['jquery/dist/jquery.js', 'signalr/jquery.signalR.js'];

/** A page of `origin` with jQuery and jquery.signalR; jsdom itself has no EventSource. */
export function openPage(origin: string): BrowserWindow {
  // Failing requests are what these tests are about; nobody listens to the page's console.
  const virtualConsole = new VirtualConsole();
  const options = {
    url: `${origin}/`,
    runScripts: 'outside-only',
    pretendToBeVisual: true,
    virtualConsole,
  };
  const { window } = new JSDOM('<!DOCTYPE html><html></html>', options);
  window.EventSource = EventSource;
  for (const script of SCRIPTS) window.eval(readFileSync(require.resolve(script), 'utf8'));
  window.$.connection.transports.longPolling.reconnectDelay = 50;
  return window;
}

export function settled(deferred: Deferred): Promise<unknown> {
  return new Promise((resolve, reject) => {
    deferred.done(resolve).fail(reject);
  });
}

export function next(subscribe: (listener: () => void) => void): Promise<void> {
  return new Promise((resolve) => subscribe(resolve));
}
