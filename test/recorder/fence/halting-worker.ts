import '../../../src/recorder/worker.ts';

// The recorder's own media thread, which stands still for as long as it is told to.
const channel = new BroadcastChannel('halt');
channel.onmessage = ({ data }: { data: unknown }) => {
  if (typeof data !== 'number') return;
  channel.postMessage('halting');
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, data);
};
channel.unref();
