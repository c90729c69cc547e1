import { createSocket, type Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import type { StreamSpec, StreamStats, TrackSummary } from '../domain/ports.ts';
import type { Codec, GapReason, ReasonChange } from '../domain/records.ts';
import { emptyRtpPacket, parseRtp, type RtpPacket } from '../protocols/rtp/packet.ts';
import { Gate, type GateTable } from './gate-table.ts';
import { HeldAside } from './held-aside.ts';
import { type Marker, MarkerAction, parseMarker } from './marker.ts';
import type { Confirmation, ResumedTrack } from './messages.ts';
import { OwnMarkers } from './own-markers.ts';
import { type AudioBytes, MAX_PAYLOAD_BYTES, type SegmentWriter } from './segment-writer.ts';
import { SequenceWindow } from './sequence-window.ts';
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
  /** With the first packet. */
  onBegan(startPosition: number, initialReason: GapReason | null): void;
  onConfirmed(confirmation: Confirmation): void;
}

/** One thread reads one packet at a time: they share the parsed view. */
const packet: RtpPacket = emptyRtpPacket();
/** And the place of its audio: the path of a packet allocates nothing. */
const packetAudio: AudioBytes = { data: Buffer.alloc(0), start: 0, end: 0 };

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
  readonly #sequences = new SequenceWindow();
  readonly #extent = new TrackExtent();
  readonly #aside: HeldAside;
  /**
   * Payload types agreed on so far: after a change both come for a while (RFC 3264 section 8.3.2).
   */
  readonly #codecs = new Map<number, Codec>();
  readonly #initialReason: GapReason | null;
  #spec: StreamSpec;
  #shut: boolean;
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
  #began = false;
  #lastAudioMs: number | null = null;
  readonly #counts = {
    received: 0,
    kept: 0,
    gated: 0,
    duplicate: 0,
    dtmf: 0,
    comfortNoise: 0,
    lost: 0,
    reordered: 0,
    unauthenticated: 0,
    unusable: 0,
    erased: 0,
  };

  constructor(spec: StreamSpec, options: MediaStreamOptions) {
    this.#spec = spec;
    this.#agree(spec);
    this.#options = options;
    this.#aside = new HeldAside(options.maxHeldAsidePackets);
    this.#held = spec.held;
    this.#shut = options.gates.get(options.slot) !== Gate.Open;
    this.#initialReason = this.#reasonNow();
    this.#lastReason = this.#initialReason;
    const startPosition = options.resumed?.startPosition ?? null;
    if (startPosition !== null) this.#extent.resume(startPosition);
    this.#socket = createSocket({
      type: isIPv6(options.host) ? 'udp6' : 'udp4',
      // Only literal addresses are sent to: no datagram waits for a resolver.
      lookup: (hostname, _, callback) => callback(null, hostname, isIPv6(hostname) ? 6 : 4),
    });
    this.#ownMarkers = new OwnMarkers(this.#socket, options.secret);
    this.#socket.on('message', (datagram) => this.#onDatagram(datagram));
  }

  bind(port: number, onBound: (error?: NodeJS.ErrnoException) => void): void {
    this.#socket.once('error', onBound);
    this.#socket.bind({ port, address: this.#options.host, exclusive: true }, () => {
      this.#socket.removeListener('error', onBound);
      // A socket that fails later (ICMP errors) says so by silence, which the summary shows.
      this.#socket.on('error', () => {});
      onBound();
    });
  }

  update(spec: StreamSpec): void {
    this.#spec = spec;
    this.#agree(spec);
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
      this.#counts.erased += this.#aside.erase();
      this.#options.writer.closeSegment(closedBy);
      this.#ownMarkers.close();
      if (!this.#closed) this.#socket.close();
      this.#closed = true;
      this.#options.writer.whenIdle(() => onClosed(this.#summary()));
    };
    const timer = setTimeout(finish, CLOSE_TIMEOUT_MS);
    this.#ownMarkers.send(MarkerAction.Close, 'end', finish);
  }

  /** A chunk that began before `ms` is sealed, frames to come or not. */
  sealOlderThan(ms: number): void {
    const { gates, slot, writer } = this.#options;
    // A command is on its way that may erase what is held back: it does not age meanwhile.
    if (this.#shut || gates.get(slot) === Gate.Open) writer.seal(ms);
  }

  stats(): StreamStats {
    const last = this.#lastAudioMs;
    return {
      callId: this.#options.callId,
      track: this.#spec.track,
      packets: { ...this.#counts },
      jitterMs: 0,
      lastPacketAt: last === null ? null : Math.round(performance.timeOrigin + last),
    };
  }

  #onDatagram(datagram: Buffer): void {
    if (((datagram[0] ?? 0) & 0xc0) === 0x40) {
      const marker = parseMarker(this.#options.secret, datagram);
      if (marker) {
        this.#onMarker(marker);
        return;
      }
    }
    this.#counts.received += 1;
    const codec = this.#codecOf(datagram);
    if (codec !== undefined) this.#onAudio(datagram, codec, performance.now());
  }

  /** undefined for what is no audio of this stream: it is counted, and dropped. */
  #codecOf(datagram: Buffer): Codec | undefined {
    const counts = this.#counts;
    if (!parseRtp(datagram, packet)) {
      counts.unusable += 1;
      return undefined;
    }
    const bytes = packet.payloadEnd - packet.payloadStart;
    const codec = this.#codecs.get(packet.payloadType);
    if (codec !== undefined && bytes > 0 && bytes <= MAX_PAYLOAD_BYTES) return codec;
    if (packet.payloadType === this.#spec.agreed.dtmfPayloadType) counts.dtmf += 1;
    else counts.unusable += 1;
    return undefined;
  }

  #onAudio(datagram: Buffer, codec: Codec, nowMs: number): void {
    const { clock, gates, slot } = this.#options;
    if (clock.breaks(packet, nowMs)) this.#beginTimeLine();
    if (!this.#sequences.accept(packet.sequence)) {
      this.#counts.duplicate += 1;
      return;
    }
    this.#lastAudioMs = nowMs;
    const position = clock.relative(packet, nowMs);
    if (!this.#began) this.#begin(nowMs);
    this.#extent.include(position, packet.payloadEnd - packet.payloadStart);
    if (this.#shut || this.#held) {
      this.#counts.gated += 1;
      return;
    }
    const gate = gates.get(slot);
    if (gate === Gate.Open) {
      this.#options.writer.setCodec(codec);
      this.#keep(position, audioOf(datagram), nowMs);
      this.#lastKeptSequence = packet.sequence;
    } else if (gate === Gate.Shut) {
      this.#foundShut();
    } else {
      const { sequence, payloadStart, payloadEnd } = packet;
      const audio = datagram.subarray(payloadStart, payloadEnd);
      if (!this.#aside.add({ position, sequence, codec, audio })) this.#counts.erased += 1;
    }
  }

  #begin(nowMs: number): void {
    this.#began = true;
    this.#options.onBegan(this.#options.clock.positionAt(nowMs), this.#initialReason);
  }

  #beginTimeLine(): void {
    this.#extent.settle(() => this.#options.clock.anchor());
    this.#releaseAside();
    this.#lastKeptPosition = this.#keptUpTo();
    this.#options.writer.seal();
    this.#options.clock.restart(packet);
    this.#sequences.reset();
  }

  #keep(position: number, audio: AudioBytes, nowMs: number): void {
    this.#options.writer.append(position, audio, nowMs);
    this.#counts.kept += 1;
    this.#lastKeptSamples = audio.end - audio.start;
    this.#lastKeptEnd = position + this.#lastKeptSamples;
    this.#lastKeptPosition = null;
  }

  /** The gate was shut without this stream's confirmation. */
  #foundShut(): void {
    this.#counts.gated += 1;
    this.#shutInDoubt();
  }

  #shutInDoubt(): void {
    this.#counts.erased += this.#aside.erase();
    const reason = this.#options.gates.reason(this.#options.slot);
    if (reason === 'api' || reason === 'lease') this.#options.writer.erase(-Infinity);
    this.#options.writer.closeSegment(reason);
    this.#shut = true;
  }

  #onMarker(marker: Marker): void {
    if (marker.fenceId === 0) {
      this.#onOwnMarker(marker);
      return;
    }
    if (marker.fenceId <= this.#lastFence || marker.fenceId <= this.#abortedFence) return;
    this.#lastFence = marker.fenceId;
    if (marker.action === MarkerAction.Open) this.#shut = false;
    else this.#shutBehindMarker(marker);
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
    return this.#lastKeptPosition ?? this.#lastKeptEnd + this.#options.clock.anchor();
  }

  /** What was held aside came before the marker; what comes now came after it. */
  #shutBehindMarker({ reason, lookbackMs }: Marker): void {
    this.#releaseAside();
    if (lookbackMs > 0) this.#eraseLast(lookbackMs);
    this.#options.writer.closeSegment(reason);
    this.#shut = true;
  }

  /** Of what was kept, the youngest is erased: whoever pauses late says how late. */
  #eraseLast(lookbackMs: number): void {
    const { clock, writer } = this.#options;
    const cut = clock.positionAt(performance.now() - lookbackMs);
    const keptUpTo = this.#keptUpTo();
    const erased = writer.erase(cut);
    if (erased === 0 || keptUpTo === null) return;
    const packets = Math.min(this.#counts.kept, Math.ceil(erased / this.#lastKeptSamples));
    this.#counts.kept -= packets;
    this.#counts.erased += packets;
    this.#lastKeptPosition = Math.min(keptUpTo, cut);
    this.#lastKeptSequence = UNKNOWN_SEQUENCE;
  }

  #onOwnMarker({ action, reason }: Marker): void {
    if (action === MarkerAction.Hold) {
      this.#releaseAside();
      this.#options.writer.closeSegment(reason);
      this.#held = true;
    } else if (action === MarkerAction.Release) {
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
      const position = this.#options.clock.positionAt(performance.now());
      this.#reasonChanges.push({ position, reason });
    }
    this.#lastReason = reason;
  }

  #releaseAside(): void {
    const nowMs = performance.now();
    this.#aside.release(({ position, sequence, codec, audio }) => {
      this.#options.writer.setCodec(codec);
      this.#keep(position, { data: audio, start: 0, end: audio.length }, nowMs);
      this.#lastKeptSequence = sequence;
    });
  }

  #agree({ agreed: { payloadType, dtmfPayloadType, codec } }: StreamSpec): void {
    if (dtmfPayloadType !== null) this.#codecs.delete(dtmfPayloadType);
    this.#codecs.set(payloadType, codec);
  }

  #reasonNow(): GapReason | null {
    if (this.#held && !this.#shut) return 'hold';
    const reason = this.#options.gates.reason(this.#options.slot);
    return this.#shut && reason !== 'end' ? reason : null;
  }

  #summary(): TrackSummary {
    this.#extent.settle(() => this.#options.clock.anchor());
    return {
      track: this.#spec.track,
      startPosition: this.#extent.startPosition,
      endPosition: this.#extent.endPosition,
      initialReason: this.#initialReason,
      reasonChanges: this.#reasonChanges,
      packets: { ...this.#counts },
    };
  }
}

function audioOf(datagram: Buffer): AudioBytes {
  packetAudio.data = datagram;
  packetAudio.start = packet.payloadStart;
  packetAudio.end = packet.payloadEnd;
  return packetAudio;
}
