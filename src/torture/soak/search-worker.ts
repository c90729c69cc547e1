import { parentPort, workerData } from 'node:worker_threads';
import { Target, type TargetOptions } from '../target.ts';
import type { SearchAnswer, SearchRequest } from './search-thread.ts';

/* Fetches the settled recordings of one correlation id after the other and searches them. */
const target = new Target(workerData as TargetOptions);

parentPort?.on('message', async ({ id, correlationId }: SearchRequest) => {
  const answer = await target.settledAudio(correlationId).then(
    (audio): SearchAnswer => ({ id, audio }),
    (cause: Error): SearchAnswer => ({ id, error: cause.message }),
  );
  parentPort?.postMessage(answer);
});
