import type { Transport } from './transport.ts';

/** The contract's event, exactly as it is spelt. */
export interface RecordingStateChanged {
  readonly UccName: string;
  readonly CorrelationId: string;
  /** Start 1, Stop 2, Pause 3, Save 4, Delete 5, Mark 6, UnMark 7 */
  readonly StateAction: number;
}

interface Connection {
  on(name: string, listener: (event: never) => void): void;
  start(): Promise<void>;
  stop(): Promise<void>;
}

interface Builder {
  withUrl(url: string, options: { accessTokenFactory?: () => string | Promise<string> }): Builder;
  withAutomaticReconnect(): Builder;
  build(): Connection;
}

/** The part of `@microsoft/signalr` that is needed: the module itself fits. */
export interface SignalR {
  readonly HubConnectionBuilder: new () => Builder;
}

/**
 * Delivers the contract's events over SignalR, for users of `@microsoft/signalr`. Resolves once
 * connected, with a function that disconnects. Events during a reconnect are lost; `events` loses
 * none.
 */
export async function hubEvents(
  transport: Transport,
  signalR: SignalR,
  listener: (event: RecordingStateChanged) => void,
): Promise<() => Promise<void>> {
  const version = transport.hasToken ? 'v2/' : '';
  const options = transport.hasToken
    ? { accessTokenFactory: async () => (await transport.token()) ?? '' }
    : {};
  const connection = new signalR.HubConnectionBuilder()
    .withUrl(`${transport.url}/attendantservice/${version}hubs/recording`, options)
    .withAutomaticReconnect()
    .build();
  connection.on('RecordingStateChangedEvent', listener as (event: never) => void);
  await connection.start();
  return () => connection.stop();
}
