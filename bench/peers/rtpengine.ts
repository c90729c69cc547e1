import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ensurePackages, peerPrograms } from '../../scripts/packages.js';
import { buildOffer } from '../../src/protocols/sdp/build-session.ts';
import { parseOffer } from '../../src/protocols/sdp/parse-offer.ts';
import { findMarkers } from '../../src/simulator/marker-audio.ts';
import { temporaryFolder } from '../../test/support/hush/hush.ts';
import { freeRtpPorts } from '../../test/support/ports.ts';
import { NgClient } from './ng-client.ts';
import type { KeptFrames, Peer, PeerCall } from './peer.ts';

const START_TRIES = 100;
/** Time for the engine's own writer to flush after a call. */
const FLUSH_MS = 1_000;
const payload = { payloadType: 0, encoding: 'PCMU', clockRate: 8000, channels: 1, fmtp: undefined };

/**
 * The distribution's rtpengine in user space, recording to pcap, with stop and start as pause: this
 * version has no pause command.
 */
export async function rtpenginePeer(count: number, firstTag: number): Promise<Peer> {
  ensurePackages(peerPrograms);
  const folder = temporaryFolder();
  for (const name of ['spool', 'pcaps', 'metadata', 'tmp']) mkdirSync(join(folder, name));
  const ports = await freeRtpPorts(2_000);
  const controlPort = ports.portMax - 1;
  const child = spawn(
    'rtpengine',
    [
      ...['--foreground', '--log-stderr', '--log-level=1', '--table=-1', '--interface=127.0.0.1'],
      ...[`--listen-ng=127.0.0.1:${controlPort}`, '--no-fallback'],
      ...[`--port-min=${ports.portMin}`, `--port-max=${ports.portMax - 2}`],
      ...[`--recording-dir=${folder}`, '--recording-method=pcap', '--recording-format=raw'],
      `--pidfile=${join(folder, 'pid')}`,
    ],
    { stdio: 'ignore' },
  );
  const ng = await NgClient.open(controlPort);
  await untilUp(ng, child);
  const calls: PeerCall[] = [];
  while (calls.length < count) calls.push(await place(ng, firstTag + 2 * calls.length));
  const recordingCommand = async (command: string, id: string): Promise<void> => {
    await ng.ask({ command, 'call-id': id });
  };
  return {
    name: 'rtpengine',
    pid: child.pid as number,
    calls,
    pause: (id) => recordingCommand('stop recording', id),
    start: (id) => recordingCommand('start recording', id),
    finish: async () => {
      for (const { id } of calls)
        await ng.ask({ command: 'delete', 'call-id': id, 'delete-delay': 0 });
      await sleep(FLUSH_MS);
      return keptFrames(folder);
    },
    close: async () => {
      ng.close();
      const exited = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      await exited;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function untilUp(ng: NgClient, child: ChildProcess): Promise<void> {
  for (let tried = 0; tried < START_TRIES; tried += 1) {
    if (child.exitCode !== null) throw new Error(`rtpengine ended with ${child.exitCode}`);
    const up = await Promise.race([
      ng.ask({ command: 'ping' }).then(
        () => true,
        () => false,
      ),
      sleep(50, false),
    ]);
    if (up) return;
  }
  throw new Error('rtpengine does not answer');
}

/** Places a call of two parties; each one's audio arrives at a port of its own. */
async function place(ng: NgClient, tag: number): Promise<PeerCall> {
  const id = randomUUID();
  const offer = { 'call-id': id, 'from-tag': 'a', sdp: sdp(9) };
  const forB = await ng.ask({ command: 'offer', ...offer });
  const forA = await ng.ask({ command: 'answer', ...offer, 'to-tag': 'b', sdp: sdp(9) });
  await ng.ask({ command: 'start recording', 'call-id': id });
  const portOf = (answer: typeof forA): number =>
    parseOffer(String(answer.sdp)).media[0]?.port ?? 0;
  return {
    id,
    streams: [forA, forB].map((answer, side) => ({ port: portOf(answer), tag: tag + side })),
  };
}

/** Directs returned audio to the discard port. */
function sdp(port: number): string {
  const media = [{ port, label: '1', payloads: [payload], direction: 'sendrecv' as const }];
  return buildOffer({ address: '127.0.0.1', sessionId: '1', sessionVersion: 1, media });
}

function keptFrames(folder: string): KeptFrames {
  const kept = new Map<number, Set<number>>();
  const files = readdirSync(folder, { recursive: true, withFileTypes: true });
  for (const file of files.filter((one) => one.isFile() && one.name.endsWith('.pcap'))) {
    const bytes = readFileSync(join(file.parentPath, file.name));
    for (const { streamTag, index } of findMarkers(bytes)) {
      const found = kept.get(streamTag) ?? new Set();
      kept.set(streamTag, found.add(index));
    }
  }
  return kept;
}
