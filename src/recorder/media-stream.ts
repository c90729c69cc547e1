import type { RemoteInfo, Socket } from 'node:dgram';
import type { GapReason, ReasonChange } from '../domain/model/gap.ts';
import type { StreamSpec, TrackSummary } from '../domain/ports/recorder.ts';
import { isRtcp } from '../protocols/rtp/rtcp.ts';
import type { TrackClock } from './clock/track-clock.ts';
import { TrackExtent } from './clock/track-extent.ts';
import { DigitEvents } from './dtmf/digit-events.ts';
import { Gate, type GateTable, gateOf, orderOf } from './fence/gate-table.ts';
import { HeldAside } from './fence/held-aside.ts';
import { type Marker, MarkerAction, parseMarker } from './fence/marker.ts';
import { OwnMarkers } from './fence/own-markers.ts';
import { ReleaseGuard } from './fence/release-guard.ts';
import { bindMediaSocket, openMediaSocket } from './intake/media-socket.ts';
import { RtpIntake } from './intake/rtp-intake.ts';
import type { FormerSource, MediaAddress } from './intake/source-latch.ts';
import type { Confirmation, ResumedTrack } from './messages.ts';
import type { Frame } from './segment/frame.ts';
import type { SegmentWriter } from './segment/segment-writer.ts';
import { StreamReports } from './stream-reports.ts';
import type { StreamReading } from './stream-stats.ts';

export interface MediaStreamOptions {
  readonly callId: string;
  readonly slot: number;
  readonly gates: GateTable;
  readonly secret: Buffer;
  readonly host: string;
  readonly maxHeldAsidePackets: number;
  /** The part of a path's delay that cannot be measured: so much more is left out at a release. */
  readonly resumeGuardMs: number;
  readonly clock: TrackClock;
  readonly writer: SegmentWriter;
  readonly resumed: ResumedTrack | undefined;
  /** Who sent to this port before. */
  readonly former: FormerSource | undefined;
  /** Monotonic ms, on the clock of all threads. */
  now(): number;
  /** What was read at that moment did not come earlier than this (`Pulse`). */
  cameAfterMs(readAtMs: number): number;
  /** Before each datagram is read. */
  onDatagram(nowMs: number): void;
  /** With the first packet. */
  onBegan(startPosition: number, initialReason: GapReason | null): void;
  onConfirmed(confirmation: Confirmation): void;
}

/** The least delay of a stream's first second says where it lies on the call's clock. */
const ANCHOR_MS = 1_000;

/** The first packet behind the guard takes so long at the most, where the client sends. */
const GUARD_SLACK_MS = 150;

/** A stream that changes hands more often than this tells no more. */
const MAX_REASON_CHANGES = 1_000;

/** Time after which a close that did not find its own marker in the queue happens all the same. */
const CLOSE_TIMEOUT_MS = 500;

/** Where a packet comes from that no socket brought. */
const NOWHERE: MediaAddress = { address: '', port: 0 };

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
  readonly #release: ReleaseGuard;
  readonly #initialReason: GapReason | null;
  #spec: StreamSpec;
  #shut: boolean;
  /** The gate's order that this stream has followed; another one's marker is still to be read. */
  #order: number;
  #held: boolean;
  /** Nobody hears commands: no Pause could reach the stream. */
  #unattended = false;
  /** No packet has come since the stream began to keep again. */
  #reopened = false;
  /** On the call's clock: a packet of Opus before it may echo what was not to be kept. */
  #echoEnd = Number.NEGATIVE_INFINITY;
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
    const { clock, gates, slot, resumed, former, now, host } = options;
    this.#release = new ReleaseGuard(options.resumeGuardMs);
    this.#intake = new RtpIntake(spec.agreed, {
      ...{ clock, clockRate: spec.clockRate, resumed: resumed !== undefined, former },
      openedAtMs: now(),
      onTimeLine: (nowMs) => this.#endTimeLine(nowMs),
      onAudio: (frame) => this.#onAudio(frame),
      onDigits: (frame) => this.#onDigits(frame),
      onSlower: (ms) => this.#release.slower(ms),
      onUncertain: (ms) => this.#release.uncertain(ms),
      cameAfterMs: (readAtMs) => options.cameAfterMs(readAtMs),
      isWary: (nowMs) => this.#release.isWary(nowMs),
    });
    this.#digits = new DigitEvents(spec.clockRate);
    this.#aside = new HeldAside(options.maxHeldAsidePackets);
    this.#held = spec.held;
    const word = gates.word(slot);
    this.#order = orderOf(word);
    this.#shut = gateOf(word) !== Gate.Open;
    this.#lastReason = this.#reasonNow();
    const isUnknown = resumed?.startPosition === null;
    this.#initialReason = this.#lastReason ?? (isUnknown ? 'restart' : null);
    if (resumed) {
      // What came before the other process ended, nobody knows: it is missing from the opening on.
      clock.touch(resumed.openedMs);
      this.#extent.resume(resumed.startPosition ?? clock.positionAt(resumed.openedMs));
    }
    // Another process knew what was gated, and how late the stream's packets come.
    if (resumed) this.#release.released(now());
    this.#socket = openMediaSocket(host);
    this.#ownMarkers = new OwnMarkers(this.#socket, options.secret);
    this.#socket.on('message', (datagram, from) => {
      const nowMs = now();
      options.onDatagram(nowMs);
      this.receive(datagram, nowMs, from);
    });
    const { reception, latch } = this.#intake;
    this.#reports = new StreamReports(spec.agreed, {
      ...{ host, clock, reception, now, shared: this.#socket },
      hasHeard: (address) => latch.hasHeard(address),
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
    const { lookbackMs = 0, suppressDtmf } = spec;
    this.#options.writer.tighten({ lookbackMs, suppressDtmf });
  }

  /** The last that was heard of its source; undefined where nothing was. */
  get source(): FormerSource | undefined {
    return this.#intake.latch.source;
  }

  /** A fence failed: a stream that has not followed the gate is shut, what is in doubt erased. */
  catchUp(): void {
    const word = this.#options.gates.word(this.#options.slot);
    if (orderOf(word) !== this.#order && gateOf(word) !== Gate.Closing) this.#shutInDoubt();
  }

  hold(held: boolean, onHeld: () => void): void {
    const action = held ? MarkerAction.Hold : MarkerAction.Release;
    const atMs = this.#options.now();
    this.#ownMarkers.send({ action, reason: held ? 'hold' : 'end', atMs }, onHeld);
  }

  /** @param attended false: no Pause could reach the stream, so that it keeps nothing */
  attend(attended: boolean): void {
    const nowMs = this.#options.now();
    this.#intake.settle(nowMs);
    this.#unattended = !attended;
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
      this.#intake.settle(this.#options.now());
      this.#intake.counts.erased += this.#aside.erase();
      this.#options.writer.closeSegment(closedBy);
      this.#ownMarkers.close();
      this.#reports.close();
      if (!this.#closed) this.#socket.close();
      this.#closed = true;
      onClosed(this.#summary());
    };
    const timer = setTimeout(finish, CLOSE_TIMEOUT_MS);
    this.#ownMarkers.send({ action: MarkerAction.Close, reason: 'end', atMs: 0 }, finish);
  }

  /** What is due by now is sealed, frames to come or not. */
  tick(nowMs: number, chunkMs: number): void {
    const { clock, gates, slot, writer } = this.#options;
    this.#intake.tick(nowMs);
    // A command is on its way that may erase what is held back: it does not age meanwhile.
    const isSettled = this.#shut || gates.order(slot) === this.#order;
    if (isSettled) writer.sealOlderThan(nowMs - chunkMs);
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
      lastPacketAt: last === null ? 0 : Date.now() - (this.#options.now() - last),
      packets: this.#intake.counts,
    };
  }

  /** What came at the stream's port. Nothing stays in memory of what is not to be kept. */
  receive(datagram: Buffer, nowMs: number, from?: RemoteInfo): void {
    this.#read(datagram, nowMs, from);
    // What still waits for a decision is a copy.
    if (!this.#isOpen()) datagram.fill(0);
  }

  /** Every order to the gate has been read, and nobody holds it shut. */
  #isOpen(): boolean {
    const { gates, slot } = this.#options;
    if (this.#shut || this.#held || this.#unattended) return false;
    return orderOf(gates.word(slot)) === this.#order;
  }

  #read(datagram: Buffer, nowMs: number, from?: RemoteInfo): void {
    if (((datagram[0] ?? 0) & 0xc0) === 0x40) {
      const marker = parseMarker(this.#options.secret, datagram);
      if (marker) {
        this.#onMarker(marker, nowMs);
        return;
      }
    }
    if (from && this.#spec.agreed.rtcp.mux && isRtcp(datagram)) {
      this.#reports.receive(datagram, from);
      return;
    }
    this.#intake.read(datagram, nowMs, from ?? NOWHERE);
  }

  #onAudio(frame: Readonly<Frame>): void {
    const { gates, slot, clock } = this.#options;
    this.#lastAudioMs = frame.arrivedAtMs;
    if (this.#beganAtMs === null) this.#begin(frame.arrivedAtMs);
    this.#extent.include(frame.position, frame.packet.samples);
    const word = gates.word(slot);
    const isLate = !this.#release.passes(frame, clock.soonestMs(frame.position));
    if (this.#shut || this.#held || this.#unattended || isLate) this.#gated(frame);
    else if (orderOf(word) !== this.#order) this.#betweenOrders(frame, gateOf(word));
    else if (frame.codec === 'OPUS' && this.#mayEcho(frame)) this.#gated(frame);
    else this.#keep(frame);
  }

  /** An order has been given whose marker this stream has not read yet. */
  #betweenOrders(frame: Readonly<Frame>, gate: Gate): void {
    if (gate !== Gate.Closing) {
      this.#shutInDoubt();
      this.#gated(frame);
    } else if (!this.#aside.add(frame)) this.#intake.counts.erased += 1;
  }

  #gated(frame: Readonly<Frame>): void {
    this.#intake.counts.gated += 1;
    this.#release.gated(frame);
    const { data, start, end } = frame.packet;
    data.fill(0, start, end);
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
  #onDigits({ position, packet, ended }: Readonly<Frame>): void {
    const { gates, slot, writer, now } = this.#options;
    this.#digits.note(position, packet.samples, ended);
    const isOpen = !this.#shut && !this.#held && !this.#unattended;
    const keeps = isOpen && gates.get(slot) === Gate.Open && gates.order(slot) === this.#order;
    if (keeps) writer.leaveOut('dtmf', position, packet.samples, now());
  }

  #begin(nowMs: number): void {
    this.#beganAtMs = nowMs;
    const startPosition = this.#extent.startPosition ?? this.#options.clock.positionAt(nowMs);
    this.#options.onBegan(startPosition, this.#initialReason);
  }

  #endTimeLine(nowMs: number): void {
    const { clock, writer } = this.#options;
    if (this.#beganAtMs !== null) this.#extent.settle(clock.anchor(nowMs));
    this.#releaseAside();
    writer.seal();
    this.#digits.reset();
    this.#release.timeLine();
    this.#echoEnd = Number.NEGATIVE_INFINITY;
    this.#keeps = false;
  }

  #keep(frame: Readonly<Frame>): void {
    const { writer } = this.#options;
    const { position, packet, silentFor, arrivedAtMs } = frame;
    writer.setCodec(frame.codec);
    if (silentFor > 0 && this.#keeps) {
      writer.leaveOut('silence', position - silentFor, silentFor, arrivedAtMs);
    }
    if (this.#digits.covers(position, packet.samples)) {
      writer.leaveOut('dtmf', position, packet.samples, arrivedAtMs);
      this.#intake.counts.dtmf += 1;
    } else {
      writer.append(position, packet, frame);
      this.#intake.counts.kept += 1;
    }
    this.#keeps = true;
  }

  /** The gate changed, and this stream cannot tell on which side its audio lies. */
  #shutInDoubt(): void {
    this.#intake.counts.erased += this.#aside.erase();
    this.#intake.erase();
    if (this.#shut) return;
    const reason = this.#options.gates.reason(this.#options.slot);
    if (reason === 'api' || reason === 'lease') this.#erase(Number.NEGATIVE_INFINITY);
    this.#stopKeeping(reason);
    this.#shut = true;
  }

  #onMarker(marker: Marker, nowMs: number): void {
    if (marker.order === 0) {
      this.#onOwnMarker(marker, nowMs);
      return;
    }
    const word = this.#options.gates.word(this.#options.slot);
    const gate = gateOf(word);
    // An order that another one has followed since, or that was read already.
    if (marker.order !== orderOf(word) || marker.order === this.#order) return;
    if ((marker.action === MarkerAction.Open) !== (gate === Gate.Open)) return;
    this.#intake.settle(nowMs);
    if (marker.action === MarkerAction.Open) {
      if (!this.#shut) this.#shutInDoubt();
      this.#shut = false;
      this.#reopen(marker.atMs);
    } else this.#shutBehindMarker(marker);
    this.#order = marker.order;
    this.#noteReason();
    this.#confirm(marker);
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

  /** What was held aside came before the marker; what comes now came after it. */
  #shutBehindMarker({ reason, atMs }: Marker): void {
    this.#releaseAside();
    this.#erase(atMs);
    this.#stopKeeping(reason);
    this.#shut = true;
  }

  /** Of what was kept, the youngest is erased: whoever pauses late says how late. */
  #erase(cutMs: number): void {
    if (cutMs === Number.POSITIVE_INFINITY) return;
    const packets = this.#options.writer.erase(cutMs);
    this.#intake.counts.kept -= packets;
    this.#intake.counts.erased += packets;
  }

  #stopKeeping(reason: Parameters<SegmentWriter['closeSegment']>[0]): void {
    this.#options.writer.closeSegment(reason);
    this.#keeps = false;
  }

  /** From here on what was sent after `askedAtMs` is kept, where nobody else holds. */
  #reopen(askedAtMs: number): void {
    const { clock, now, writer, cameAfterMs } = this.#options;
    const nowMs = now();
    this.#reopened = true;
    this.#release.released(askedAtMs);
    const waitedMs = nowMs - cameAfterMs(nowMs);
    // All that is known of the source was read when the thread came back.
    if (waitedMs > 0 && clock.ageMs(nowMs) <= waitedMs) this.#release.uncertain(waitedMs);
    // A gap is there anyway: what comes next may lie where it belongs at once.
    if (this.#beganAtMs !== null) this.#extent.settle(clock.anchor(nowMs));
    clock.realign(writer.keptUpTo);
  }

  #onOwnMarker({ action, reason, atMs }: Marker, nowMs: number): void {
    this.#intake.settle(nowMs);
    if (action === MarkerAction.Hold) {
      this.#releaseAside();
      this.#stopKeeping(reason);
      this.#held = true;
    } else if (action === MarkerAction.Release && this.#held) {
      this.#held = false;
      this.#reopen(atMs);
    }
    this.#noteReason();
    this.#ownMarkers.read(action);
  }

  /** A gap may change hands: pause and hold come and go by themselves. */
  #noteReason(): void {
    const reason = this.#reasonNow();
    const { clock, now, resumeGuardMs } = this.#options;
    if (this.#lastReason !== null && reason !== this.#lastReason) {
      const nowMs = now();
      // Nobody holds any more: what is missing now the guard leaves out, and then nothing came.
      this.#changeReason(clock.positionAt(nowMs), reason ?? 'guard');
      const guardedMs = resumeGuardMs + GUARD_SLACK_MS;
      if (reason === null) this.#changeReason(clock.positionAt(nowMs + guardedMs), 'silence');
    }
    this.#lastReason = reason;
  }

  #changeReason(position: number, reason: GapReason): void {
    const changes = this.#reasonChanges;
    while ((changes.at(-1)?.position ?? Number.NEGATIVE_INFINITY) >= position) changes.pop();
    if (changes.length < MAX_REASON_CHANGES) changes.push({ position, reason });
  }

  #releaseAside(): void {
    this.#aside.release((frame) => this.#keep(frame));
  }

  #reasonNow(): GapReason | null {
    if (this.#shut) {
      const reason = this.#options.gates.reason(this.#options.slot);
      return reason === 'end' ? null : reason;
    }
    if (this.#unattended) return 'unattended';
    return this.#held ? 'hold' : null;
  }

  #summary(): TrackSummary {
    const { clock, now, resumed } = this.#options;
    if (this.#beganAtMs !== null) this.#extent.settle(clock.anchor(now()));
    // Nothing came any more after another process had it: that is missing, up to here.
    else if (resumed) this.#extent.reach(clock.positionAt(now()));
    const neverCame = this.#beganAtMs === null && resumed?.startPosition === null;
    const { startPosition, endPosition } = neverCame ? new TrackExtent() : this.#extent;
    return {
      track: this.#spec.track,
      startPosition,
      endPosition,
      initialReason: this.#initialReason,
      reasonChanges: this.#reasonChanges,
      packets: { ...this.#intake.counts },
      clockWrongMs: clock.wrongMs,
    };
  }
}
