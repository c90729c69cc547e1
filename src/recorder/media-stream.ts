import type { GapReason } from '../domain/model/gap.ts';
import type { StreamSpec, TrackSummary } from '../domain/ports/recorder.ts';
import { isRtcp } from '../protocols/rtp/rtcp.ts';
import type { TrackClock } from './clock/track-clock.ts';
import { TrackExtent } from './clock/track-extent.ts';
import { DigitEvents } from './dtmf/digit-events.ts';
import { GapHolders } from './fence/gap-holders.ts';
import type { GateTable } from './fence/gate-table.ts';
import { HeldAside } from './fence/held-aside.ts';
import { type Marker, MarkerAction } from './fence/marker.ts';
import { ReleaseGuard } from './fence/release-guard.ts';
import { StreamGate, type Transition } from './fence/stream-gate.ts';
import { RtpIntake } from './intake/rtp-intake.ts';
import type { FormerSource, MediaAddress } from './intake/source-latch.ts';
import type { Confirmation, ResumedTrack } from './messages.ts';
import type { MediaReceiver, MediaSocket } from './receiver/media-receiver.ts';
import type { Frame } from './segment/frame.ts';
import { LastKept } from './segment/last-kept.ts';
import type { SegmentWriter } from './segment/segment-writer.ts';
import { StreamReports } from './stream-reports.ts';
import type { StreamReading } from './stream-stats.ts';

export interface MediaStreamOptions {
  readonly callId: string;
  readonly slot: number;
  readonly gates: GateTable;
  readonly receiver: MediaReceiver;
  readonly maxHeldAsidePackets: number;
  /** The part of a path's delay that cannot be measured: so much more is left out at a release. */
  readonly resumeGuardMs: number;
  readonly clock: TrackClock;
  readonly writer: SegmentWriter;
  readonly resumed: ResumedTrack | undefined;
  /** The last source that sent to this port before. */
  readonly former: FormerSource | undefined;
  /** Monotonic ms, on the clock of all threads. */
  now(): number;
  /** With the first packet. */
  onBegan(startPosition: number, initialReason: GapReason | null): void;
  onConfirmed(confirmation: Confirmation): void;
}

/** The least delay of a stream's first second says where it lies on the call's clock. */
const ANCHOR_MS = 1_000;

/** The first packet behind the guard takes so long at the most, where the client sends. */
const GUARD_SLACK_MS = 150;

/** Time after which a close that was not told what has arrived happens all the same. */
const CLOSE_TIMEOUT_MS = 500;

/** Source address of a packet that no socket delivered. */
const NOWHERE: MediaAddress = { address: '', port: 0 };

/**
 * One stream: its socket, its side of the fence, its track. What lies in the socket's queue is
 * sorted by the markers in it; between a Pause and its marker frames are held aside in memory
 * (docs/decisions/0002). `StreamGate` says what becomes of a frame; this class carries it out.
 */
export class MediaStream {
  readonly #options: MediaStreamOptions;
  readonly #socket: MediaSocket;
  readonly #intake: RtpIntake;
  readonly #reports: StreamReports;
  readonly #digits: DigitEvents;
  readonly #extent = new TrackExtent();
  readonly #aside: HeldAside;
  readonly #release: ReleaseGuard;
  readonly #gate: StreamGate;
  readonly #lastKept = new LastKept();
  readonly #holders: GapHolders;
  readonly #initialReason: GapReason | null;
  #spec: StreamSpec;
  /** Orders to the gate that wait for what arrived before them. */
  readonly #markers = new Map<Marker, () => void>();
  #closed = false;
  #beganAtMs: number | null = null;
  /** Always a double, so that a packet stores it in place; NaN: none came. */
  #lastAudioMs = Number.NaN;

  constructor(spec: StreamSpec, options: MediaStreamOptions) {
    this.#spec = spec;
    this.#options = options;
    const { clock, gates, slot, resumed, former, now, receiver } = options;
    this.#release = new ReleaseGuard(options.resumeGuardMs);
    this.#intake = new RtpIntake(spec.agreed, {
      ...{ clock, clockRate: spec.clockRate, resumed: resumed !== undefined, former },
      openedAtMs: now(),
      onTimeLine: (nowMs) => this.#endTimeLine(nowMs),
      onAudio: (frame) => this.#onAudio(frame),
      onDigits: (frame) => this.#onDigits(frame),
      onSlower: (ms) => this.#release.slower(ms),
      onUncertain: (ms) => this.#release.uncertain(ms),
      cameAfterMs: (readAtMs) => receiver.cameAfterMs(readAtMs),
      isWary: (nowMs) => this.#release.isWary(nowMs),
    });
    this.#digits = new DigitEvents(spec.clockRate);
    this.#aside = new HeldAside(options.maxHeldAsidePackets);
    this.#gate = new StreamGate(gates, slot, spec.held);
    const { reason } = this.#gate;
    this.#holders = new GapHolders(reason);
    const { startPosition = null, mayHaveSentSince = null } = resumed ?? {};
    const isUnknown = startPosition === null && mayHaveSentSince !== null;
    this.#initialReason = reason ?? (isUnknown ? 'restart' : null);
    if (startPosition !== null) this.#extent.resume(startPosition);
    else if (mayHaveSentSince !== null) {
      // Packets before the other process ended are unknown: they are missing from then on.
      clock.touch(mayHaveSentSince);
      this.#extent.resume(clock.positionAt(mayHaveSentSince));
    }
    // Another process knew what was gated, and how late the stream's packets come.
    if (resumed) this.#release.released(now());
    this.#socket = receiver.open('media', (datagram, from, cameAtMs) =>
      this.receive(datagram, cameAtMs, from),
    );
    const { reception, latch } = this.#intake;
    this.#reports = new StreamReports(spec.agreed, {
      ...{ receiver, clock, reception, now, shared: this.#socket },
      hasHeard: (address) => latch.hasHeard(address),
    });
  }

  bind(port: number, onBound: (error?: NodeJS.ErrnoException) => void): void {
    this.#socket.bind(port, (refused) => {
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
    const { lookbackMs = 0, suppressDtmf } = spec;
    this.#options.writer.tighten({ lookbackMs, suppressDtmf });
  }

  /** The last that was heard of its source; undefined where nothing was. */
  get source(): FormerSource | undefined {
    return this.#intake.latch.source;
  }

  /** False while an order is under way that may erase what its writer holds back. */
  get isSettled(): boolean {
    return this.#closed || this.#gate.isSettled;
  }

  /** A fence failed: a stream that has not followed the gate is shut, what is in doubt erased. */
  catchUp(): void {
    if (this.#gate.isBehind) this.#shutInDoubt();
  }

  /** Follows an order to the call's gate behind what has arrived, and confirms it. */
  fence(marker: Marker): void {
    this.#followLater(marker, () => undefined);
  }

  hold(held: boolean, onHeld: () => void): void {
    const action = held ? MarkerAction.Hold : MarkerAction.Release;
    const atMs = this.#options.now();
    const marker = { order: 0, action, reason: held ? 'hold' : 'end', atMs } as const;
    this.#followLater(marker, onHeld);
  }

  #followLater(marker: Marker, onFollowed: () => void): void {
    this.#markers.set(marker, onFollowed);
    this.#socket.afterArrived(() => this.#arrived(marker));
  }

  #arrived(marker: Marker): void {
    const onFollowed = this.#markers.get(marker);
    if (!this.#markers.delete(marker)) return;
    this.#follow(marker);
    onFollowed?.();
  }

  /** @param attended false: no Pause could reach the stream, so that it keeps nothing */
  attend(attended: boolean): void {
    const nowMs = this.#options.now();
    this.#intake.settle(nowMs);
    this.#gate.attend(attended);
    if (attended) this.#reopen(nowMs);
    else this.#stopKeeping('unattended');
    this.#noteReason();
  }

  /** Reads what reached the socket before this call, then ends the track. */
  close(closedBy: 'end' | 'restart', onClosed: (summary: TrackSummary) => void): void {
    let finished = false;
    const finish = (): void => {
      if (finished) return;
      finished = true;
      clearTimeout(timer);
      // Nothing more is read, so what is under way need not wait for it.
      for (const marker of this.#markers.keys()) this.#arrived(marker);
      this.#lookForLostEnd();
      this.#intake.settle(this.#options.now());
      this.#intake.counts.erased += this.#aside.erase();
      this.#stopCounting(this.#options.writer.closeSegment(closedBy));
      this.#reports.close();
      if (!this.#closed) this.#socket.close();
      this.#closed = true;
      onClosed(this.#summary());
    };
    const timer = setTimeout(finish, CLOSE_TIMEOUT_MS);
    this.#socket.afterArrived(finish);
  }

  /** No later packet shows that the last ones were dropped: the socket knows. */
  #lookForLostEnd(): void {
    const { clock, now } = this.#options;
    const before = this.#socket.overflowed;
    if (this.#beganAtMs === null || this.#socket.countOverflowed() === before) return;
    this.#extent.settle(clock.anchor(now()));
    this.#extent.reach(clock.positionAt(now()));
  }

  /** Seals what is due by now, even if no further frame arrives. */
  tick(nowMs: number, chunkMs: number): void {
    const { clock, writer } = this.#options;
    this.#intake.tick(nowMs);
    // A command is on its way that may erase what is held back: it does not age meanwhile.
    if (this.#gate.isSettled) writer.sealOlderThan(nowMs - chunkMs);
    const began = this.#beganAtMs;
    if (began !== null && nowMs - began > ANCHOR_MS) this.#extent.settle(clock.anchor(nowMs));
    this.#reports.tick(nowMs);
  }

  reading(): StreamReading {
    this.#intake.counts.overflowed = this.#socket.overflowed;
    const last = this.#lastAudioMs;
    return {
      slot: this.#options.slot,
      track: this.#spec.track,
      jitterMs: this.#options.clock.jitterMs,
      lastPacketAt: Number.isNaN(last) ? 0 : Date.now() - (this.#options.now() - last),
      packets: this.#intake.counts,
    };
  }

  /** Reads a datagram from the stream's port and erases it from memory unless it is kept. */
  receive(datagram: Buffer, nowMs: number, from?: MediaAddress): void {
    this.#read(datagram, nowMs, from);
    // Frames that wait for a decision are copies.
    if (this.#gate.verdict() !== 'keep') datagram.fill(0);
  }

  #read(datagram: Buffer, nowMs: number, from?: MediaAddress): void {
    if (from && this.#spec.agreed.rtcp.mux && isRtcp(datagram)) {
      this.#reports.receive(datagram, from, nowMs);
      return;
    }
    this.#intake.read(datagram, nowMs, from ?? NOWHERE);
  }

  #onAudio(frame: Readonly<Frame>): void {
    const { clock } = this.#options;
    this.#lastAudioMs = frame.arrivedAtMs;
    if (this.#beganAtMs === null) this.#begin(frame.arrivedAtMs);
    this.#extent.include(frame.position, frame.packet.samples);
    const isLate = !this.#release.passes(frame, clock.soonestMs(frame.position));
    const verdict = isLate ? 'drop' : this.#gate.verdict();
    const mayKeep = verdict === 'keep' || verdict === 'aside';
    if (!mayKeep || this.#lastKept.mayEcho(frame)) {
      if (verdict === 'doubt') this.#shutInDoubt();
      else if (isLate) this.#noteGuarded(frame);
      this.#gated(frame);
    } else if (verdict === 'keep') this.#keep(frame);
    else if (!this.#aside.add(frame)) this.#intake.counts.erased += 1;
  }

  #noteGuarded({ arrivedAtMs }: Readonly<Frame>): void {
    const { clock } = this.#options;
    this.#holders.guarded(clock.positionAt(arrivedAtMs + GUARD_SLACK_MS));
  }

  #gated(frame: Readonly<Frame>): void {
    this.#intake.counts.gated += 1;
    this.#release.gated(frame);
    const { data, start, end } = frame.packet;
    data.fill(0, start, end);
  }

  /** Audio of the same time may be the digit's tone: it goes with the event. */
  #onDigits({ position, packet, ended }: Readonly<Frame>): void {
    const { samples } = packet;
    this.#digits.note(position, samples, ended);
    const verdict = this.#gate.verdict();
    if (verdict === 'keep') this.#leaveOutDigits(position, samples);
    else if (verdict === 'aside') this.#aside.addDigits({ position, samples });
  }

  #leaveOutDigits(position: number, samples: number): void {
    const { writer, now } = this.#options;
    writer.leaveOut('dtmf', position, samples, now());
  }

  #begin(nowMs: number): void {
    this.#beganAtMs = nowMs;
    const startPosition = this.#extent.startPosition ?? this.#options.clock.positionAt(nowMs);
    this.#options.onBegan(startPosition, this.#initialReason);
  }

  #endTimeLine(nowMs: number): number | null {
    const { clock, writer } = this.#options;
    if (this.#beganAtMs !== null) this.#extent.settle(clock.anchor(nowMs));
    this.#releaseAside();
    writer.seal();
    this.#digits.reset();
    this.#release.timeLine();
    this.#lastKept.endTimeLine();
    return writer.keptUpTo;
  }

  #keep(frame: Readonly<Frame>): void {
    const { writer } = this.#options;
    const { position, packet, arrivedAtMs } = frame;
    writer.setCodec(frame.codec);
    if (!this.#lastKept.isUnbroken) this.#holders.cameBack(this.#intake.lost);
    const silence = this.#lastKept.follow(frame);
    if (silence > 0) writer.leaveOut('silence', position - silence, silence, arrivedAtMs);
    if (this.#digits.covers(position, packet.samples)) {
      writer.leaveOut('dtmf', position, packet.samples, arrivedAtMs);
      this.#intake.counts.dtmf += 1;
    } else {
      writer.append(position, packet, frame);
      this.#intake.counts.kept += 1;
    }
  }

  /** The gate changed, and this stream cannot tell on which side its audio lies. */
  #shutInDoubt(): void {
    this.#intake.counts.erased += this.#aside.erase();
    this.#intake.erase();
    if (this.#gate.isShut) return;
    const reason = this.#gate.closingReason;
    if (reason === 'api' || reason === 'lease') this.#erase(Number.NEGATIVE_INFINITY);
    this.#stopKeeping(reason);
    this.#gate.shutInDoubt();
  }

  #follow(marker: Marker): void {
    const transition = this.#gate.transitionOf(marker);
    if (transition === 'none' && marker.order !== 0) return;
    this.#intake.settle(this.#options.now());
    this.#carryOut(transition, marker);
    this.#noteReason();
    if (marker.order !== 0) this.#confirm(marker);
  }

  /** Frames held aside came before the marker; frames read from now on came after it. */
  #carryOut(transition: Transition, marker: Marker): void {
    if (transition === 'shut' || transition === 'hold') {
      this.#releaseAside();
      if (transition === 'shut') this.#erase(marker.atMs);
      this.#stopKeeping(marker.reason);
    } else if (transition === 'reopenFromDoubt') this.#shutInDoubt();
    this.#gate.followed(transition, marker);
    const reopens = ['release', 'reopen', 'reopenFromDoubt'].includes(transition);
    if (reopens) this.#reopen(marker.atMs);
  }

  #confirm({ order, action }: Marker): void {
    const { callId, writer, resumeGuardMs, onConfirmed } = this.#options;
    onConfirmed({
      ...{ callId, order, track: this.#spec.track },
      lastSequence: writer.lastSequence,
      lastPosition: writer.keptUpTo,
      guardMs: action === MarkerAction.Open ? resumeGuardMs : null,
    });
  }

  /** Erases the most recent audio: a late Pause says how late it is. */
  #erase(cutMs: number): void {
    if (cutMs === Number.POSITIVE_INFINITY) return;
    this.#stopCounting(this.#options.writer.erase(cutMs));
  }

  /** Packets that were kept are no longer. */
  #stopCounting(packets: number): void {
    this.#intake.counts.kept -= packets;
    this.#intake.counts.erased += packets;
  }

  #stopKeeping(reason: Parameters<SegmentWriter['closeSegment']>[0]): void {
    this.#stopCounting(this.#options.writer.closeSegment(reason));
    this.#lastKept.break();
  }

  /** From here on what was sent after `askedAtMs` is kept, where nobody else holds. */
  #reopen(askedAtMs: number): void {
    const { clock, now, writer, receiver } = this.#options;
    const nowMs = now();
    this.#lastKept.reopen();
    this.#release.released(askedAtMs);
    const waitedMs = nowMs - receiver.cameAfterMs(nowMs);
    // All that is known of the source was read when the thread came back.
    if (waitedMs > 0 && clock.ageMs(nowMs) <= waitedMs) this.#release.uncertain(waitedMs);
    // A gap is there anyway: what comes next may lie where it belongs at once.
    if (this.#beganAtMs !== null) this.#extent.settle(clock.anchor(nowMs));
    clock.realign(writer.keptUpTo);
  }

  #noteReason(): void {
    const { clock, now, resumeGuardMs } = this.#options;
    const nowMs = now();
    const guardEnd = clock.positionAt(nowMs + resumeGuardMs + GUARD_SLACK_MS);
    const { lost } = this.#intake.counts;
    this.#holders.note(this.#gate.reason, { position: clock.positionAt(nowMs), guardEnd, lost });
  }

  #releaseAside(): void {
    this.#aside.release(
      (frame) => this.#keep(frame),
      ({ position, samples }) => this.#leaveOutDigits(position, samples),
    );
  }

  #summary(): TrackSummary {
    const { clock, now, resumed } = this.#options;
    if (this.#beganAtMs !== null) this.#extent.settle(clock.anchor(now()));
    // Nothing came any more after another process had it: that is missing, up to here.
    else if (resumed) this.#extent.reach(clock.positionAt(now()));
    this.#intake.counts.overflowed = this.#socket.overflowed;
    // Where no stream of the call is known to have sent, the verdict says so: none has a track.
    const isSilentCall = resumed?.startPosition === null && !resumed.hasCallBegun;
    const neverCame = this.#beganAtMs === null && isSilentCall;
    const { startPosition, endPosition } = neverCame ? new TrackExtent() : this.#extent;
    return {
      track: this.#spec.track,
      startPosition,
      endPosition,
      initialReason: this.#initialReason,
      reasonChanges: this.#holders.changes,
      packets: { ...this.#intake.counts },
      clockWrongMs: clock.wrongMs,
    };
  }
}
