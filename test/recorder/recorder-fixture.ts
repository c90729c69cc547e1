import { randomBytes, randomInt } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { SegmentReader } from '../../src/archive/segment/segment-reader.ts';
import type { SegmentRecord } from '../../src/domain/model/segment.ts';
import type { ErasedTrack, StreamSpec, TrackBeginning } from '../../src/domain/ports/recorder.ts';
import { buildRtp, type RtpFields } from '../../src/protocols/rtp/packet.ts';
import { KEY_BYTES } from '../../src/protocols/segment/key-wrap.ts';
import { MediaRecorder, type RecorderOptions } from '../../src/recorder/recorder.ts';
import { plainPcmu } from '../support/agreements.ts';
import { unsealing } from '../support/audio/unsealing.ts';
import { temporaryFolder } from '../support/hush/hush.ts';
import { testedReceiver } from '../support/receiver.ts';

export const spec: StreamSpec = {
  track: 0,
  clockRate: 8000,
  agreed: plainPcmu,
  held: false,
  suppressDtmf: false,
};

/** Test processes run side by side, below the ports that the system gives away. */
const firstPort = 6000 + 200 * randomInt(15);

export type FixtureOptions = Partial<
  Pick<
    RecorderOptions,
    | 'workerEntry'
    | 'receiver'
    | 'fenceTimeoutMs'
    | 'mainThreadTimeoutMs'
    | 'onUnattended'
    | 'resumeGuardMs'
  >
>;

/** A recorder alone, without SIP, and a socket that sends to it. */
export class RecorderFixture {
  readonly recordingsDir = temporaryFolder();
  readonly masterKey = randomBytes(KEY_BYTES);
  readonly segments: SegmentRecord[] = [];
  readonly failures: string[] = [];
  readonly fallBacks: string[] = [];
  readonly erased: ErasedTrack[] = [];
  readonly beginnings: (TrackBeginning & { readonly track: number })[] = [];
  readonly recorder: MediaRecorder;
  readonly #socket: Socket = createSocket('udp4');
  #onFailed: (() => void) | undefined;

  constructor(options: FixtureOptions = {}) {
    this.recorder = new MediaRecorder({
      ...{ portMin: firstPort, portMax: firstPort + 199 },
      ...{
        rtpHost: '127.0.0.1',
        receiver: testedReceiver,
        workers: 1,
        maxCalls: 20,
        fenceTimeoutMs: 2000,
        chunkMs: 900,
      },
      ...{ resumeGuardMs: 0, mainThreadTimeoutMs: 5000, onUnattended: 'shut' },
      ...{ maxUnwrittenBytes: 1_000_000, diskProbeIntervalMs: 50 },
      ...{ recordingsDir: this.recordingsDir, masterKey: this.masterKey, ...options },
      clock: { now: () => Date.now() },
      listener: {
        onSegment: (segment) => this.segments.push(segment),
        onCallFailed: (_, kind, detail) => {
          this.failures.push(`${kind} ${detail}`);
          this.#onFailed?.();
        },
        onReceiverFellBack: (why) => this.fallBacks.push(why),
        onStreamStats: () => undefined,
        onErased: (tracks) => this.erased.push(...tracks),
        onTrackBegan: (_, track, beginning) => this.beginnings.push({ track, ...beginning }),
        onWorkerDied: (callIds, detail) => {
          this.failures.push(`workerDied ${callIds.join(' ')} ${detail}`);
          this.#onFailed?.();
        },
      },
    });
  }

  /** An open call with these streams; their ports. */
  async begin(
    callId: string,
    specs: readonly StreamSpec[] = [spec],
    lookbackMs = 0,
  ): Promise<number[]> {
    this.recorder.beginCall(callId, { open: true, reason: 'stop', lookbackMs });
    return (await this.recorder.openStreams(callId, specs)).map(({ port }) => port);
  }

  /** Resolves when the datagram was given to the system; the loopback interface loses none. */
  send(port: number, datagram: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#socket.send(datagram, port, '127.0.0.1', (error) =>
        error ? reject(error) : resolve(),
      );
    });
  }

  rtp(port: number, fields: Partial<RtpFields>, payload: Uint8Array): Promise<void> {
    const defaults = { payloadType: 0, sequence: 0, timestamp: 0, ssrc: 1 };
    return this.send(port, buildRtp({ ...defaults, ...fields }, payload));
  }

  failed(): Promise<void> {
    return new Promise((resolve) => {
      this.#onFailed = resolve;
      if (this.failures.length > 0) resolve();
    });
  }

  /** The audio that the call's files hold, by track: position to bytes. */
  async stored(callId: string, track = 0): Promise<Map<number, Buffer>> {
    const found = new Map<number, Buffer>();
    const last = new Map(
      this.segments
        .filter((segment) => segment.callId === callId && segment.track === track)
        .map((segment) => [segment.segment, segment]),
    );
    for (const segment of last.values()) {
      const reader = await SegmentReader.open(unsealing(this), segment);
      for await (const run of reader?.read({ start: -1e12, end: 1e12 }) ?? []) {
        if (run.kind === 'audio') found.set(run.position, Buffer.from(run.audio));
      }
      await reader?.close();
    }
    return found;
  }

  async close(): Promise<void> {
    const closed = once(this.#socket, 'close');
    this.#socket.close();
    await Promise.all([closed, this.recorder.close()]);
    rmSync(this.recordingsDir, { recursive: true, force: true });
  }
}
