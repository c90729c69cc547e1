import { createSocket } from 'node:dgram';
import { parentPort, workerData } from 'node:worker_threads';
import { buildRtp } from '../../../src/protocols/rtp/packet.ts';
import { markerFrame } from '../../../src/simulator/marker-audio.ts';

/** Numbered frames, 20 ms apart, from a thread of their own: no stall of another holds them up. */
const { port, shared } = workerData as { port: number; shared: SharedArrayBuffer };
const sent = new Int32Array(shared);
const socket = createSocket('udp4');
const begunMs = performance.now();
let index = 0;

const timer = setInterval(() => {
  for (; performance.now() - begunMs >= index * 20; index += 1) {
    const fields = { payloadType: 0, sequence: index, timestamp: index * 160, ssrc: 1 };
    socket.send(buildRtp(fields, markerFrame(1, index)), port, '127.0.0.1');
    Atomics.store(sent, 0, index + 1);
  }
}, 5);

parentPort?.once('message', () => {
  clearInterval(timer);
  socket.close();
});
