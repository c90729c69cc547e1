// Sends numbered frames to many ports, 50 per second to each, and reports when it sent which. Runs
// in a process of its own.
import { createSocket } from 'node:dgram';
import { markerFrame } from '../../src/simulator/marker-audio.ts';
import { RtpSender } from '../../src/simulator/rtp-sender.ts';
import { monotonicMs } from './clock.ts';

export interface MarkerTarget {
  readonly port: number;
  /** The stream's tag in its frames. */
  readonly tag: number;
}

export interface SendRequest {
  readonly targets: readonly MarkerTarget[];
}

/** Times at which one stream sent its frames, by frame number, on the machine's monotonic clock. */
export interface SentTimes {
  readonly tag: number;
  /**
   * The packet left between these two instants: the system may have delayed the sender in between.
   */
  readonly afterMs: readonly number[];
  readonly beforeMs: readonly number[];
}

const SEND_BUFFER_BYTES = 4 * 1024 * 1024;

let sender = new RtpSender();
let streams: { tag: number; afterMs: number[]; beforeMs: number[] }[] = [];
const socket = createSocket({
  type: 'udp4',
  lookup: (host, _, callback) => callback(null, host, 4),
  sendBufferSize: SEND_BUFFER_BYTES,
});

function start({ targets }: SendRequest): void {
  sender = new RtpSender();
  streams = targets.map(({ port, tag }) => {
    const afterMs: number[] = [];
    const beforeMs: number[] = [];
    sender.add({
      socket,
      destination: { address: '127.0.0.1', port },
      payloadType: 0,
      ssrc: tag,
      frame: (index) => {
        afterMs[index] = monotonicMs();
        return markerFrame(tag, index);
      },
      onSent: (index) => {
        beforeMs[index] = monotonicMs();
      },
    });
    return { tag, afterMs, beforeMs };
  });
}

process.on('message', (message: SendRequest | 'stop') => {
  if (message !== 'stop') {
    start(message);
    process.send?.({ started: true });
    return;
  }
  sender.close();
  process.send?.(streams satisfies SentTimes[]);
});
// An aborted bench leaves no sender behind.
process.once('disconnect', () => process.exit());
