import pino from 'pino';
import { createServer } from '../../../src/server.ts';
import { testConfig } from './hush.ts';
import type { HushProcessOptions } from './hush-process.ts';
import { stallFor, stallOf } from './stall-plan.ts';

const options = JSON.parse(process.argv[2] ?? '{}') as HushProcessOptions;
const { mediaTimeoutMs } = options;
const config = testConfig(options.dataDir, (defaults) => ({
  ...defaults,
  shutdown: options.shutdown ?? defaults.shutdown,
  auth: { ...defaults.auth, ...options.auth },
  store: { ...defaults.store, ...options.store },
  lock: { ...defaults.lock, ...options.lock },
  http: { ...defaults.http, port: options.httpPort ?? 0 },
  sip: { ...defaults.sip, ...options.sip, udpPort: options.sipUdpPort ?? 0 },
  uccs: defaults.uccs.flatMap((ucc) => [
    { ...ucc, ...options.ucc },
    ...(options.moreUccs ?? []).map((more) => ({ ...ucc, ...more })),
  ]),
  rtp: { ...defaults.rtp, ...options.rtpPorts },
  recording: {
    ...defaults.recording,
    ...options.recording,
    ...(mediaTimeoutMs ? { mediaTimeoutMs } : {}),
  },
}));
const server = await createServer(config, {
  logger: pino({ level: process.env.HUSH_LOG_LEVEL ?? 'error' }),
  ...(options.crashable ? { workerEntry: new URL('./crashing-worker.ts', import.meta.url) } : {}),
  ...(options.stalling ? { workerEntry: new URL('./stalling-worker.ts', import.meta.url) } : {}),
});
process.once('SIGTERM', () => {
  const stopped = options.shutdown === 'handover' ? server.handOver() : server.stop();
  void stopped.then(() => process.connected && process.disconnect?.());
});
if (options.crashable) {
  const channel = new BroadcastChannel('crash');
  channel.unref();
  process.on('SIGUSR2', () => channel.postMessage('crash'));
  let stalls = 0;
  process.on('SIGWINCH', () => {
    const stall = stallOf(stalls);
    stalls += 1;
    if (stall.thread === 'main') stallFor(stall.ms);
    else channel.postMessage(stall.ms);
  });
}
server.onOwnershipLost(() => process.exit(1));
const addresses = await server.start();
if (process.send) process.send(addresses);
