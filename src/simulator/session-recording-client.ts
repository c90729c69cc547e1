import { randomUUID } from 'node:crypto';
import type { SdpDirection } from '../protocols/sdp/types.ts';
import type { SipBody, SipHeader, SipPeer, SipUserAgent } from '../protocols/sip/message/types.ts';
import { buildMetadata } from '../protocols/siprec/build-metadata.ts';
import { buildMultipart } from '../protocols/siprec/multipart.ts';
import { sessionIdFromGuid } from '../protocols/siprec/session-id.ts';
import type { SrtpSuite } from '../protocols/srtp/suites.ts';
import { type FrameTimes, RtpSender } from './rtp-sender.ts';
import { type ServerOffers, SimulatedCall } from './simulated-call.ts';
import { type FrameSource, SimulatedStream } from './simulated-stream.ts';
import { type SimulatedCodec, streamFormats } from './stream-format.ts';

export interface SimulatedParticipant {
  readonly aor: string;
  readonly name?: string;
  readonly source: FrameSource;
  /** Default: `1`, `2`, ... */
  readonly label?: string;
  onSent?(index: number, sequence: number, sentAtMs: number): void;
  /** As in `RtpStreamOptions`. */
  impair?(packet: Buffer, send: (packet: Buffer) => void): void;
  /** As in `RtpStreamOptions`. */
  onFrame?(index: number, times: FrameTimes): void;
}

export interface PlaceCallOptions {
  readonly peer: SipPeer;
  readonly requestUri: string;
  /** Further headers: `X-UCC-Name`, `X-Correlation-Id`. */
  readonly headers?: readonly SipHeader[];
  /** As in the metadata; default: base64 of a new UUID (RFC 7865 section 6.10). */
  readonly communicationSessionId?: string;
  /** One stream each. */
  readonly participants: readonly SimulatedParticipant[];
  /** Default PCMU. */
  readonly codec?: SimulatedCodec;
  /** Default: unprotected. */
  readonly srtp?: SrtpSuite;
  /** Metadata before the SDP, as some clients send it. */
  readonly metadataFirst?: boolean;
  /** Default `sendonly`; `inactive` begins on hold. */
  readonly direction?: SdpDirection;
  /**
   * Handling of the server's offers: followed by default; `refuse` answers 488, `ignore` sends on.
   */
  readonly serverOffers?: ServerOffers;
}

export interface SessionRecordingClientOptions {
  /** Own address for RTP and for From; default 127.0.0.1. */
  readonly address?: string;
}

/**
 * A Session Recording Client (RFC 7866) for demonstrations, tests and benches: places recorded
 * calls on a Session Recording Server and sends their audio. The user agent stays its owner's.
 */
export class SessionRecordingClient {
  readonly #userAgent: SipUserAgent;
  readonly #address: string;
  readonly #sender = new RtpSender();
  readonly #calls = new Set<SimulatedCall>();

  constructor(userAgent: SipUserAgent, options: SessionRecordingClientOptions = {}) {
    this.#userAgent = userAgent;
    this.#address = options.address ?? '127.0.0.1';
  }

  /** Resolves once audio flows. Rejects as `SipUserAgent.invite` does, or with SdpError. */
  async placeCall(options: PlaceCallOptions): Promise<SimulatedCall> {
    const call = await this.#createCall(options);
    try {
      const { dialog, response } = await this.#userAgent.invite({
        peer: options.peer,
        requestUri: options.requestUri,
        from: `sip:session-recording-client@${this.#address}`,
        to: options.requestUri,
        headers: [{ name: 'Require', value: 'siprec' }, ...(options.headers ?? [])],
        body: inviteBody(call, options),
        handler: call.handler,
      });
      await call.establish(dialog, response);
    } catch (error) {
      await call.end();
      throw error;
    }
    return call;
  }

  /** Ends all calls in progress. May be called twice. */
  async close(): Promise<void> {
    await Promise.allSettled([...this.#calls].map((call) => call.end()));
    this.#sender.close();
  }

  async #createCall(options: PlaceCallOptions): Promise<SimulatedCall> {
    const format = streamFormats[options.codec ?? 'PCMU'];
    const streams: SimulatedStream[] = [];
    for (const [index, participant] of options.participants.entries()) {
      streams.push(
        await SimulatedStream.open(this.#address, {
          label: labelOf(participant, index),
          format,
          srtp: options.srtp,
          source: participant.source,
          onSent: participant.onSent?.bind(participant),
          ...(participant.onFrame ? { onFrame: participant.onFrame.bind(participant) } : {}),
          ...(participant.impair ? { impair: participant.impair.bind(participant) } : {}),
        }),
      );
    }
    const call = new SimulatedCall({
      communicationSessionId: options.communicationSessionId ?? newSessionId(),
      streams,
      sender: this.#sender,
      format,
      mediaAddress: this.#address,
      direction: options.direction ?? 'sendonly',
      serverOffers: options.serverOffers ?? 'follow',
    });
    this.#calls.add(call);
    call.onEnded(() => this.#calls.delete(call));
    return call;
  }
}

/** RFC 7866 section 9.1: the offer and the metadata as parts of one body. */
function inviteBody(call: SimulatedCall, options: PlaceCallOptions): SipBody {
  const metadata = buildMetadata({
    communicationSessionId: call.communicationSessionId,
    participants: options.participants.map((participant, index) => ({
      aor: participant.aor,
      name: participant.name,
      label: labelOf(participant, index),
    })),
  });
  const parts = [
    call.body(),
    {
      contentType: 'application/rs-metadata+xml',
      disposition: 'recording-session',
      content: metadata,
    },
  ];
  return buildMultipart(options.metadataFirst ? parts.reverse() : parts);
}

function labelOf(participant: SimulatedParticipant, index: number): string {
  return participant.label ?? String(index + 1);
}

function newSessionId(): string {
  const guid = randomUUID();
  return sessionIdFromGuid(guid) ?? guid;
}
