import { FenceTimeoutError } from '../../../src/domain/errors.ts';
import type {
  FenceReceipt,
  GateSetting,
  OpenedStream,
  Recorder,
  ResumedStream,
  StreamSpec,
  TrackSummary,
} from '../../../src/domain/ports.ts';

interface SimulatedStream {
  shut: boolean;
  held: boolean;
}

interface SimulatedCall {
  open: boolean;
  readonly streams: Map<number, SimulatedStream>;
}

/** Ways to break the recorder on purpose: the model must notice each of them. */
export type Breakage = 'newStreamsOpen' | 'resumedStreamsOpen' | 'shutDoesNothing' | 'holdLiftsAll';

/** Gates and streams as the real recorder has them, without sockets; fences fail when told to. */
export class SimulatedRecorder implements Recorder {
  readonly available = true;
  readonly commandCameAtMs = 0;
  failNextFence = false;
  readonly #breakage: Breakage | undefined;
  readonly #calls = new Map<string, SimulatedCall>();

  constructor(breakage: Breakage | undefined) {
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

  beginCall(callId: string, { open }: GateSetting): void {
    const known = this.#calls.get(callId);
    if (known) known.open = open;
    else this.#calls.set(callId, { open, streams: new Map() });
  }

  async openStreams(callId: string, specs: readonly StreamSpec[]): Promise<OpenedStream[]> {
    const call = this.#call(callId);
    for (const { track, held } of specs) {
      const shut = !call.open;
      call.streams.set(track, { held, shut });
      if (this.#breakage === 'newStreamsOpen' && shut) this.#forceOpen(call, track);
    }
    return specs.map(({ track }) => ({ track, port: 10_000 + 2 * track }));
  }

  async resumeStreams(callId: string, streams: readonly ResumedStream[]): Promise<number[]> {
    const call = this.#call(callId);
    for (const { spec } of streams) {
      call.streams.set(spec.track, { held: spec.held, shut: !call.open });
      if (this.#breakage === 'resumedStreamsOpen') this.#forceOpen(call, spec.track);
    }
    return [];
  }

  async updateStream(): Promise<void> {}

  async shut(callId: string): Promise<FenceReceipt> {
    const call = this.#call(callId);
    if (this.#breakage === 'shutDoesNothing') return this.#receipt();
    call.open = false;
    for (const stream of call.streams.values()) stream.shut = true;
    return this.#confirm(call);
  }

  async open(callId: string): Promise<FenceReceipt> {
    const call = this.#call(callId);
    call.open = true;
    const receipt = this.#confirm(call);
    for (const stream of call.streams.values()) stream.shut = false;
    return receipt;
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
    return [];
  }

  async endCall(callId: string): Promise<void> {
    this.#calls.delete(callId);
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
  #confirm(call: SimulatedCall): FenceReceipt {
    if (!this.failNextFence) return this.#receipt();
    this.failNextFence = false;
    call.open = false;
    for (const stream of call.streams.values()) stream.shut = true;
    throw new FenceTimeoutError('told to fail');
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
