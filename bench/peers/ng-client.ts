import { randomUUID } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';

type Value = string | number | Value[] | { [key: string]: Value };

const ANSWER_TIMEOUT_MS = 5_000;

/** A client of rtpengine's control protocol: a cookie, a blank, and a bencoded dictionary. */
export class NgClient {
  readonly #socket: Socket;
  readonly #port: number;
  readonly #waiting = new Map<string, (answer: Record<string, Value>) => void>();

  private constructor(socket: Socket, port: number) {
    this.#socket = socket;
    this.#port = port;
    socket.on('message', (message) => {
      const text = message.toString('latin1');
      const blank = text.indexOf(' ');
      const [answer] = decode(text, blank + 1);
      this.#waiting.get(text.slice(0, blank))?.(answer as Record<string, Value>);
    });
  }

  static async open(port: number): Promise<NgClient> {
    const socket = createSocket('udp4');
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    return new NgClient(socket, port);
  }

  /** Sends a command; rejects if the answer is no `ok` or `pong`, or does not come. */
  ask(command: Record<string, Value>): Promise<Record<string, Value>> {
    const cookie = randomUUID();
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => settle(undefined), ANSWER_TIMEOUT_MS);
      const settle = (answer: Record<string, Value> | undefined): void => {
        clearTimeout(timer);
        this.#waiting.delete(cookie);
        if (answer?.result === 'ok' || answer?.result === 'pong') resolve(answer);
        else reject(new Error(`${command.command}: ${answer?.['error-reason'] ?? 'no answer'}`));
      };
      this.#waiting.set(cookie, settle);
      const message = Buffer.from(`${cookie} ${encode(command)}`, 'latin1');
      this.#socket.send(message, this.#port, '127.0.0.1', () => {});
    });
  }

  close(): void {
    this.#socket.close();
  }
}

function encode(value: Value): string {
  if (typeof value === 'number') return `i${value}e`;
  if (typeof value === 'string') return `${Buffer.byteLength(value, 'latin1')}:${value}`;
  if (Array.isArray(value)) return `l${value.map(encode).join('')}e`;
  const keys = Object.keys(value).sort();
  return `d${keys.map((key) => encode(key) + encode(value[key] as Value)).join('')}e`;
}

/** Decodes the value at `at`, and returns it with the position of the next one. */
function decode(text: string, at: number): [Value, number] {
  const kind = text[at] ?? '';
  if (kind === 'i') {
    const end = text.indexOf('e', at);
    return [Number(text.slice(at + 1, end)), end + 1];
  }
  if (kind === 'l' || kind === 'd') return decodeMany(text, at + 1, kind);
  const colon = text.indexOf(':', at);
  const end = colon + 1 + Number(text.slice(at, colon));
  return [text.slice(colon + 1, end), end];
}

function decodeMany(text: string, start: number, kind: 'l' | 'd'): [Value, number] {
  const values: Value[] = [];
  let at = start;
  while (at < text.length && text[at] !== 'e') {
    const [value, next] = decode(text, at);
    values.push(value);
    at = next;
  }
  if (kind === 'l') return [values, at + 1];
  const pairs = values.flatMap((key, index) =>
    index % 2 === 0 ? [[String(key), values[index + 1] as Value] as const] : [],
  );
  return [Object.fromEntries(pairs), at + 1];
}
