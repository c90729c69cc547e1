import '../../../src/recorder/worker.ts';
import { stallFor } from './stall-plan.ts';

/* The recorder's own media thread, which dies or stands still when its process is told to. */
const channel = new BroadcastChannel('crash');
channel.onmessage = ({ data }: { data: unknown }) => {
  if (typeof data === 'number') {
    stallFor(data);
    return;
  }
  setImmediate(() => {
    throw new Error('told to crash');
  });
};
channel.unref();
