import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { markersInWav } from '../../src/simulator/wav-markers.ts';
import { recordingOf } from '../../test/support/api.ts';
import { type MarkerCall, TestCaller } from '../../test/support/calls.ts';
import { temporaryFolder } from '../../test/support/hush/hush.ts';
import { HushProcess } from '../../test/support/hush/hush-process.ts';
import type { GateAddresses, GateKind } from './boolean-gate.ts';
import type { KeptFrames } from './boolean-gate-media.ts';
import { Child } from './child.ts';
import type { MarkerTarget } from './marker-sender.ts';

/** Numbers of the recorded frames, by stream tag. */
export type Recorded = Map<number, ReadonlyMap<number, unknown>>;

export interface SubjectCall {
  readonly correlationId: string;
  readonly targets: readonly MarkerTarget[];
}

/** A system that the fence bench measures. */
export interface Subject {
  /** Port of its HTTP interface. */
  readonly port: number;
  readonly calls: readonly SubjectCall[];
  /** Ends the calls and reads the recordings. */
  finish(): Promise<Recorded>;
  close(): Promise<void>;
}

export async function hushSubject(count: number, stalling: boolean): Promise<Subject> {
  const dataDir = temporaryFolder();
  const hush = await HushProcess.start({ dataDir, stalling });
  const caller = await TestCaller.open();
  const calls: MarkerCall[] = [];
  while (calls.length < count) calls.push(await caller.call(hush, { silent: true }));
  return {
    port: Number(new URL(hush.api).port),
    calls: calls.map(({ correlationId, call, streams }) => ({
      correlationId,
      targets: call.streams.map(({ remote }, side) => ({
        port: remote?.port ?? 0,
        tag: streams[side]?.tag ?? 0,
      })),
    })),
    finish: async () => {
      await Promise.all(calls.map(({ call }) => call.end()));
      const recorded: Recorded = new Map();
      for (const { correlationId } of calls) {
        const { id } = await recordingOf(hush.api, correlationId);
        const audio = await fetch(`${hush.api}/api/recordings/${id}/audio`);
        const channels = markersInWav(Buffer.from(await audio.arrayBuffer()));
        for (const byTag of channels) for (const [tag, found] of byTag) recorded.set(tag, found);
      }
      return recorded;
    },
    close: async () => {
      await caller.close();
      await hush.end('SIGTERM');
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

export async function booleanGateSubject(count: number, kind: GateKind): Promise<Subject> {
  const ids = Array.from({ length: count }, () => randomUUID());
  const gate = new Child('./boolean-gate.ts', [JSON.stringify(ids), kind]);
  const { port, rtpPorts } = await gate.next<GateAddresses>();
  const streams = rtpPorts.length / count;
  return {
    port,
    calls: ids.map((correlationId, index) => ({
      correlationId,
      targets: rtpPorts
        .slice(index * streams, (index + 1) * streams)
        .map((rtpPort, side) => ({ port: rtpPort, tag: index * streams + side + 1 })),
    })),
    finish: async () => {
      const kept = await gate.ask<KeptFrames>({ type: 'kept' });
      return new Map(
        kept.map(({ tag, indexes }) => [tag, new Map(indexes.map((index) => [index, index]))]),
      );
    },
    close: () => gate.end(),
  };
}
