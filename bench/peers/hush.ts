import { rmSync } from 'node:fs';
import { Target } from '../../src/torture/target.ts';
import { type MarkerCall, TestCaller } from '../../test/support/calls.ts';
import { agent, temporaryFolder, ucc } from '../../test/support/hush/hush.ts';
import { HushProcess } from '../../test/support/hush/hush-process.ts';
import type { Peer } from './peer.ts';

/** Hush as a peer, with commands over v1. */
export async function hushPeer(count: number): Promise<Peer> {
  const dataDir = temporaryFolder();
  const hush = await HushProcess.start({ dataDir });
  const caller = await TestCaller.open();
  const calls: MarkerCall[] = [];
  while (calls.length < count) calls.push(await caller.call(hush, { silent: true }));
  const target = new Target({
    api: hush.api,
    uccName: ucc,
    requester: agent,
    token: undefined,
    audioUrl: undefined,
  });
  const command = async (action: 'Pause' | 'Start', id: string): Promise<void> => {
    await target.command(action, { correlationId: id, uccName: ucc });
  };
  return {
    name: 'Hush',
    pid: hush.pid,
    calls: calls.map(({ correlationId, call, streams }) => ({
      id: correlationId,
      streams: call.streams.map(({ remote }, side) => ({
        port: remote?.port ?? 0,
        tag: streams[side]?.tag ?? 0,
      })),
    })),
    pause: (id) => command('Pause', id),
    start: (id) => command('Start', id),
    finish: async () => {
      await Promise.all(calls.map(({ call }) => call.end()));
      const perCall = await Promise.all(
        calls.map(({ correlationId }) => target.foundFrames(correlationId)),
      );
      return new Map(
        perCall.flatMap((found) => [...found].map(([tag, kept]) => [tag, new Set(kept.keys())])),
      );
    },
    close: async () => {
      await caller.close();
      await hush.end('SIGTERM');
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}
