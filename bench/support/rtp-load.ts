// Runs in a process of its own: sends 172-byte G.711 packets to many ports at 50 per second each.
import { createSocket } from 'node:dgram';
import { buildRtp } from '../../src/protocols/rtp/packet.ts';

export interface RtpLoadRequest {
  readonly ports: readonly number[];
  readonly seconds: number;
}

export interface RtpLoadResult {
  readonly sent: number;
  readonly seconds: number;
}

const FRAME_MS = 20;
const FRAME_BYTES = 160;
/** Streams are spread over the 20 ms as those of real clients are. */
const PHASES = 20;

const socket = createSocket({
  type: 'udp4',
  lookup: (host, _, callback) => callback(null, host, 4),
  sendBufferSize: 4 * 1024 * 1024,
});
const sequences = new Map<number, number>();
const payload = new Uint8Array(FRAME_BYTES).fill(0x55);

function send(port: number): void {
  const sequence = sequences.get(port) ?? 0;
  sequences.set(port, sequence + 1);
  const timestamp = sequence * FRAME_BYTES;
  socket.send(
    buildRtp({ payloadType: 0, sequence, timestamp, ssrc: port }, payload),
    port,
    '127.0.0.1',
  );
}

function run({ ports, seconds }: RtpLoadRequest): Promise<RtpLoadResult> {
  const begun = performance.now();
  const steps = (seconds * 1000 * PHASES) / FRAME_MS;
  let step = 0;
  let sent = 0;
  return new Promise((resolve) => {
    const tick = (): void => {
      const due = Math.min(steps, Math.floor(((performance.now() - begun) * PHASES) / FRAME_MS));
      for (; step < due; step += 1) {
        for (let index = step % PHASES; index < ports.length; index += PHASES) {
          send(ports[index] as number);
          sent += 1;
        }
      }
      if (step < steps) setTimeout(tick, 1);
      else resolve({ sent, seconds: (performance.now() - begun) / 1000 });
    };
    tick();
  });
}

process.on('message', (request: RtpLoadRequest) => {
  void run(request).then((result) => process.send?.(result));
});
