import { parentPort } from 'node:worker_threads';
import type { ToWorker } from '../../../src/recorder/messages.ts';

/* The recorder's own media thread, which hears no order to a gate once it is told not to. */
const channel = new BroadcastChannel('deaf');
let deaf = false;
channel.onmessage = ({ data }: { data: unknown }) => {
  if (typeof data !== 'boolean') return;
  deaf = data;
  channel.postMessage('done');
};
channel.unref();

const port = parentPort;
if (!port) throw new Error('to be run in a thread');
const listen = port.on.bind(port);
port.on = ((name: string, listener: (message: ToWorker) => void) =>
  listen(name, (message: ToWorker) => {
    if (!deaf || message.type !== 'fence') listener(message);
  })) as typeof port.on;

await import('../../../src/recorder/worker.ts');
