import { createSocket, type Socket } from 'node:dgram';
import { buildRtp } from '../src/protocols/rtp/packet.ts';
import { buildReceiverReport } from '../src/protocols/rtp/rtcp.ts';
import type { Random } from './random.ts';
import type { FuzzTarget } from './target.ts';

const BURST = 16;
const MAX_PAYLOAD_BYTES = 400;
const MAX_DATAGRAM_BYTES = 3_000;

/** Sends packets that are nearly right, or random bytes, to the ports of live calls. */
export class RtpAttack {
  readonly #socket: Socket = createSocket('udp4');
  readonly #target: FuzzTarget;

  constructor(target: FuzzTarget) {
    this.#target = target;
    this.#socket.on('error', () => undefined);
  }

  /** Sends one burst; returns the last datagram. */
  async attack(random: Random): Promise<string> {
    const port = random.pick(this.#target.rtpPorts) + (random.chance(0.2) ? 1 : 0);
    let datagram: Buffer = Buffer.alloc(0);
    for (let count = 0; count < BURST; count += 1) {
      datagram = damaged(random, random.chance(0.75) ? packet(random) : report(random));
      await this.#send(datagram, port);
      if (random.chance(0.1)) await this.#send(datagram, port);
    }
    return datagram.toString('hex');
  }

  close(): void {
    this.#socket.close();
  }

  #send(datagram: Buffer, port: number): Promise<void> {
    return new Promise((resolve) => {
      this.#socket.send(datagram, port, '127.0.0.1', () => resolve());
    });
  }
}

/** Builds a packet: every payload type, sources that change, numbers and times that jump. */
function packet(random: Random): Buffer {
  const payload = bytes(random, random.below(MAX_PAYLOAD_BYTES));
  return buildRtp(
    {
      payloadType: random.chance(0.6) ? random.pick([0, 8, 9, 13, 101, 111]) : random.below(128),
      marker: random.chance(0.1),
      sequence: random.chance(0.7) ? random.below(50) : random.below(65_536),
      timestamp: random.chance(0.7) ? 160 * random.below(50) : random.below(2 ** 32),
      ssrc: random.chance(0.8) ? random.below(4) : random.below(2 ** 32),
    },
    payload,
  );
}

function report(random: Random): Buffer {
  const block = {
    ssrc: random.below(4),
    fractionLost: 0,
    lost: 0,
    highestSequence: 0,
    jitter: 0,
    lastReport: random.below(2 ** 32),
    sinceLastReport: 0,
  };
  const cname = 'x'.repeat(random.below(300));
  const built = buildReceiverReport({ ssrc: random.below(4), cname, block });
  // A sender report has five words more than a receiver report.
  if (random.chance(0.5)) built[1] = 200;
  return built;
}

function damaged(random: Random, datagram: Buffer): Buffer {
  let damagedBytes: Buffer = datagram;
  for (let change = random.below(4); change > 0; change -= 1) {
    const at = random.below(Math.min(damagedBytes.length, random.chance(0.7) ? 16 : 4_000) || 1);
    if (random.chance(0.6)) damagedBytes[at] = random.below(256);
    else if (random.chance(0.5)) damagedBytes = damagedBytes.subarray(0, at);
    else damagedBytes = Buffer.concat([damagedBytes, bytes(random, random.below(1_500))]);
  }
  return damagedBytes.subarray(0, MAX_DATAGRAM_BYTES);
}

function bytes(random: Random, count: number): Buffer {
  return Buffer.from(Array.from({ length: count }, () => random.below(256)));
}
