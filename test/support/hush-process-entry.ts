import pino from 'pino';
import { createServer } from '../../src/server.ts';
import { testConfig } from './hush.ts';
import type { HushProcessOptions } from './hush-process.ts';

const options = JSON.parse(process.argv[2] ?? '{}') as HushProcessOptions;
const { mediaTimeoutMs } = options;
const config = testConfig(options.dataDir, (defaults) => ({
  ...defaults,
  auth: { ...defaults.auth, ...options.auth },
  rtp: { ...defaults.rtp, ...options.rtpPorts },
  recording: { ...defaults.recording, ...(mediaTimeoutMs ? { mediaTimeoutMs } : {}) },
}));
const server = await createServer(config, {
  logger: pino({ level: process.env.HUSH_LOG_LEVEL ?? 'error' }),
  ...(options.stalling ? { workerEntry: new URL('./stalling-worker.ts', import.meta.url) } : {}),
});
process.once('SIGTERM', () => {
  void server.stop().then(() => process.disconnect?.());
});
const addresses = await server.start();
if (process.send) process.send(addresses);
