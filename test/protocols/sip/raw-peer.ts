import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import type { SipPeer, SipTransportName } from '../../../src/protocols/sip/message/types.ts';
import { closeLater, HOST, Inbox, SDP } from './support.ts';

/** A UDP socket that speaks SIP text: for what a well behaved peer never sends. */
export class RawPeer {
  readonly received = new Inbox<string>();
  readonly #socket: Socket;
  readonly #target: SipPeer;
  #isClosed = false;

  constructor(socket: Socket, target: SipPeer) {
    this.#socket = socket;
    this.#target = target;
    socket.on('message', (data) => this.received.put(data.toString()));
    closeLater(this);
  }

  static async open(target: SipPeer): Promise<RawPeer> {
    const socket = createSocket('udp4');
    socket.bind(0, HOST);
    await once(socket, 'listening');
    return new RawPeer(socket, target);
  }

  get port(): number {
    return this.#socket.address().port;
  }

  send(message: string | Buffer): void {
    this.#socket.send(message, this.#target.port, this.#target.address);
  }

  /** The next message that is no 100 Trying. */
  async next(): Promise<string> {
    for (;;) {
      const message = await this.received.take();
      if (!message.startsWith('SIP/2.0 100 ')) return message;
    }
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#socket.close();
  }
}

export interface RawFields {
  readonly method?: string;
  readonly uri?: string;
  readonly branch?: string;
  readonly fromTag?: string;
  readonly toTag?: string;
  readonly callId?: string;
  readonly sequence?: number;
  readonly port: number;
  readonly transport?: SipTransportName;
  readonly headers?: readonly string[];
  readonly body?: string;
}

let counter = 0;

/** A request as text, from another hand than the serializer's. */
export function rawRequest(fields: RawFields): string {
  counter += 1;
  const { method = 'OPTIONS', port, body = '', transport = 'UDP' } = fields;
  return [
    `${method} ${fields.uri ?? 'sip:4711@127.0.0.1'} SIP/2.0`,
    `Via: SIP/2.0/${transport} 127.0.0.1:${port};branch=${fields.branch ?? `z9hG4bKraw${counter}`};rport`,
    'Max-Forwards: 70',
    `From: <sip:alice@client.example>;tag=${fields.fromTag ?? 'rawfrom'}`,
    `To: <sip:4711@hush.example>${fields.toTag ? `;tag=${fields.toTag}` : ''}`,
    `Call-ID: ${fields.callId ?? `raw${counter}@127.0.0.1`}`,
    `CSeq: ${fields.sequence ?? 1} ${method}`,
    ...(fields.headers ?? [`Contact: <sip:alice@127.0.0.1:${port}>`]),
    `Content-Length: ${Buffer.byteLength(body)}`,
    '',
    body,
  ].join('\r\n');
}

export function toTagOf(message: string): string {
  return /^To:.*;tag=([^;\s]+)/im.exec(message)?.[1] ?? '';
}

type Filter = (message: string) => boolean;

/** Carries datagrams between two sides and loses those that `passes` refuses. */
export class LossyRelay {
  readonly seen: string[] = [];
  passes: Filter = () => true;
  readonly #front: Socket;
  readonly #back: Socket;

  private constructor(front: Socket, back: Socket) {
    this.#front = front;
    this.#back = back;
    closeLater(this);
  }

  static async open(target: SipPeer): Promise<LossyRelay> {
    const [front, back] = [createSocket('udp4'), createSocket('udp4')];
    front.bind(0, HOST);
    back.bind(0, HOST);
    await Promise.all([once(front, 'listening'), once(back, 'listening')]);
    const relay = new LossyRelay(front, back);
    let clientPort = 0;
    front.on('message', (data, remote) => {
      clientPort = remote.port;
      if (relay.#pass(data)) back.send(data, target.port, target.address);
    });
    back.on('message', (data) => {
      if (relay.#pass(data)) front.send(data, clientPort, HOST);
    });
    return relay;
  }

  /** What the client calls instead of the target. */
  get peer(): SipPeer {
    return { address: HOST, port: this.#front.address().port, transport: 'UDP' };
  }

  #pass(data: Buffer): boolean {
    const message = data.toString();
    this.seen.push(message.split('\r\n', 1)[0] ?? '');
    return this.passes(message);
  }

  close(): void {
    this.#front.close();
    this.#back.close();
  }
}

/** Refuses the first `times` messages that start with `prefix`. */
export function loseFirst(prefix: string, times: number): Filter {
  let left = times;
  return (message) => {
    if (!message.startsWith(prefix) || left === 0) return true;
    left -= 1;
    return false;
  };
}

/** Calls and acknowledges; the fields of later requests in the dialog. */
export async function establish(raw: RawPeer) {
  const fields = { port: raw.port, callId: 'dialog', fromTag: 'mine' };
  raw.send(rawRequest({ ...fields, method: 'INVITE', sequence: 10, body: SDP.content.toString() }));
  const answer = await raw.next();
  const dialog = { ...fields, toTag: toTagOf(answer) };
  raw.send(rawRequest({ ...dialog, method: 'ACK', sequence: 10 }));
  return { answer, dialog };
}
