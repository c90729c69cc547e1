import { isMainThread } from 'node:worker_threads';

/** Throws uncaught errors at SIGUSR2: a test preloads it into the process it starts. */
if (isMainThread) {
  process.on('SIGUSR2', () => {
    void Promise.reject(new Error('thrown for a test'));
  });
}
