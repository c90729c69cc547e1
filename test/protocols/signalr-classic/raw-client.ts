import { once } from 'node:events';
import { WebSocket } from 'ws';
import type { Host } from './support.ts';

export interface Frame {
  readonly C?: string;
  readonly S?: number;
  readonly T?: number;
  readonly D?: number;
  readonly E?: string;
  readonly G?: string;
  readonly I?: string;
  readonly R?: unknown;
  readonly M?: readonly { H: string; M: string; A: unknown[] }[];
}

export interface Reply {
  readonly status: number;
  readonly text: string;
  readonly headers: Headers;
  readonly frame: Frame;
}

interface RequestOptions {
  readonly method?: 'GET' | 'POST';
  readonly form?: Record<string, string>;
  readonly user?: string;
  readonly headers?: Record<string, string>;
}

/** A client that says exactly what a test wants said. */
export class RawClient {
  readonly #host: Host;
  /** In every query; a test may change it. */
  readonly query: Record<string, string> = {
    clientProtocol: '2.1',
    connectionData: '[{"name":"recordinghub"}]',
  };

  constructor(host: Host, transport = 'longPolling') {
    this.#host = host;
    this.query.transport = transport;
  }

  async negotiate(user = 'alice'): Promise<this> {
    const { text } = await this.request('negotiate', {}, { user });
    this.query.connectionToken = JSON.parse(text).ConnectionToken;
    return this;
  }

  url(action: string, query: Record<string, string> = {}): string {
    const all = new URLSearchParams({ ...this.query, ...query });
    return `${this.#host.origin}/signalr/${action}?${all}`;
  }

  async request(
    action: string,
    query: Record<string, string> = {},
    options: RequestOptions = {},
  ): Promise<Reply> {
    const { method = options.form ? 'POST' : 'GET', form, user = 'alice' } = options;
    const response = await fetch(this.url(action, query), {
      method,
      headers: { 'x-user': user, ...options.headers },
      ...(form && { body: new URLSearchParams(form) }),
    });
    const text = await response.text();
    const { status, headers } = response;
    return { status, text, headers, frame: text.startsWith('{') ? JSON.parse(text) : {} };
  }

  /** Connects and starts by long polling; returns the cursor. */
  async connect(): Promise<string> {
    const { frame } = await this.request('connect');
    await this.request('start');
    return frame.C ?? '';
  }

  /** One hub call by HTTP. */
  call(hub: string, method: string, ...args: unknown[]): Promise<Reply> {
    const data = JSON.stringify({ H: hub, M: method, A: args, I: 0 });
    return this.request('send', {}, { form: { data } });
  }

  socket(action = 'connect', options: RequestOptions & Record<string, unknown> = {}): RawSocket {
    const { user = 'alice', headers } = options;
    const socket = new WebSocket(this.url(action).replace('http', 'ws'), {
      headers: { 'x-user': user, ...headers },
    });
    return new RawSocket(socket);
  }
}

/** Collects what comes by a socket. */
export class RawSocket {
  readonly socket: WebSocket;
  readonly frames: Frame[] = [];
  readonly closed: Promise<number>;
  readonly #waiting: (() => void)[] = [];

  constructor(socket: WebSocket) {
    this.socket = socket;
    this.closed = new Promise((resolve) => socket.once('close', resolve));
    socket.on('error', () => {});
    socket.on('message', (data) => {
      this.frames.push(JSON.parse(data.toString()));
      for (const resolve of this.#waiting.splice(0)) resolve();
    });
  }

  /** The first frame that will do, come or yet to come. */
  async frame(isWanted: (frame: Frame) => boolean): Promise<Frame> {
    for (;;) {
      const found = this.frames.find(isWanted);
      if (found) return found;
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  async opened(): Promise<this> {
    await this.frame((frame) => frame.S === 1);
    return this;
  }

  /** Status and text of the refusal of the upgrade. */
  async refusal(): Promise<string> {
    const [, response] = await once(this.socket, 'unexpected-response');
    const chunks = await response.toArray();
    return `${response.statusCode} ${Buffer.concat(chunks)}`;
  }

  /** Every argument of every invocation, in order. */
  get received(): unknown[] {
    return this.frames.flatMap((frame) => frame.M ?? []).flatMap((message) => message.A);
  }
}

export function argsOf(frame: Frame): unknown[] {
  return (frame.M ?? []).flatMap((message) => message.A);
}
