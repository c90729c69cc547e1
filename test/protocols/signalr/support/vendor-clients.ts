import * as client1 from '@aspnet/signalr';
import * as messagePack1 from '@aspnet/signalr-protocol-msgpack';
import * as client10 from '@microsoft/signalr';
import * as messagePack10 from '@microsoft/signalr-protocol-msgpack';
import * as client3 from 'signalr-3';
import * as client6 from 'signalr-6';
import * as client8 from 'signalr-8';
import * as client9 from 'signalr-9';
import * as messagePack3 from 'signalr-msgpack-3';
import * as messagePack6 from 'signalr-msgpack-6';
import * as messagePack8 from 'signalr-msgpack-8';
import * as messagePack9 from 'signalr-msgpack-9';

/** What all generations of the vendor's client have in common, as far as the tests use it. */
export interface VendorConnection {
  start(): Promise<void>;
  stop(): Promise<void>;
  on(target: string, listener: (...args: unknown[]) => unknown): void;
  onclose(listener: (error?: Error) => void): void;
  onreconnected(listener: (connectionId?: string) => void): void;
  invoke(target: string, ...args: unknown[]): Promise<unknown>;
  send(target: string, ...args: unknown[]): Promise<void>;
  stream(target: string, ...args: unknown[]): VendorStream;
}

interface VendorStream {
  subscribe(observer: VendorObserver): { dispose(): void };
}

export interface VendorObserver {
  next(item: unknown): void;
  error(error: unknown): void;
  complete(): void;
}

export interface VendorSubject extends VendorObserver {}

interface VendorBuilder {
  configureLogging(level: number): this;
  withUrl(url: string, options: object): this;
  withHubProtocol(protocol: object): this;
  withAutomaticReconnect(delaysMs: number[]): this;
  withStatefulReconnect(): this;
  build(): VendorConnection;
}

interface VendorModule {
  HubConnectionBuilder: new () => VendorBuilder;
  JsonHubProtocol: new () => object;
  Subject: new () => VendorSubject;
}

export interface VendorClient {
  readonly version: string;
  readonly module: VendorModule;
  readonly messagePack: new () => object;
  /** MessagePack of the first generation cannot write CancelInvocation. */
  readonly cancelsInMessagePack: boolean;
  /** What later generations learnt: streams to the server, reconnects, results for the server. */
  readonly uploads: boolean;
  readonly reconnects: boolean;
  readonly answers: boolean;
  readonly stateful: boolean;
}

function vendorClient(version: string, module: unknown, messagePack: unknown): VendorClient {
  const major = Number.parseInt(version, 10);
  return {
    version,
    module: module as VendorModule,
    messagePack: (messagePack as { MessagePackHubProtocol: new () => object })
      .MessagePackHubProtocol,
    cancelsInMessagePack: major >= 3,
    uploads: major >= 3,
    reconnects: major >= 3,
    answers: major >= 7,
    stateful: major >= 8,
  };
}

export const VENDOR_CLIENTS: readonly VendorClient[] = [
  vendorClient('10.0.11', client10, messagePack10),
  vendorClient('9.0.19', client9, messagePack9),
  vendorClient('8.0.29', client8, messagePack8),
  vendorClient('6.0.25', client6, messagePack6),
  vendorClient('3.1.31', client3, messagePack3),
  vendorClient('1.1.4', client1, messagePack1),
];

/** HttpTransportType of the vendor. */
export const TRANSPORTS = { WebSockets: 1, ServerSentEvents: 2, LongPolling: 4 } as const;

const LOG_NOTHING = 6;

export interface ConnectionOptions {
  readonly url: string;
  readonly transport: keyof typeof TRANSPORTS;
  readonly protocol: 'json' | 'messagepack';
  readonly reconnect?: 'automatic' | 'stateful';
  readonly skipNegotiation?: boolean;
}

export function buildConnection(
  { module, messagePack }: VendorClient,
  { url, transport, protocol, reconnect, skipNegotiation = false }: ConnectionOptions,
): VendorConnection {
  const builder = new module.HubConnectionBuilder()
    .configureLogging(LOG_NOTHING)
    .withUrl(url, { transport: TRANSPORTS[transport], skipNegotiation, logger: undefined })
    .withHubProtocol(protocol === 'json' ? new module.JsonHubProtocol() : new messagePack());
  if (reconnect === 'automatic') builder.withAutomaticReconnect([0, 20, 50, 100]);
  if (reconnect === 'stateful') builder.withStatefulReconnect();
  return builder.build();
}
