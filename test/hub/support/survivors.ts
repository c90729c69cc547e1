import {
  buildConnection,
  type ConnectionOptions,
  type VendorClient,
  type VendorConnection,
} from '../../protocols/signalr/support/vendor-clients.ts';
import { openPage, settled } from '../../protocols/signalr-classic/browser.ts';
import { ucc } from '../../support/hush/hush.ts';
import type { CuttableLink } from './cuttable-link.ts';
import { EventStream, type StreamedEvent } from './event-stream.ts';
import { classicPath, Heard, hubPath, listenTo, type StateChanged } from './listener.ts';

/** The fields that the judge compares, whichever way an event came. */
export interface Numbered {
  readonly sequence: number;
  readonly correlationId: string;
  /** 'Mark', ...; null if the event is no command. */
  readonly action: string | null;
}

/** A listener whose connections are cut again and again. */
export interface Survivor {
  readonly numbered: Heard<Numbered>;
  /** The contract's events, if the connection outlives its sockets. */
  readonly state?: Heard<StateChanged>;
  /** Cuts its connections and waits until it is back. */
  kill(): Promise<void>;
  stop(): Promise<void>;
}

/** One connection of the vendor's client that survives on new sockets. */
export async function stateful(
  client: VendorClient,
  link: CuttableLink,
  protocol: ConnectionOptions['protocol'],
): Promise<Survivor> {
  const url = link.api + hubPath;
  const options = { url, transport: 'WebSockets', protocol, reconnect: 'stateful' } as const;
  const connection = buildConnection(client, options);
  const { state, recording } = listenTo(connection);
  const numbered = numberedOf(recording);
  await connection.start();
  await connection.invoke('Subscribe', ucc, 0);
  return { numbered, state, kill: () => cutOnce(link), stop: () => connection.stop() };
}

/** Successive connections; each requests the events after the last one received. */
export async function successive(
  client: VendorClient,
  link: CuttableLink,
  channel: Pick<ConnectionOptions, 'transport' | 'protocol'>,
): Promise<Survivor> {
  const numbered = new Heard<Numbered>();
  const subscribed = new Heard<void>();
  let stopped = false;
  let connection: VendorConnection | undefined;

  /** Runs one connection; it may be cut anywhere. */
  async function live(): Promise<void> {
    const one = buildConnection(client, { url: link.api + hubPath, ...channel });
    connection = one;
    numberedOf(listenTo(one).recording, numbered);
    const closed = new Promise<void>((resolve) => one.onclose(() => resolve()));
    try {
      await one.start();
      await one.invoke('Subscribe', ucc, numbered.events.at(-1)?.sequence ?? 0);
      subscribed.add();
      await closed;
    } catch {
      await one.stop();
    }
  }

  const lives = (async () => {
    while (!stopped) await live();
  })();
  await subscribed.first(1);
  return {
    numbered,
    kill: () => cutOnce(link),
    async stop() {
      stopped = true;
      await connection?.stop();
      await lives;
    },
  };
}

/** Server-sent events, resumed by Last-Event-ID. */
export async function eventStream(link: CuttableLink): Promise<Survivor> {
  const heard = new Heard<StreamedEvent>();
  const numbered = new Heard<Numbered>();
  heard.onEach((event) => numbered.add(event));
  const url = `${link.api}/api/events?ucc=${ucc}&since=0`;
  let stopped = false;
  let stream = await EventStream.open(url, { heard });
  const follow = (async () => {
    for (;;) {
      await stream.ended;
      if (stopped) return;
      const { lastEventId } = stream;
      stream = await EventStream.open(url, { heard, lastEventId }).catch(() => stream);
    }
  })();
  return {
    numbered,
    kill: () => cutOnce(link),
    async stop() {
      stopped = true;
      await stream.close();
      await follow;
    },
  };
}

/** The classic client, which reconnects by itself and requests missed events by its cursor. */
export async function classic(link: CuttableLink): Promise<Survivor> {
  const page = openPage(link.api);
  const connection = page.$.hubConnection(link.api + classicPath, { useDefaultPath: false });
  connection.reconnectDelay = 20;
  const proxy = connection.createHubProxy('recordingHub');
  const { state, recording } = listenTo(proxy);
  const reconnects = new Heard<void>();
  connection.reconnected(() => reconnects.add());
  await settled(connection.start({ transport: 'webSockets', waitForPageLoad: false }));
  const numbered = numberedOf(recording);
  await settled(proxy.invoke('Subscribe', ucc, 0));
  return {
    numbered,
    state,
    async kill() {
      const back = reconnects.count + 1;
      link.cut();
      await reconnects.until(() => reconnects.count >= back);
    },
    async stop() {
      connection.stop();
      page.close();
    },
  };
}

function numberedOf(
  recording: ReturnType<typeof listenTo>['recording'],
  into = new Heard<Numbered>(),
): Heard<Numbered> {
  recording.onEach(({ Sequence, CorrelationId, Action }) =>
    into.add({ sequence: Sequence, correlationId: CorrelationId, action: Action }),
  );
  return into;
}

async function cutOnce(link: CuttableLink): Promise<void> {
  const connected = link.nextConnection();
  link.cut();
  await connected;
}
