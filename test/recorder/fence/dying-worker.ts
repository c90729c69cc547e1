import { parentPort } from 'node:worker_threads';
import type { ToWorker } from '../../../src/recorder/messages.ts';
import '../../../src/recorder/worker.ts';

/* The recorder's own thread, which dies when a call of this name ends. */
parentPort?.on('message', (message: ToWorker) => {
  if (message.type === 'endCall' && message.callId === 'die') throw new Error('told to die');
});
