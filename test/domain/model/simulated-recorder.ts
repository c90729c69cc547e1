import { FenceTimeoutError } from '../../../src/domain/model/errors.ts';
import type {
  FenceReceipt,
  GateSetting,
  OpenedStream,
  Recorder,
  ResumedStream,
  StreamSpec,
  TrackSummary,
} from '../../../src/domain/ports/recorder.ts';

interface Marker {
  readonly fence: number;
  readonly opens: boolean;
}

interface SimulatedStream {
  shut: boolean;
  held: boolean;
  /** Sent, and not read while the thread stalls. */
  readonly unread: Marker[];
}

interface SimulatedCall {
  open: boolean;
  /** The newest fence that was raised: an older one says nothing any more. */
  fence: number;
  readonly aborted: Set<number>;
  readonly streams: Map<number, SimulatedStream>;
}

/** Ways to break the recorder on purpose: the model must notice each of them. */
export type RecorderBreakage =
  | 'newStreamsOpen'
  | 'resumedStreamsOpen'
  | 'shutDoesNothing'
  | 'holdLiftsAll'
  | 'staleOpenObeyed'
  | 'olderAbortShutsNewer'
  | 'otherUccUnpaused';

/**
 * Gates and streams as the real recorder has them, without sockets. A fence fails when told to:
 * then its marker lies unread until the thread goes on.
 */
export class SimulatedRecorder implements Recorder {
  readonly available = true;
  readonly commandCameAtMs = 0;
  readonly nowMs = 0;

  positionMs(): null {
    return null;
  }

  failNextFence = false;
  /** The media thread ends in the middle of the next close. */
  failNextClose = false;
  /** What the call held in memory cannot be written when it ends. */
  failNextEnd = false;
  /** The streams of the next offer are another UCC's. */
  isTransfer = false;
  readonly #breakage: string | undefined;
  readonly #calls = new Map<string, SimulatedCall>();
  #lastFence = 0;

  constructor(breakage: string | undefined) {
    this.#breakage = breakage;
  }

  /** Whether a frame that comes now would be kept, per stream of the call. */
  keeps(callId: string): boolean[] {
    const call = this.#calls.get(callId);
    if (!call) return [];
    return [...call.streams.values()].map(({ shut, held }) => call.open && !shut && !held);
  }

  /** The call's media thread dies: its gate is shut, and nothing listens any more. */
  workerDied(callId: string): void {
    const call = this.#calls.get(callId);
    if (!call) return;
    call.open = false;
    call.streams.clear();
  }

  /** The thread goes on after a stall: it reads what lay unread, then the aborts. */
  thaw(callId: string): void {
    const call = this.#calls.get(callId);
    if (!call) return;
    let hadUnread = false;
    for (const stream of call.streams.values()) {
      for (const marker of stream.unread.splice(0)) {
        hadUnread = true;
        this.#read(call, stream, marker);
      }
    }
    if (hadUnread && this.#breakage === 'olderAbortShutsNewer') {
      for (const stream of call.streams.values()) stream.shut = true;
    }
  }

  beginCall(callId: string, { open }: GateSetting): void {
    const known = this.#calls.get(callId);
    if (known) known.open = open;
    else this.#calls.set(callId, { open, fence: 0, aborted: new Set(), streams: new Map() });
  }

  async openStreams(callId: string, specs: readonly StreamSpec[]): Promise<OpenedStream[]> {
    const call = this.#call(callId);
    for (const { track, held } of specs) {
      const shut = !call.open;
      call.streams.set(track, { held, shut, unread: [] });
      if (this.#breakage === 'newStreamsOpen' && shut) this.#forceOpen(call, track);
      if (this.#breakage === 'otherUccUnpaused' && this.isTransfer) this.#forceOpen(call, track);
    }
    return specs.map(({ track }) => ({ track, port: 10_000 + 2 * track }));
  }

  async resumeStreams(callId: string, streams: readonly ResumedStream[]): Promise<number[]> {
    const call = this.#call(callId);
    for (const { spec } of streams) {
      call.streams.set(spec.track, { held: spec.held, shut: !call.open, unread: [] });
      if (this.#breakage === 'resumedStreamsOpen') this.#forceOpen(call, spec.track);
    }
    return [];
  }

  async updateStream(): Promise<void> {}

  async shut(callId: string): Promise<FenceReceipt> {
    const call = this.#call(callId);
    if (this.#breakage === 'shutDoesNothing') return this.#receipt();
    call.open = false;
    return this.#fence(call, callId, false);
  }

  async open(callId: string): Promise<FenceReceipt> {
    const call = this.#call(callId);
    call.open = true;
    return this.#fence(call, callId, true);
  }

  async hold(callId: string, tracks: readonly number[], held: boolean): Promise<void> {
    const call = this.#call(callId);
    for (const track of tracks) {
      const stream = call.streams.get(track);
      if (stream) stream.held = held;
      if (this.#breakage === 'holdLiftsAll' && !held) this.#forceOpen(call, track);
    }
  }

  async closeStreams(callId: string, tracks: readonly number[]): Promise<TrackSummary[]> {
    const call = this.#call(callId);
    for (const track of tracks) call.streams.delete(track);
    if (!this.failNextClose) return [];
    this.failNextClose = false;
    throw new Error('the media thread ended');
  }

  async endCall(callId: string): Promise<void> {
    this.#calls.delete(callId);
    if (!this.failNextEnd) return;
    this.failNextEnd = false;
    throw new Error('told to fail');
  }

  shutAll(): void {
    for (const call of this.#calls.values()) call.open = false;
  }

  #call(callId: string): SimulatedCall {
    const call = this.#calls.get(callId);
    if (!call) throw new RangeError('the recorder has no such call');
    return call;
  }

  /** A stream that does not confirm leaves the gate shut, whatever was asked for. */
  #fence(call: SimulatedCall, callId: string, opens: boolean): FenceReceipt {
    this.#lastFence += 1;
    const fence = this.#lastFence;
    call.fence = fence;
    for (const stream of call.streams.values()) stream.unread.push({ fence, opens });
    if (!this.failNextFence) {
      this.thaw(callId);
      return this.#receipt();
    }
    this.failNextFence = false;
    call.open = false;
    call.aborted.add(fence);
    for (const stream of call.streams.values()) stream.shut = true;
    throw new FenceTimeoutError('told to fail');
  }

  #read(call: SimulatedCall, stream: SimulatedStream, { fence, opens }: Marker): void {
    const isStale = fence !== call.fence || call.aborted.has(fence);
    if (!opens) stream.shut = true;
    else if (!isStale) stream.shut = false;
    else if (this.#breakage === 'staleOpenObeyed') {
      stream.shut = false;
      call.open = true;
    }
  }

  #receipt(): FenceReceipt {
    return { effectiveAt: Date.now(), streams: [] };
  }

  #forceOpen(call: SimulatedCall, track: number): void {
    call.open = true;
    const stream = call.streams.get(track);
    if (stream) stream.shut = false;
  }
}
