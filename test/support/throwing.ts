import { isMainThread } from 'node:worker_threads';

/** Throws where nobody catches it, at SIGUSR2: preloaded by a test into the process it starts. */
if (isMainThread) {
  process.on('SIGUSR2', () => {
    void Promise.reject(new Error('thrown for a test'));
  });
}
