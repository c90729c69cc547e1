import type { Socket } from 'node:dgram';
import { buildRtp } from '../protocols/rtp/packet.ts';

export interface RtpDestination {
  readonly address: string;
  readonly port: number;
}

export interface RtpStreamOptions {
  /** Its owner closes it, after the stream was removed. Streams may share one. */
  readonly socket: Socket;
  readonly destination: RtpDestination;
  readonly payloadType: number;
  readonly ssrc: number;
  /** Returns the payload of frame `index`, from 0; undefined skips it while timestamps advance. */
  frame(index: number): Uint8Array | undefined;
  /** Default 0. */
  readonly firstSequence?: number;
  /** Default 0. */
  readonly firstTimestamp?: number;
  /** Returns the packet in its protected form. */
  protect?(packet: Buffer): Buffer;
  /** Simulates the network: sends the packet once, later, twice or never; default: once. */
  impair?(packet: Buffer, send: (packet: Buffer) => void): void;
  /** Units of the RTP clock per frame; default 160 (20 ms at 8 kHz). */
  readonly timestampStep?: number;
  /** Called when a frame leaves the device, whatever the network does to it. */
  onFrame?(index: number, times: FrameTimes): void;
  /** `sentAtMs`: Unix time with fraction, taken just before the packet is given to the socket. */
  onSent?(index: number, sequence: number, sentAtMs: number): void;
}

/** Unix ms with fraction. */
export interface FrameTimes {
  readonly sentAtMs: number;
  /** On the sender's regular clock, which a busy machine lags behind. */
  readonly dueAtMs: number;
}

/** A fault of a sender's clock. */
export interface ClockShift {
  /** Units of the RTP clock, from the next frame on; may be negative. */
  readonly timestamp?: number;
  readonly sequence?: number;
}

export interface RtpStreamHandle {
  /** Packets given to the socket so far. */
  readonly sent: number;
  /** Frames that were due so far, sent or silent. */
  readonly frames: number;
  /** While true, timestamps stand still, whether frames are sent or silent. */
  standsStill: boolean;
  /** Changes the destination; packets that an impairment holds go to their frame's original one. */
  retarget(destination: RtpDestination): void;
  shiftClock(shift: ClockShift): void;
  /** Stops sending; only packets on their way still go. May be called twice. */
  remove(): void;
}

export const FRAME_MS = 20;
/** Streams are spread over the 20 ms, so that many of them do not send in one burst. */
export const PHASES = 4;
/** After a longer stall the clock is put back instead: late audio is sent late, not all at once. */
export const MAX_CATCH_UP_MS = 500;

const PHASE_MS = FRAME_MS / PHASES;
const DEFAULT_TIMESTAMP_STEP = 160;

/**
 * Paces RTP streams at 20 ms from one timer. Every step is counted from the timer's start, so that
 * delays do not add up: a late step is made up for at once, within `MAX_CATCH_UP_MS`.
 */
export class RtpSender {
  readonly #phases: Set<PacedStream>[] = Array.from({ length: PHASES }, () => new Set());
  #added = 0;
  #timer: NodeJS.Timeout | undefined;
  #startedAtMs = 0;
  #steps = 0;

  get streamCount(): number {
    return this.#phases.reduce((sum, phase) => sum + phase.size, 0);
  }

  /** Adds a stream, whose first frame is due within 20 ms. */
  add(options: RtpStreamOptions): RtpStreamHandle {
    const phase = this.#phases[this.#added % PHASES] as Set<PacedStream>;
    this.#added += 1;
    const stream = new PacedStream(options, () => {
      phase.delete(stream);
      if (this.streamCount === 0) this.#stopTimer();
    });
    phase.add(stream);
    if (!this.#timer) this.#startTimer();
    return stream;
  }

  /** Removes all streams. May be called twice. */
  close(): void {
    for (const phase of this.#phases) for (const stream of phase) stream.remove();
  }

  #startTimer(): void {
    this.#startedAtMs = performance.now();
    this.#steps = 0;
    this.#schedule();
  }

  #stopTimer(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #schedule(): void {
    const dueAtMs = this.#startedAtMs + (this.#steps + 1) * PHASE_MS;
    const waitMs = Math.max(0, dueAtMs - performance.now());
    this.#timer = setTimeout(() => this.#catchUp(), waitMs);
  }

  /** Stops early if a frame's own code removed the last stream, or stopped and started again. */
  #catchUp(): void {
    const now = performance.now();
    const lateMs = now - this.#startedAtMs - this.#steps * PHASE_MS;
    if (lateMs > MAX_CATCH_UP_MS) this.#startedAtMs += lateMs - MAX_CATCH_UP_MS;
    const due = Math.floor((now - this.#startedAtMs) / PHASE_MS);
    const timer = this.#timer;
    while (this.#steps < due && this.#timer === timer) {
      const phase = this.#phases[this.#steps % PHASES] as Set<PacedStream>;
      this.#steps += 1;
      for (const stream of phase) stream.sendNext(this.#startedAtMs + this.#steps * PHASE_MS);
    }
    if (this.#timer === timer) this.#schedule();
  }
}

class PacedStream implements RtpStreamHandle {
  sent = 0;
  frames = 0;
  standsStill = false;
  readonly #options: RtpStreamOptions;
  readonly #onRemoved: () => void;
  #destination: RtpDestination;
  #talking = false;
  #removed = false;
  #timestampShift = 0;
  #sequenceShift = 0;

  constructor(options: RtpStreamOptions, onRemoved: () => void) {
    this.#options = options;
    this.#destination = options.destination;
    this.#onRemoved = onRemoved;
  }

  retarget(destination: RtpDestination): void {
    this.#destination = destination;
  }

  shiftClock({ timestamp = 0, sequence = 0 }: ClockShift): void {
    this.#timestampShift += timestamp;
    this.#sequenceShift += sequence;
  }

  remove(): void {
    if (this.#removed) return;
    this.#removed = true;
    this.#onRemoved();
  }

  /** `dueAtMs` is on the clock of `performance`. */
  sendNext(dueAtMs: number): void {
    const index = this.frames;
    this.frames += 1;
    const payload = this.#options.frame(index);
    if (payload && !this.#removed) this.#send(index, payload, dueAtMs);
    this.#talking = payload !== undefined;
    if (this.standsStill) this.#timestampShift -= this.#timestampStep;
  }

  get #timestampStep(): number {
    return this.#options.timestampStep ?? DEFAULT_TIMESTAMP_STEP;
  }

  /** Sends a packet; the marker bit begins a talkspurt (RFC 3551 section 4.1). */
  #send(index: number, payload: Uint8Array, dueAtMs: number): void {
    const { socket, payloadType, ssrc, firstSequence = 0, firstTimestamp = 0 } = this.#options;
    const sequence = (firstSequence + this.sent + this.#sequenceShift) & 0xffff;
    const timestamp = firstTimestamp + index * this.#timestampStep + this.#timestampShift;
    const plain = buildRtp(
      { payloadType, marker: !this.#talking, sequence, timestamp: wrapped(timestamp), ssrc },
      payload,
    );
    const packet = this.#options.protect?.(plain) ?? plain;
    this.sent += 1;
    const { address, port } = this.#destination;
    const send = (datagram: Buffer): void => {
      const sentAtMs = performance.timeOrigin + performance.now();
      try {
        socket.send(datagram, port, address, ignoreSendError);
      } catch {
        return; // The socket was closed while the packet was on its way.
      }
      if (datagram === packet) this.#options.onSent?.(index, sequence, sentAtMs);
    };
    const { timeOrigin } = performance;
    const times = { sentAtMs: timeOrigin + performance.now(), dueAtMs: timeOrigin + dueAtMs };
    this.#options.onFrame?.(index, times);
    if (this.#options.impair) this.#options.impair(packet, send);
    else send(packet);
  }
}

/** Wraps a timestamp to 32 bits (RFC 3550 section 5.1). */
function wrapped(timestamp: number): number {
  return ((timestamp % 2 ** 32) + 2 ** 32) % 2 ** 32;
}

/** Ignores send errors: UDP promises nothing, and unheard errors would end the process. */
function ignoreSendError(): void {}
