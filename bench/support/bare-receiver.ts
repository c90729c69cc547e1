// The baseline of the stream bench: one dgram socket per stream, which counts.
import { createSocket } from 'node:dgram';

const streams = Number(process.argv[2]);
let received = 0;
const ports: number[] = [];
for (let index = 0; index < streams; index += 1) {
  const socket = createSocket('udp4');
  socket.on('message', () => {
    received += 1;
  });
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', () => resolve()));
  ports.push(socket.address().port);
}
process.on('message', () => process.send?.({ received }));
if (process.send) process.send({ ports });
