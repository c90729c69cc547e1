import { createSocket, type Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import type { StreamSpec, TrackSummary } from '../domain/ports.ts';
import type { GapReason } from '../domain/records.ts';
import { emptyRtpPacket, parseRtp, type RtpPacket } from '../protocols/rtp/packet.ts';
import { type ClosingReason, Gate, type GateTable } from './gate-table.ts';
import { buildMarker, type Marker, MarkerAction, parseMarker } from './marker.ts';
import type { Confirmation } from './messages.ts';
import { MAX_PAYLOAD_BYTES, type SegmentWriter } from './segment-writer.ts';
import { SequenceWindow } from './sequence-window.ts';
import type { TrackClock } from './track-clock.ts';

export interface MediaStreamOptions {
  readonly callId: string;
  readonly slot: number;
  readonly gates: GateTable;
  readonly secret: Buffer;
  readonly host: string;
  readonly maxHeldAsidePackets: number;
  readonly clock: TrackClock;
  readonly writer: SegmentWriter;
  onConfirmed(confirmation: Confirmation): void;
}

interface HeldAside {
  readonly position: number;
  readonly sequence: number;
  readonly audio: Buffer;
}

/** One thread reads one packet at a time: they share the parsed view. */
const packet: RtpPacket = emptyRtpPacket();

/** A marker that a full socket queue may have dropped is sent again this often. */
const RESEND_INTERVAL_MS = 200;
/** Time after which a close that did not find its own marker in the queue happens all the same. */
const CLOSE_TIMEOUT_MS = 500;

/**
 * One stream: its socket, its side of the fence, its track. What lies in the socket's queue is sorted by the
 * markers in it; between a Pause and its marker frames are held aside in memory (docs/decisions/0002).
 */
export class MediaStream {
  readonly #options: MediaStreamOptions;
  readonly #socket: Socket;
  readonly #sequences = new SequenceWindow();
  #spec: StreamSpec;
  readonly #initialReason: GapReason | null;
  #shut: boolean;
  #held: boolean;
  #aside: HeldAside[] = [];
  #lastFence = 0;
  #abortedFence = 0;
  #lastKept: { sequence: number; position: number } | undefined;
  #first: number | undefined;
  #end: number | undefined;
  /** Extent of the time line in progress, relative to its beginning. */
  #relativeFirst = Number.POSITIVE_INFINITY;
  #relativeEnd = Number.NEGATIVE_INFINITY;
  #onMarker = new Map<MarkerAction, () => void>();
  #closed = false;
  readonly #counts = {
    received: 0,
    kept: 0,
    gated: 0,
    duplicate: 0,
    dtmf: 0,
    unusable: 0,
    erased: 0,
  };

  constructor(spec: StreamSpec, options: MediaStreamOptions) {
    this.#spec = spec;
    this.#options = options;
    this.#held = spec.held;
    this.#shut = options.gates.get(options.slot) !== Gate.Open;
    this.#initialReason = this.#reasonNow();
    this.#socket = createSocket({
      type: isIPv6(options.host) ? 'udp6' : 'udp4',
      // Only literal addresses are sent to: no datagram waits for a resolver.
      lookup: (hostname, _, callback) => callback(null, hostname, isIPv6(hostname) ? 6 : 4),
    });
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
    this.#options.writer.setCodec(spec.codec);
  }

  /** Frames that a fence without confirmation left in doubt are erased; the stream stays shut. */
  abort(fenceId: number): void {
    this.#abortedFence = Math.max(this.#abortedFence, fenceId);
    this.#eraseAside();
    this.#close(this.#options.gates.reason(this.#options.slot));
    this.#shut = true;
  }

  hold(held: boolean, onHeld: () => void): void {
    const action = held ? MarkerAction.Hold : MarkerAction.Release;
    this.#sendToSelf(action, held ? 'hold' : 'end', onHeld);
  }

  /** Reads what reached the socket before this call, then ends the track. */
  close(onClosed: (summary: TrackSummary) => void): void {
    let finished = false;
    const finish = (): void => {
      if (finished) return;
      finished = true;
      clearTimeout(timer);
      this.#eraseAside();
      this.#close('end');
      if (!this.#closed) this.#socket.close();
      this.#closed = true;
      this.#options.writer.whenIdle(() => onClosed(this.#summary()));
    };
    const timer = setTimeout(finish, CLOSE_TIMEOUT_MS);
    this.#sendToSelf(MarkerAction.Close, 'end', finish);
  }

  /** Once per quarter second: a chunk that got no more frames is sealed when its time is over. */
  sealOlderThan(ms: number): void {
    this.#options.writer.seal(ms);
  }

  #reasonNow(): GapReason | null {
    if (this.#held && !this.#shut) return 'hold';
    const reason = this.#options.gates.reason(this.#options.slot);
    return this.#shut && reason !== 'end' ? reason : null;
  }

  #sendToSelf(action: MarkerAction, reason: ClosingReason, onRead: () => void): void {
    const datagram = buildMarker(this.#options.secret, { fenceId: 0, action, reason });
    const { address, port } = this.#socket.address();
    const host = address === '0.0.0.0' ? '127.0.0.1' : address === '::' ? '::1' : address;
    const send = (): void => {
      if (this.#closed) clearInterval(resend);
      else this.#socket.send(datagram, port, host, () => {});
    };
    const resend = setInterval(send, RESEND_INTERVAL_MS);
    this.#onMarker.set(action, () => {
      clearInterval(resend);
      onRead();
    });
    send();
  }

  #onDatagram(datagram: Buffer): void {
    if (((datagram[0] ?? 0) & 0xc0) === 0x40) {
      const marker = parseMarker(this.#options.secret, datagram);
      if (marker) {
        this.#onFence(marker);
        return;
      }
    }
    this.#counts.received += 1;
    if (!this.#isAudio(datagram)) return;
    this.#onAudio(datagram, performance.now());
  }

  #isAudio(datagram: Buffer): boolean {
    const counts = this.#counts;
    if (!parseRtp(datagram, packet)) {
      counts.unusable += 1;
      return false;
    }
    if (packet.payloadType !== this.#spec.payloadType) {
      if (packet.payloadType === this.#spec.dtmfPayloadType) counts.dtmf += 1;
      else counts.unusable += 1;
      return false;
    }
    const bytes = packet.payloadEnd - packet.payloadStart;
    if (bytes === 0 || bytes > MAX_PAYLOAD_BYTES) {
      counts.unusable += 1;
      return false;
    }
    return true;
  }

  #onAudio(datagram: Buffer, nowMs: number): void {
    const { clock } = this.#options;
    if (clock.breaks(packet, nowMs)) this.#beginTimeLine();
    if (!this.#sequences.accept(packet.sequence)) {
      this.#counts.duplicate += 1;
      return;
    }
    const position = clock.relative(packet, nowMs);
    const audio = datagram.subarray(packet.payloadStart, packet.payloadEnd);
    this.#extent(position, audio.length);
    if (this.#shut || this.#held) {
      this.#counts.gated += 1;
      return;
    }
    const gate = this.#options.gates.get(this.#options.slot);
    if (gate === Gate.Open) this.#keep(position, packet.sequence, audio, nowMs);
    else if (gate === Gate.Closing) this.#holdAside(position, packet.sequence, audio);
    else this.#foundShut();
  }

  #beginTimeLine(): void {
    this.#settleExtent();
    this.#keepAside();
    this.#options.writer.seal();
    this.#options.clock.restart(packet);
    this.#sequences.reset();
  }

  #keep(position: number, sequence: number, audio: Buffer, nowMs: number): void {
    this.#options.writer.append(position, audio, nowMs);
    this.#counts.kept += 1;
    this.#lastKept = { sequence, position: position + audio.length };
  }

  #holdAside(position: number, sequence: number, audio: Buffer): void {
    if (this.#aside.length >= this.#options.maxHeldAsidePackets) {
      this.#counts.erased += 1;
      return;
    }
    this.#aside.push({ position, sequence, audio: Buffer.from(audio) });
  }

  /** The gate was shut without this stream's confirmation. */
  #foundShut(): void {
    this.#counts.gated += 1;
    this.#eraseAside();
    this.#close(this.#options.gates.reason(this.#options.slot));
    this.#shut = true;
  }

  #onFence(marker: Marker): void {
    if (marker.fenceId === 0) {
      this.#onOwnMarker(marker);
      return;
    }
    if (marker.fenceId <= this.#lastFence || marker.fenceId <= this.#abortedFence) return;
    this.#lastFence = marker.fenceId;
    if (marker.action === MarkerAction.Shut) {
      this.#keepAside();
      this.#close(marker.reason);
      this.#shut = true;
    } else if (marker.action === MarkerAction.Open) {
      this.#shut = false;
    }
    this.#options.onConfirmed({
      callId: this.#options.callId,
      fenceId: marker.fenceId,
      track: this.#spec.track,
      lastSequence: this.#lastKept?.sequence ?? null,
      lastPosition: this.#lastKept ? this.#lastKept.position + this.#options.clock.anchor() : null,
    });
  }

  #onOwnMarker(marker: Marker): void {
    if (marker.action === MarkerAction.Hold) {
      this.#keepAside();
      this.#close('hold');
      this.#held = true;
    } else if (marker.action === MarkerAction.Release) {
      this.#held = false;
    }
    const onRead = this.#onMarker.get(marker.action);
    this.#onMarker.delete(marker.action);
    onRead?.();
  }

  #keepAside(): void {
    for (const { position, sequence, audio } of this.#aside) {
      this.#keep(position, sequence, audio, performance.now());
      audio.fill(0);
    }
    this.#aside = [];
  }

  #eraseAside(): void {
    for (const { audio } of this.#aside) audio.fill(0);
    this.#counts.erased += this.#aside.length;
    this.#aside = [];
  }

  #close(reason: ClosingReason): void {
    this.#options.writer.closeSegment(reason);
  }

  #extent(position: number, samples: number): void {
    this.#relativeFirst = Math.min(this.#relativeFirst, position);
    this.#relativeEnd = Math.max(this.#relativeEnd, position + samples);
  }

  /** Fixes the finished time line's extent on the call's clock; gated packets count: they say when, not what. */
  #settleExtent(): void {
    if (this.#relativeEnd === Number.NEGATIVE_INFINITY) return;
    const anchor = this.#options.clock.anchor();
    this.#first = Math.min(this.#first ?? Number.POSITIVE_INFINITY, anchor + this.#relativeFirst);
    this.#end = Math.max(this.#end ?? Number.NEGATIVE_INFINITY, anchor + this.#relativeEnd);
    this.#relativeFirst = Number.POSITIVE_INFINITY;
    this.#relativeEnd = Number.NEGATIVE_INFINITY;
  }

  #summary(): TrackSummary {
    this.#settleExtent();
    return {
      track: this.#spec.track,
      startPosition: this.#first ?? null,
      endPosition: this.#end ?? null,
      initialReason: this.#initialReason,
      packets: { ...this.#counts },
    };
  }
}
