// Keeps N connections busy with requests and measures each answer. Runs in a process of its own.
import { connect, type Socket } from 'node:net';
import { answerBytes, getRequest, requestOf } from './raw-http.ts';

export interface LoadRequest {
  readonly port: number;
  readonly path: string;
  /** Sends GET requests instead of POST requests with bodies, with this token if given. */
  readonly get?: { readonly token?: string };
  /** Bodies that each connection sends in turn. */
  readonly bodies: readonly (readonly string[])[];
  readonly seconds: number;
}

export interface LoadResult {
  readonly requests: number;
  /** Number of answers with an ErrorMessage. */
  readonly refused: number;
  readonly seconds: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

const refusal = Buffer.from('"ErrorMessage":{');

async function run(load: LoadRequest): Promise<LoadResult> {
  const latencies: number[] = [];
  let refused = 0;
  const begun = performance.now();
  const until = begun + load.seconds * 1000;
  const drive = (socket: Socket, bodies: readonly Buffer[]): Promise<void> =>
    new Promise((resolve, reject) => {
      let data: Buffer = Buffer.alloc(0);
      let turn = 0;
      let sentAt = 0;
      const send = (): void => {
        sentAt = performance.now();
        socket.write(bodies[turn % bodies.length] as Buffer);
        turn += 1;
      };
      socket.on('error', reject);
      socket.on('data', (chunk: Buffer) => {
        data = data.length === 0 ? chunk : Buffer.concat([data, chunk]);
        const bytes = answerBytes(data);
        if (bytes === undefined) return;
        latencies.push(performance.now() - sentAt);
        if (data.indexOf(refusal) >= 0) refused += 1;
        data = data.subarray(bytes);
        // A whole round of bodies is finished, so that every run begins where the last one did.
        if (performance.now() < until || turn % bodies.length !== 0) send();
        else socket.end(() => resolve());
      });
      send();
    });
  const connected = load.bodies.map((bodies) => {
    const socket = connect(load.port, '127.0.0.1').setNoDelay(true);
    return drive(
      socket,
      load.get
        ? [getRequest(load.path, load.get.token)]
        : bodies.map((body) => requestOf(load.path, body)),
    );
  });
  await Promise.all(connected);
  const seconds = (performance.now() - begun) / 1000;
  latencies.sort((a, b) => a - b);
  const at = (share: number): number => latencies[Math.floor(latencies.length * share)] ?? 0;
  return { requests: latencies.length, refused, seconds, p50Ms: at(0.5), p99Ms: at(0.99) };
}

process.on('message', (load: LoadRequest) => {
  void run(load).then((result) => process.send?.(result));
});
