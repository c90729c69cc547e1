import { randomUUID } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { connect } from 'node:net';
import { mutate, nastyText, type Random } from './random.ts';
import type { FuzzTarget } from './target.ts';
import { descriptions, metadata } from './vendor-bodies.ts';

const methods = ['INVITE', 'BYE', 'CANCEL', 'ACK', 'OPTIONS', 'UPDATE', 'INFO', 'REFER', 'FOO'];
const TCP_LIFE_MS = 30;

/** Sends one message mutated from a valid one, over UDP or TCP, and garbage to the media ports. */
export class SipAttack {
  readonly #socket: Socket = createSocket('udp4');
  readonly #target: FuzzTarget;

  constructor(target: FuzzTarget) {
    this.#target = target;
    // Answers are ignored.
    this.#socket.on('error', () => undefined);
  }

  async attack(random: Random): Promise<string> {
    const message = this.#message(random);
    const bytes = Buffer.from(random.chance(0.7) ? mutate(random, message) : message, 'latin1');
    if (random.chance(0.25)) await this.#overTcp(bytes, random);
    else {
      const port = random.chance(0.1) ? 10_000 + 2 * random.below(10_000) : this.#target.sipPort;
      await this.#datagram(bytes.subarray(0, 60_000), port);
    }
    return bytes.toString('latin1');
  }

  close(): void {
    this.#socket.close();
  }

  #datagram(bytes: Buffer, port: number): Promise<void> {
    return new Promise((resolve) => this.#socket.send(bytes, port, '127.0.0.1', () => resolve()));
  }

  /** Sends the bytes, cut anywhere. */
  #overTcp(bytes: Buffer, random: Random): Promise<void> {
    return new Promise((resolve) => {
      const socket = connect(this.#target.sipPort, '127.0.0.1');
      socket.on('error', () => undefined);
      socket.on('close', () => resolve());
      socket.resume();
      const cut = random.below(bytes.length + 1);
      socket.write(bytes.subarray(0, cut));
      setImmediate(() => socket.write(bytes.subarray(cut)));
      setTimeout(() => socket.destroy(), TCP_LIFE_MS);
    });
  }

  #message(random: Random): string {
    const method = random.chance(0.5) ? 'INVITE' : random.pick(methods);
    const body = random.chance(method === 'INVITE' ? 0.9 : 0.3) ? this.#body(random) : '';
    const id = randomUUID();
    const headers = [
      `${method} sip:${random.chance(0.9) ? this.#target.ucc : nastyText(random)}@127.0.0.1 SIP/2.0`,
      `Via: SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bK${id}`,
      `From: <sip:src@127.0.0.1>;tag=${random.below(1e9)}`,
      `To: <sip:srs@127.0.0.1>${random.chance(0.2) ? `;tag=${random.below(1e9)}` : ''}`,
      `Call-ID: ${random.chance(0.2) ? 'the-same' : id}`,
      `CSeq: ${random.below(5)} ${random.chance(0.95) ? method : random.pick(methods)}`,
      'Contact: <sip:src@127.0.0.1:9>;+sip.src',
      'Max-Forwards: 70',
      ...(random.chance(0.5) ? [`X-Correlation-Id: ${randomUUID()}`] : []),
      ...(random.chance(0.3) ? ['Require: siprec'] : []),
      ...(random.chance(0.1) ? [`${nastyText(random).slice(0, 30)}: ${nastyText(random)}`] : []),
      ...(body === '' ? [] : ['Content-Type: multipart/mixed;boundary=b']),
      ...(random.chance(0.05) ? [] : [`Content-Length: ${this.#length(body, random)}`]),
    ];
    return `${headers.join('\r\n')}\r\n\r\n${body}`;
  }

  #length(body: string, random: Random): number {
    return random.chance(0.95) ? Buffer.byteLength(body) : random.below(9999);
  }

  #body(random: Random): string {
    const [sdp, told] = [random.pick(descriptions), random.pick(metadata)];
    const one = random.chance(0.5) ? mutate(random, sdp) : sdp;
    const two = random.chance(0.5) ? mutate(random, told) : told;
    const part = (type: string, text: string): string =>
      `--b\r\nContent-Type: ${type}\r\n\r\n${text}\r\n`;
    const parts = [part('application/sdp', one), part('application/rs-metadata+xml', two)];
    return `${(random.chance(0.5) ? parts : parts.reverse()).join('')}--b--\r\n`;
  }
}
