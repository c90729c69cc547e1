// One subscriber of the whole Hush, which records the latency of events. Runs in a process of its
// own.
import { WebSocket } from 'ws';

const [url = '', ucc = ''] = process.argv.slice(2);
const socket = new WebSocket(url);
let delaysMs: number[] = [];

function send(message: object): void {
  socket.send(`${JSON.stringify(message)}\x1e`);
}

socket.on('open', () => {
  send({ protocol: 'json', version: 1 });
  send({ type: 1, invocationId: '0', target: 'Subscribe', arguments: [ucc, null] });
});
socket.on('message', (data) => {
  const now = performance.timeOrigin + performance.now();
  for (const record of String(data).split('\x1e')) {
    if (record.includes('"RecordingChanged"')) {
      delaysMs.push(now - Date.parse(JSON.parse(record).arguments[0].Time));
    } else if (record.includes('"invocationId"')) {
      process.send?.({ subscribed: true });
    }
  }
});
// A hub closes clients that are silent for 30 s.
setInterval(() => send({ type: 6 }), 10_000);
process.on('message', () => {
  process.send?.({ delaysMs });
  delaysMs = [];
});
process.once('disconnect', () => process.exit());
