// Sends G.711 speech to many ports at 50 packets per second each. Runs in a process of its own.
import { frameOf, loadConversations } from '../../src/demo/speech.ts';
import { buildRtp } from '../../src/protocols/rtp/packet.ts';
import { SrtpSender } from '../../src/protocols/srtp/sender.ts';
import type { SrtpSuite } from '../../src/protocols/srtp/suites.ts';
import { BatchedSender } from './batched-sender.ts';

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

const sender = new BatchedSender();
const voices = loadConversations().flatMap(({ agent, caller }) => [agent, caller]);
const sequences = new Map<number, number>();
const senders = new Map<number, SrtpSender>();

/** One stream's next packet: header and audio in place, since it is copied at once. */
const plain = Buffer.alloc(12 + FRAME_SAMPLES);

function nextPacket({ port, srtp }: RtpTarget): Buffer {
  const sequence = sequences.get(port) ?? 0;
  sequences.set(port, sequence + 1);
  const audio = frameOf(voices[port % voices.length] as Buffer, sequence + port);
  const timestamp = sequence * FRAME_SAMPLES;
  if (srtp) {
    const packet = buildRtp({ payloadType: 0, sequence, timestamp, ssrc: port }, audio);
    let sealing = senders.get(port);
    sealing ??= new SrtpSender(srtp.suite, Buffer.from(srtp.key, 'base64'));
    senders.set(port, sealing);
    return sealing.protect(packet);
  }
  plain[0] = 0x80;
  plain.writeUInt16BE(sequence & 0xffff, 2);
  plain.writeUInt32BE(timestamp >>> 0, 4);
  plain.writeUInt32BE(port, 8);
  plain.set(audio, 12);
  return plain;
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
          sender.add(ready.get(target)?.[frame] ?? nextPacket(target), target.port);
          sent += 1;
        }
      }
      sender.flush();
      if (step < steps) setTimeout(tick, 1);
      else resolve({ sent, seconds: (performance.now() - begun) / 1000 });
    };
    tick();
  });
}

process.on('message', (request: RtpLoadRequest) => {
  void run(request).then((result) => process.send?.(result));
});
