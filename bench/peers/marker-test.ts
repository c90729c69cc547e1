import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { markerFrame } from '../../src/simulator/marker-audio.ts';
import { RtpSender } from '../../src/simulator/rtp-sender.ts';
import { judge, nowMs, type Pause, type SentFrame } from '../../src/simulator/verdict.ts';
import { seededRandom } from '../../src/torture/random.ts';
import { percentile } from '../support/child.ts';
import type { Peer } from './peer.ts';

export interface MarkerResult {
  readonly name: string;
  readonly pauses: number;
  readonly paused: number;
  readonly leaked: number;
  readonly others: number;
  readonly lost: number;
  readonly pauseAckMs: { readonly p50: number; readonly p99: number };
}

const STALL_MS = 300;
const MARGIN_MS = 400;

/**
 * Pauses and starts every call `rounds` times while numbered frames are sent to it; with `stalls`
 * the recorder's process is stopped for 300 ms in each round, so that commands and audio queue up.
 */
export async function markerTest(
  peer: Peer,
  { rounds, stalls }: { readonly rounds: number; readonly stalls: boolean },
): Promise<MarkerResult> {
  const sender = new RtpSender();
  const socket = createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const sent = new Map<number, SentFrame[]>();
  for (const { port, tag } of peer.calls.flatMap(({ streams }) => streams)) {
    const frames: SentFrame[] = [];
    sent.set(tag, frames);
    sender.add({
      socket,
      payloadType: 0,
      ssrc: tag,
      destination: { address: '127.0.0.1', port },
      frame: (index) => markerFrame(tag, index),
      onSent: (index, _, sentAtMs) => frames.push({ index, sentAtMs }),
    });
  }
  await sleep(MARGIN_MS);
  const pauses = new Map<string, Pause[]>(peer.calls.map(({ id }) => [id, []]));
  const random = seededRandom(1);
  for (let round = 0; round < rounds; round += 1) {
    const stalling = stalls ? stall(peer.pid, random) : Promise.resolve();
    const paused = peer.calls.map(async ({ id }) => {
      await sleep(random() * 100);
      pauses.get(id)?.push(await pauseOnce(peer, id));
    });
    await Promise.all([stalling, ...paused]);
    await sleep(200);
  }
  await sleep(MARGIN_MS);
  sender.close();
  socket.close();
  const kept = await peer.finish();
  return verdictOf(peer, { rounds, sent, kept, pauses });
}

async function pauseOnce(peer: Peer, id: string): Promise<Pause> {
  const requestedAt = nowMs();
  await peer.pause(id);
  const answeredAt = nowMs();
  await sleep(250);
  const startRequestedAt = nowMs();
  await peer.start(id);
  return { requestedAt, answeredAt, startRequestedAt, startAnsweredAt: nowMs() };
}

async function stall(pid: number, random: () => number): Promise<void> {
  await sleep(random() * 200);
  process.kill(pid, 'SIGSTOP');
  await sleep(STALL_MS);
  process.kill(pid, 'SIGCONT');
}

function verdictOf(
  peer: Peer,
  parts: {
    readonly rounds: number;
    readonly sent: ReadonlyMap<number, readonly SentFrame[]>;
    readonly kept: ReadonlyMap<number, ReadonlySet<number>>;
    readonly pauses: ReadonlyMap<string, readonly Pause[]>;
  },
): MarkerResult {
  const total = { paused: 0, leaked: 0, others: 0, lost: 0 };
  for (const { id, streams } of peer.calls) {
    for (const { tag } of streams) {
      const found = new Map([...(parts.kept.get(tag) ?? [])].map((index) => [index, index]));
      const verdict = judge(parts.sent.get(tag) ?? [], parts.pauses.get(id) ?? [], found);
      total.paused += verdict.paused;
      total.leaked += verdict.leaked.length;
      total.others += verdict.outside;
      total.lost += verdict.missing.length;
    }
  }
  const acks = [...parts.pauses.values()]
    .flat()
    .map((pause) => pause.answeredAt - pause.requestedAt);
  return {
    ...total,
    name: peer.name,
    pauses: peer.calls.length * parts.rounds,
    pauseAckMs: { p50: percentile(acks, 0.5), p99: percentile(acks, 0.99) },
  };
}
