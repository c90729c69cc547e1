import { randomUUID } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { parseOffer } from '../../src/protocols/sdp/parse-offer.ts';
import type { SdpMedia } from '../../src/protocols/sdp/types.ts';
import { agent, type TestHush, ucc } from '../support/hush/hush.ts';
import { type Line, sdpOf } from './srs-client.ts';

export interface RawMessage {
  readonly status: number;
  /** Of a request. */
  readonly method: string;
  readonly cseq: string;
  readonly text: string;
  readonly body: string;
}

/** What a request of the client carries; a text is an SDP body. */
export interface RawBody {
  readonly body?: string;
  readonly contentType?: string;
  readonly headers?: readonly string[];
}

const NEXT_TIMEOUT_MS = 10_000;

interface ShownStream {
  readonly label: string;
  readonly codec: string;
  readonly held: boolean;
  readonly encrypted: boolean;
}

interface ShownCall {
  readonly correlationId: string;
  readonly streams: readonly ShownStream[];
}

/**
 * A recording session in the client's own words, message by message: for what the stack's own
 * client never does. It answers nothing by itself.
 */
export class RawCall {
  readonly correlationId = randomUUID();
  readonly #socket: Socket;
  readonly #hush: TestHush;
  readonly #received: RawMessage[] = [];
  #sequence = 0;
  #toTag = '';

  private constructor(socket: Socket, hush: TestHush) {
    this.#socket = socket;
    this.#hush = hush;
    socket.on('message', (data) => this.#received.push(read(data.toString())));
  }

  static async open(hush: TestHush): Promise<RawCall> {
    const socket = createSocket('udp4');
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    return new RawCall(socket, hush);
  }

  /** INVITE, within the dialog or not; its final answer, and no ACK yet. */
  async invite({ headers = [], ...body }: RawBody = {}): Promise<RawMessage> {
    const correlation = `X-Correlation-Id: ${this.correlationId}`;
    return this.request('INVITE', { ...body, headers: [correlation, ...headers] });
  }

  async request(method: string, body: RawBody = {}): Promise<RawMessage> {
    this.#sequence += 1;
    const cseq = `${this.#sequence} ${method}`;
    this.#send(method, cseq, body);
    const answer = await this.next((one) => one.status >= 200 && one.cseq === cseq);
    this.#toTag = /^To:.*;tag=([^;\s]+)/im.exec(answer.text)?.[1] ?? this.#toTag;
    return answer;
  }

  /** The ACK to the last INVITE. */
  ack(body: RawBody = {}, sequence = this.#sequence): void {
    this.#send('ACK', `${sequence} ACK`, body);
  }

  /** INVITE with an offer, and its ACK. */
  async establish(lines: readonly Line[]): Promise<RawMessage> {
    const answer = await this.invite({ body: sdpOf(lines) });
    this.ack();
    return answer;
  }

  /** The next message that fits; what came before it stays for later. */
  async next(fits: (message: RawMessage) => boolean): Promise<RawMessage> {
    for (;;) {
      const index = this.#received.findIndex(fits);
      const [found] = index < 0 ? [] : this.#received.splice(index, 1);
      if (found) return found;
      await once(this.#socket, 'message', { signal: AbortSignal.timeout(NEXT_TIMEOUT_MS) });
    }
  }

  /** Answers a request of Hush's. */
  reply(request: RawMessage, status: number, { body = '', headers = [] }: RawBody = {}): void {
    const repeated = request.text.match(/^(?:Via|From|To|Call-ID|CSeq):.*$/gim) ?? [];
    const type = body === '' ? [] : ['Content-Type: application/sdp'];
    const contact = `Contact: <sip:src@127.0.0.1:${this.#port}>`;
    const lines = [`SIP/2.0 ${status} X`, ...repeated.map((line) => line.trim()), contact];
    const length = `Content-Length: ${Buffer.byteLength(body)}`;
    this.#post([...lines, ...headers, ...type, length, '', body].join('\r\n'));
  }

  /** As the API shows them. */
  async streams(): Promise<readonly ShownStream[]> {
    const { items } = await this.#hush.get<{ items: readonly ShownCall[] }>('/api/calls');
    return items.find((one) => one.correlationId === this.correlationId)?.streams ?? [];
  }

  close(): void {
    this.#socket.close();
  }

  get #port(): number {
    return this.#socket.address().port;
  }

  #send(method: string, cseq: string, { body = '', contentType, headers = [] }: RawBody): void {
    const type = contentType ?? (body === '' ? undefined : 'application/sdp');
    const port = this.#port;
    this.#post(
      [
        `${method} sip:${ucc}@127.0.0.1 SIP/2.0`,
        `Via: SIP/2.0/UDP 127.0.0.1:${port};branch=z9hG4bK${randomUUID()};rport`,
        'Max-Forwards: 70',
        `From: <${agent}>;tag=src${port}`,
        `To: <sip:${ucc}@127.0.0.1>${this.#toTag === '' ? '' : `;tag=${this.#toTag}`}`,
        `Call-ID: ${this.correlationId}`,
        `CSeq: ${cseq}`,
        `Contact: <sip:src@127.0.0.1:${port}>`,
        ...headers,
        ...(type === undefined ? [] : [`Content-Type: ${type}`]),
        `Content-Length: ${Buffer.byteLength(body)}`,
        '',
        body,
      ].join('\r\n'),
    );
  }

  #post(text: string): void {
    this.#socket.send(text, this.#hush.peer.port, this.#hush.peer.address);
  }
}

/** The m-lines of a message's body. */
export function mediaOf({ body }: RawMessage): readonly SdpMedia[] {
  return parseOffer(body).media;
}

/** The version in a body's o-line. */
export function versionOf({ body }: RawMessage): number {
  return Number(/^o=\S+ \S+ (\d+)/m.exec(body)?.[1]);
}

function read(text: string): RawMessage {
  const [start = ''] = text.split('\r\n', 1);
  const status = Number(/^SIP\/2\.0 (\d+)/.exec(start)?.[1] ?? 0);
  const method = status === 0 ? (start.split(' ', 1)[0] ?? '') : '';
  const cseq = /^CSeq: (.*)$/im.exec(text)?.[1]?.trim() ?? '';
  return { status, method, cseq, text, body: text.slice(text.indexOf('\r\n\r\n') + 4) };
}
