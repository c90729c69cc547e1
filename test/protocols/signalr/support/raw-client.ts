import { once } from 'node:events';
import { WebSocket } from 'ws';

/** A client that says what it is told to, right or wrong. */
export interface RawClient {
  readonly socket: WebSocket;
  send(data: string | Buffer): void;
  /** JSON records, in order of arrival. */
  nextRecord(): Promise<string>;
  closed: Promise<number>;
}

export async function openRaw(url: string, headers: Record<string, string> = {}) {
  const socket = new WebSocket(url.replace('http', 'ws'), { headers });
  const client = listen(socket);
  await once(socket, 'open');
  return client;
}

/** Opens a WebSocket and shakes hands. */
export async function connectRaw(url: string, protocol = 'json', version = 1): Promise<RawClient> {
  const client = await openRaw(url);
  client.send(`{"protocol":"${protocol}","version":${version}}\x1e`);
  const answer = await client.nextRecord();
  if (answer !== '{}') throw new Error(answer);
  return client;
}

/** The status of an upgrade that is refused. */
export async function refusal(url: string, headers: Record<string, string> = {}): Promise<number> {
  const socket = new WebSocket(url.replace('http', 'ws'), { headers });
  return await new Promise((resolve, reject) => {
    socket.on('unexpected-response', (_request, response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
      socket.terminate();
    });
    socket.on('open', () => reject(new Error('It was accepted.')));
    socket.on('error', () => {});
  });
}

function listen(socket: WebSocket): RawClient {
  const records: string[] = [];
  const waiting: ((record: string) => void)[] = [];
  socket.on('error', () => {});
  socket.on('message', (data, isBinary) => {
    const text = isBinary ? Buffer.from(data as Buffer).toString('latin1') : String(data);
    for (const record of text.split('\x1e').filter((part) => part !== '')) {
      const resolve = waiting.shift();
      if (resolve === undefined) records.push(record);
      else resolve(record);
    }
  });
  return {
    socket,
    send: (data) => socket.send(data),
    closed: new Promise((resolve) => socket.once('close', resolve)),
    nextRecord() {
      const record = records.shift();
      if (record !== undefined) return Promise.resolve(record);
      return new Promise((resolve) => waiting.push(resolve));
    },
  };
}

export interface Negotiated {
  readonly connectionId: string;
  readonly connectionToken: string;
}

export async function negotiate(url: string, query = 'negotiateVersion=1'): Promise<Negotiated> {
  const response = await fetch(`${url}/negotiate?${query}`, { method: 'POST' });
  return (await response.json()) as Negotiated;
}
