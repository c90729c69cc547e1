import type { RemoteInfo, Socket } from 'node:dgram';
import type { StreamSpec, TrackSummary } from '../domain/ports.ts';
import type { GapReason, ReasonChange } from '../domain/records.ts';
import { isRtcp } from '../protocols/rtp/rtcp.ts';
import { DigitEvents } from './digit-events.ts';
import { Gate, type GateTable } from './gate-table.ts';
import { HeldAside } from './held-aside.ts';
import { type Marker, MarkerAction, parseMarker } from './marker.ts';
import { bindMediaSocket, openMediaSocket } from './media-socket.ts';
import type { Confirmation, ResumedTrack } from './messages.ts';
import { OwnMarkers } from './own-markers.ts';
import { type Frame, RtpIntake } from './rtp-intake.ts';
import type { SegmentWriter } from './segment-writer.ts';
import { StreamReports } from './stream-reports.ts';
import type { StreamReading } from './stream-stats.ts';
import type { TrackClock } from './track-clock.ts';
import { TrackExtent } from './track-extent.ts';

export interface MediaStreamOptions {
  readonly callId: string;
  readonly slot: number;
  readonly gates: GateTable;
  readonly secret: Buffer;
  readonly host: string;
  readonly maxHeldAsidePackets: number;
  readonly clock: TrackClock;
  readonly writer: SegmentWriter;
  readonly resumed: ResumedTrack | undefined;
  /** Monotonic ms. */
  now(): number;
  /** With the first packet. */
  onBegan(startPosition: number, initialReason: GapReason | null): void;
  onConfirmed(confirmation: Confirmation): void;
}

/** The least delay of a stream's first second says where it lies on the call's clock. */
const ANCHOR_MS = 1_000;

/** Bounds what a client can make a track remember. */
const MAX_REASON_CHANGES = 1_000;

const NONE_KEPT = -1;
/** After a look-back only the position tells what was kept last. */
const UNKNOWN_SEQUENCE = -2;

/** Time after which a close that did not find its own marker in the queue happens all the same. */
const CLOSE_TIMEOUT_MS = 500;

/**
 * One stream: its socket, its side of the fence, its track. What lies in the socket's queue is
 * sorted by the markers in it; between a Pause and its marker frames are held aside in memory
 * (docs/decisions/0002). Longer than other files: the path of a packet is read from top to bottom.
 */
export class MediaStream {
  readonly #options: MediaStreamOptions;
  readonly #socket: Socket;
  readonly #ownMarkers: OwnMarkers;
  readonly #intake: RtpIntake;
  readonly #reports: StreamReports;
  readonly #digits: DigitEvents;
  readonly #extent = new TrackExtent();
  readonly #aside: HeldAside;
  readonly #initialReason: GapReason | null;
  #spec: StreamSpec;
  #shut: boolean;
  /** No packet has come since the stream began to keep again. */
  #reopened = false;
  /** On the call's clock: a packet of Opus before it may echo what was not to be kept. */
  #echoEnd = -Infinity;
  #held: boolean;
  #lastFence = 0;
  #abortedFence = 0;
  #lastKeptSequence = NONE_KEPT;
  #lastKeptEnd = 0;
  #lastKeptSamples = 1;
  /** Set when the time line of the last kept frame is over: the next one begins elsewhere. */
  #lastKeptPosition: number | null = null;
  /** Who held on when, once another had let go or joined. */
  readonly #reasonChanges: ReasonChange[] = [];
  #lastReason: GapReason | null;
  #closed = false;
  #beganAtMs: number | null = null;
  #lastAudioMs: number | null = null;
  /** The last packet was kept: silence behind it is known to be silence. */
  #keeps = false;

  constructor(spec: StreamSpec, options: MediaStreamOptions) {
    this.#spec = spec;
    this.#options = options;
    const { clock } = options;
    const onTimeLine = (nowMs: number): void => this.#endTimeLine(nowMs);
    this.#intake = new RtpIntake(spec.agreed, {
      ...{ clock, onTimeLine, resumed: options.resumed !== undefined },
    });
    this.#digits = new DigitEvents(spec.clockRate);
    this.#aside = new HeldAside(options.maxHeldAsidePackets);
    this.#held = spec.held;
    this.#shut = options.gates.get(options.slot) !== Gate.Open;
    this.#initialReason = this.#reasonNow();
    this.#lastReason = this.#initialReason;
    const startPosition = options.resumed?.startPosition ?? null;
    if (startPosition !== null) this.#extent.resume(startPosition);
    this.#socket = openMediaSocket(options.host);
    this.#ownMarkers = new OwnMarkers(this.#socket, options.secret);
    this.#socket.on('message', (datagram, from) => this.receive(datagram, options.now(), from));
    const { host, now } = options;
    const { reception } = this.#intake;
    this.#reports = new StreamReports(spec.agreed, {
      ...{ host, clock, reception, now, shared: this.#socket },
    });
  }

  bind(port: number, onBound: (error?: NodeJS.ErrnoException) => void): void {
    bindMediaSocket(this.#socket, { host: this.#options.host, port }, (refused) => {
      if (refused) return onBound(refused);
      this.#reports.bind(port + 1, (error) => {
        if (error) this.#socket.close();
        onBound(error);
      });
    });
  }

  update(spec: StreamSpec): void {
    this.#spec = spec;
    this.#intake.agree(spec.agreed, this.#options.now());
    this.#reports.agree(spec.agreed);
  }

  /** Frames that a fence without confirmation left in doubt are erased; the stream stays shut. */
  abort(fenceId: number): void {
    this.#abortedFence = Math.max(this.#abortedFence, fenceId);
    this.#shutInDoubt();
  }

  hold(held: boolean, onHeld: () => void): void {
    const action = held ? MarkerAction.Hold : MarkerAction.Release;
    this.#ownMarkers.send(action, held ? 'hold' : 'end', onHeld);
  }

  /** Reads what reached the socket before this call, then ends the track. */
  close(closedBy: 'end' | 'restart', onClosed: (summary: TrackSummary) => void): void {
    let finished = false;
    const finish = (): void => {
      if (finished) return;
      finished = true;
      clearTimeout(timer);
      this.#intake.counts.erased += this.#aside.erase();
      this.#options.writer.closeSegment(closedBy);
      this.#ownMarkers.close();
      this.#reports.close();
      if (!this.#closed) this.#socket.close();
      this.#closed = true;
      this.#options.writer.whenIdle(() => onClosed(this.#summary()));
    };
    const timer = setTimeout(finish, CLOSE_TIMEOUT_MS);
    this.#ownMarkers.send(MarkerAction.Close, 'end', finish);
  }

  /** What is due by now is sealed, frames to come or not. */
  tick(nowMs: number, chunkMs: number): void {
    const { clock, gates, slot, writer } = this.#options;
    // A command is on its way that may erase what is held back: it does not age meanwhile.
    if (this.#shut || gates.get(slot) === Gate.Open) writer.sealOlderThan(nowMs - chunkMs);
    const began = this.#beganAtMs;
    if (began !== null && nowMs - began > ANCHOR_MS) this.#extent.settle(clock.anchor(nowMs));
    this.#reports.tick(nowMs);
  }

  reading(): StreamReading {
    const last = this.#lastAudioMs;
    return {
      slot: this.#options.slot,
      track: this.#spec.track,
      jitterMs: this.#options.clock.jitterMs,
      lastPacketAt: last === null ? 0 : performance.timeOrigin + last,
      packets: this.#intake.counts,
    };
  }

  /** What came at the stream's port. */
  receive(datagram: Buffer, nowMs: number, from?: RemoteInfo): void {
    if (((datagram[0] ?? 0) & 0xc0) === 0x40) {
      const marker = parseMarker(this.#options.secret, datagram);
      if (marker) {
        this.#onMarker(marker);
        return;
      }
    }
    if (from && this.#spec.agreed.rtcp.mux && isRtcp(datagram)) {
      this.#reports.receive(datagram, from);
      return;
    }
    const arrival = this.#intake.read(datagram, nowMs);
    if (arrival === 'audio') this.#onAudio(this.#intake.frame, nowMs);
    else if (arrival === 'digits') this.#onDigits(this.#intake.frame, nowMs);
  }

  #onAudio(frame: Readonly<Frame>, nowMs: number): void {
    const { gates, slot } = this.#options;
    this.#lastAudioMs = nowMs;
    if (this.#beganAtMs === null) this.#begin(nowMs);
    this.#extent.include(frame.position, frame.packet.samples);
    if (this.#shut || this.#held) {
      this.#intake.counts.gated += 1;
      return;
    }
    if (frame.codec === 'OPUS' && this.#mayEcho(frame)) {
      this.#intake.counts.gated += 1;
      return;
    }
    const gate = gates.get(slot);
    if (gate === Gate.Open) this.#keep(frame, nowMs);
    else if (gate === Gate.Shut) this.#foundShut();
    else if (!this.#aside.add(frame)) this.#intake.counts.erased += 1;
  }

  /**
   * A packet of Opus may carry a coarse copy of the one before it (RFC 6716 section 2.1.7), which
   * was not to be kept, had it come or not: the first one is left out, and what it overtook.
   */
  #mayEcho({ position, packet }: Readonly<Frame>): boolean {
    if (this.#reopened) this.#echoEnd = position + packet.samples;
    this.#reopened = false;
    return position < this.#echoEnd;
  }

  /** Audio of the same time may be the digit's tone: it goes with the event. */
  #onDigits({ position, packet, ended }: Readonly<Frame>, nowMs: number): void {
    const { gates, slot, writer } = this.#options;
    this.#digits.note(position, packet.samples, ended);
    const keeps = !this.#shut && !this.#held && gates.get(slot) === Gate.Open;
    if (keeps) writer.leaveOut('dtmf', position, packet.samples, nowMs);
  }

  #begin(nowMs: number): void {
    this.#beganAtMs = nowMs;
    this.#options.onBegan(this.#options.clock.positionAt(nowMs), this.#initialReason);
  }

  #endTimeLine(nowMs: number): void {
    const { clock, writer } = this.#options;
    if (this.#beganAtMs !== null) this.#extent.settle(clock.anchor(nowMs));
    this.#releaseAside();
    this.#lastKeptPosition = this.#keptUpTo();
    writer.seal();
    this.#digits.reset();
    this.#echoEnd = -Infinity;
    this.#keeps = false;
  }

  #keep(frame: Readonly<Frame>, nowMs: number): void {
    const { writer } = this.#options;
    const { position, packet, silentFor, sequence } = frame;
    writer.setCodec(frame.codec);
    if (silentFor > 0 && this.#keeps) {
      writer.leaveOut('silence', position - silentFor, silentFor, nowMs);
    }
    if (this.#digits.covers(position, packet.samples)) {
      writer.leaveOut('dtmf', position, packet.samples, nowMs);
      this.#intake.counts.dtmf += 1;
    } else {
      writer.append(position, packet, nowMs);
      this.#intake.counts.kept += 1;
      this.#lastKeptSequence = sequence;
      this.#lastKeptSamples = packet.samples;
      this.#lastKeptEnd = position + packet.samples;
      this.#lastKeptPosition = null;
    }
    this.#keeps = true;
  }

  /** The gate was shut without this stream's confirmation. */
  #foundShut(): void {
    this.#intake.counts.gated += 1;
    this.#shutInDoubt();
  }

  #shutInDoubt(): void {
    this.#intake.counts.erased += this.#aside.erase();
    const reason = this.#options.gates.reason(this.#options.slot);
    if (reason === 'api' || reason === 'lease') this.#options.writer.erase(-Infinity);
    this.#options.writer.closeSegment(reason);
    this.#shut = true;
    this.#keeps = false;
  }

  #onMarker(marker: Marker): void {
    if (marker.fenceId === 0) {
      this.#onOwnMarker(marker);
      return;
    }
    if (marker.fenceId <= this.#lastFence || marker.fenceId <= this.#abortedFence) return;
    this.#lastFence = marker.fenceId;
    if (marker.action === MarkerAction.Open) {
      this.#reopened ||= this.#shut;
      this.#shut = false;
    } else this.#shutBehindMarker(marker);
    this.#noteReason();
    this.#options.onConfirmed({
      callId: this.#options.callId,
      fenceId: marker.fenceId,
      track: this.#spec.track,
      lastSequence: this.#lastKeptSequence < 0 ? null : this.#lastKeptSequence,
      lastPosition: this.#keptUpTo(),
    });
  }

  /** The end of the last frame that was kept, on the call's clock. */
  #keptUpTo(): number | null {
    if (this.#lastKeptSequence === NONE_KEPT) return null;
    const { clock, now } = this.#options;
    return this.#lastKeptPosition ?? this.#lastKeptEnd + clock.anchor(now());
  }

  /** What was held aside came before the marker; what comes now came after it. */
  #shutBehindMarker({ reason, lookbackMs }: Marker): void {
    this.#releaseAside();
    if (lookbackMs > 0) this.#eraseLast(lookbackMs);
    this.#options.writer.closeSegment(reason);
    this.#shut = true;
    this.#keeps = false;
  }

  /** Of what was kept, the youngest is erased: whoever pauses late says how late. */
  #eraseLast(lookbackMs: number): void {
    const { clock, writer } = this.#options;
    const cut = clock.positionAt(this.#options.now() - lookbackMs);
    const keptUpTo = this.#keptUpTo();
    const erased = writer.erase(cut);
    if (erased === 0 || keptUpTo === null) return;
    const packets = Math.min(this.#intake.counts.kept, Math.ceil(erased / this.#lastKeptSamples));
    this.#intake.counts.kept -= packets;
    this.#intake.counts.erased += packets;
    this.#lastKeptPosition = Math.min(keptUpTo, cut);
    this.#lastKeptSequence = UNKNOWN_SEQUENCE;
  }

  #onOwnMarker({ action, reason }: Marker): void {
    if (action === MarkerAction.Hold) {
      this.#releaseAside();
      this.#options.writer.closeSegment(reason);
      this.#held = true;
      this.#keeps = false;
    } else if (action === MarkerAction.Release) {
      this.#reopened ||= this.#held;
      this.#held = false;
    }
    this.#noteReason();
    this.#ownMarkers.read(action);
  }

  /** A gap may change hands: pause and hold come and go by themselves. */
  #noteReason(): void {
    const reason = this.#reasonNow();
    const changesHands =
      reason !== null && this.#lastReason !== null && reason !== this.#lastReason;
    if (changesHands && this.#reasonChanges.length < MAX_REASON_CHANGES) {
      const position = this.#options.clock.positionAt(this.#options.now());
      this.#reasonChanges.push({ position, reason });
    }
    this.#lastReason = reason;
  }

  #releaseAside(): void {
    const nowMs = this.#options.now();
    this.#aside.release((frame) => this.#keep(frame, nowMs));
  }

  #reasonNow(): GapReason | null {
    if (this.#held && !this.#shut) return 'hold';
    const reason = this.#options.gates.reason(this.#options.slot);
    return this.#shut && reason !== 'end' ? reason : null;
  }

  #summary(): TrackSummary {
    const { clock, now } = this.#options;
    if (this.#beganAtMs !== null) this.#extent.settle(clock.anchor(now()));
    return {
      track: this.#spec.track,
      startPosition: this.#extent.startPosition,
      endPosition: this.#extent.endPosition,
      initialReason: this.#initialReason,
      reasonChanges: this.#reasonChanges,
      packets: { ...this.#intake.counts },
    };
  }
}
