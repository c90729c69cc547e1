// Sends G.711 speech to many ports at 50 packets per second each. Runs in a process of its own.
import { createSocket } from 'node:dgram';
import { frameOf, loadConversations } from '../../src/demo/speech.ts';
import { buildRtp } from '../../src/protocols/rtp/packet.ts';
import { SrtpSender } from '../../src/protocols/srtp/sender.ts';
import type { SrtpSuite } from '../../src/protocols/srtp/suites.ts';

export interface RtpTarget {
  readonly port: number;
  readonly srtp?: { readonly suite: SrtpSuite; readonly key: string } | undefined;
}

export interface RtpLoadRequest {
  readonly targets: readonly RtpTarget[];
  readonly seconds: number;
}

export interface RtpLoadResult {
  readonly sent: number;
  readonly seconds: number;
}

const FRAME_MS = 20;
const FRAME_SAMPLES = 160;
const FRAMES_PER_SECOND = 50;
/** Streams are spread over the 20 ms like those of real clients. */
const PHASES = 20;

const socket = createSocket({
  type: 'udp4',
  lookup: (host, _, callback) => callback(null, host, 4),
  sendBufferSize: 4 * 1024 * 1024,
});
const voices = loadConversations().flatMap(({ agent, caller }) => [agent, caller]);
const sequences = new Map<number, number>();
const senders = new Map<number, SrtpSender>();

function nextPacket({ port, srtp }: RtpTarget): Buffer {
  const sequence = sequences.get(port) ?? 0;
  sequences.set(port, sequence + 1);
  const audio = frameOf(voices[port % voices.length] as Buffer, sequence + port);
  const timestamp = sequence * FRAME_SAMPLES;
  const packet = buildRtp({ payloadType: 0, sequence, timestamp, ssrc: port }, audio);
  if (!srtp) return packet;
  let sender = senders.get(port);
  sender ??= new SrtpSender(srtp.suite, Buffer.from(srtp.key, 'base64'));
  senders.set(port, sender);
  return sender.protect(packet);
}

/** Protects packets beforehand: that is the client's work, and not measured. */
function prepared({ targets, seconds }: RtpLoadRequest): Map<RtpTarget, Buffer[]> {
  const count = seconds * FRAMES_PER_SECOND;
  const secured = targets.filter(({ srtp }) => srtp);
  return new Map(
    secured.map((target) => [target, Array.from({ length: count }, () => nextPacket(target))]),
  );
}

function run(request: RtpLoadRequest): Promise<RtpLoadResult> {
  const { targets, seconds } = request;
  const ready = prepared(request);
  const begun = performance.now();
  const steps = (seconds * 1000 * PHASES) / FRAME_MS;
  let step = 0;
  let sent = 0;
  return new Promise((resolve) => {
    const tick = (): void => {
      const due = Math.min(steps, Math.floor(((performance.now() - begun) * PHASES) / FRAME_MS));
      for (; step < due; step += 1) {
        const frame = Math.floor(step / PHASES);
        for (let index = step % PHASES; index < targets.length; index += PHASES) {
          const target = targets[index] as RtpTarget;
          socket.send(ready.get(target)?.[frame] ?? nextPacket(target), target.port, '127.0.0.1');
          sent += 1;
        }
      }
      if (step < steps) setTimeout(tick, 1);
      else resolve({ sent, seconds: (performance.now() - begun) / 1000 });
    };
    tick();
  });
}

process.on('message', (request: RtpLoadRequest) => {
  void run(request).then((result) => process.send?.(result));
});
