import { request as httpRequest, type IncomingMessage } from 'node:http';
import { WebSocket } from 'ws';

export const transports = ['webSockets', 'serverSentEvents', 'longPolling'] as const;
export type Transport = (typeof transports)[number];

export interface Message {
  readonly H: string;
  readonly M: string;
  readonly A: readonly unknown[];
}

export interface Frame {
  readonly C?: string;
  readonly S?: number;
  readonly M?: readonly Message[];
  readonly I?: string;
  readonly R?: unknown;
  readonly E?: string;
}

const userAgent = 'SignalR.Client.NET45/2.4.3.0 (Microsoft Windows NT 6.2.9200.0)';

/** Sends what the .NET client sends, over one transport. */
export class NetClient {
  readonly messages: Message[] = [];
  readonly answers: Frame[] = [];
  readonly #api: string;
  readonly #base: string;
  readonly #transport: Transport;
  readonly #connectionData: string;
  #token = '';
  #cursor = '';
  #ids = 0;
  #socket: WebSocket | undefined;
  #stream: IncomingMessage | undefined;
  #waiting: (() => void)[] = [];
  #isStopped = false;

  constructor(
    transport: Transport,
    connectionData: string,
    { api, base }: { readonly api: string; readonly base: string },
  ) {
    this.#transport = transport;
    this.#connectionData = connectionData;
    this.#api = api;
    this.#base = base;
  }

  async start(): Promise<void> {
    const answer = await this.#fetch('negotiate', 'clientProtocol=2.1');
    if (!answer.ok) throw new Error(`negotiate: ${answer.status} ${await answer.text()}`);
    const negotiation = (await answer.json()) as Record<string, string>;
    this.#token = negotiation.ConnectionToken ?? '';
    const opened = this.#until(({ S }) => S === 1);
    if (this.#transport === 'webSockets') this.#openSocket();
    else if (this.#transport === 'serverSentEvents') this.#openStream();
    else void this.#poll('connect');
    await opened;
    const started = (await (await this.#fetch('start', this.#query())).json()) as object;
    if (JSON.stringify(started) !== '{"Response":"started"}') throw new Error('not started');
  }

  /** Serializes as Newtonsoft.Json: in the order of `HubInvocation`'s members. */
  async invoke(hub: string, method: string, ...args: unknown[]): Promise<Frame> {
    const id = String(this.#ids++);
    const data = JSON.stringify({ H: hub, M: method, A: args, I: Number(id) });
    const answered = this.#until(({ I }) => I === id);
    if (this.#transport === 'webSockets') this.#socket?.send(data);
    else {
      const form = `data=${encodeURIComponent(data)}`;
      this.#take((await (await this.#fetch('send', this.#query(), form)).json()) as Frame);
    }
    return answered;
  }

  async message(matches: (message: Message) => boolean): Promise<Message> {
    await this.#until(() => this.messages.some(matches));
    return this.messages.find(matches) as Message;
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#fetch('abort', this.#query(), '');
    this.#socket?.terminate();
    this.#stream?.destroy();
  }

  #query(): string {
    const fields = { transport: this.#transport, connectionToken: this.#token };
    return `clientProtocol=2.1&${new URLSearchParams(fields)}`;
  }

  #url(action: string, query: string): string {
    const connectionData = encodeURIComponent(this.#connectionData);
    return `${this.#api}${this.#base}/${action}?${query}&connectionData=${connectionData}`;
  }

  #fetch(action: string, query: string, form?: string): Promise<Response> {
    return fetch(this.#url(action, query), {
      method: form === undefined ? 'GET' : 'POST',
      headers: {
        'User-Agent': userAgent,
        ...(form === undefined ? {} : { 'Content-Type': 'application/x-www-form-urlencoded' }),
      },
      ...(form === undefined ? {} : { body: form }),
    });
  }

  #openSocket(): void {
    this.#socket = new WebSocket(this.#url('connect', this.#query()).replace('http', 'ws'));
    this.#socket.on('error', () => undefined);
    this.#socket.on('message', (data) => this.#take(JSON.parse(String(data))));
  }

  #openStream(): void {
    const headers = { Accept: 'text/event-stream', 'User-Agent': userAgent };
    const sent = httpRequest(this.#url('connect', this.#query()), { headers }, (response) => {
      this.#stream = response;
      let text = '';
      response.on('error', () => undefined);
      response.setEncoding('utf8').on('data', (piece: string) => {
        const blocks = (text + piece).split('\n\n');
        text = blocks.pop() ?? '';
        for (const block of blocks) {
          const data = block.replace(/^data: /, '');
          if (data.startsWith('{')) this.#take(JSON.parse(data));
        }
      });
    });
    sent.on('error', () => undefined);
    sent.end();
  }

  /** Connects by GET, polls by POST with its cursor in the form. */
  async #poll(action: 'connect' | 'poll'): Promise<void> {
    const form = action === 'poll' ? `messageId=${encodeURIComponent(this.#cursor)}` : undefined;
    const answer = await this.#fetch(action, this.#query(), form).catch(() => undefined);
    if (this.#isStopped || !answer?.ok) return;
    this.#take((await answer.json()) as Frame);
    await this.#poll('poll');
  }

  #take(frame: Frame): void {
    this.#cursor = frame.C ?? this.#cursor;
    this.messages.push(...(frame.M ?? []));
    this.answers.push(frame);
    for (const look of this.#waiting.splice(0)) look();
  }

  async #until(holds: (frame: Frame) => boolean): Promise<Frame> {
    for (;;) {
      const found = this.answers.find(holds);
      if (found) return found;
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }
}
