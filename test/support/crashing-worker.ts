import '../../src/recorder/worker.ts';

/* The recorder's own media thread, which dies when its process is sent SIGUSR2. */
const channel = new BroadcastChannel('crash');
channel.onmessage = () => {
  setImmediate(() => {
    throw new Error('told to crash');
  });
};
channel.unref();
