// The boolean gate's sockets in a thread of their own, which stalls.
import { parentPort, workerData } from 'node:worker_threads';
import { BooleanGateMedia } from './boolean-gate-media.ts';
import '../../test/support/hush/stalls.ts';

const media = new BooleanGateMedia(workerData as Int32Array);
parentPort?.on('message', () => parentPort?.postMessage(media.kept()));
parentPort?.postMessage(await media.bind());
