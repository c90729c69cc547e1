import { randomUUID } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { buildRtp } from '../../src/protocols/rtp/packet.ts';
import { parseOffer } from '../../src/protocols/sdp/parse-offer.ts';
import { SipRejectedError } from '../../src/protocols/sip/message/errors.ts';
import type {
  SipBody,
  SipDialog,
  SipDialogHandler,
  SipHeader,
  SipResponse,
  SipUserAgent,
} from '../../src/protocols/sip/message/types.ts';
import { buildMetadata } from '../../src/protocols/siprec/build-metadata.ts';
import { buildMultipart, type OutgoingPart } from '../../src/protocols/siprec/multipart.ts';
import { markerFrame } from '../../src/simulator/marker-audio.ts';
import { TestCaller } from '../support/calls.ts';
import { agent, type TestHush, ucc } from '../support/hush/hush.ts';

const FRAME_MS = 20;
const FRAME_SAMPLES = 160;

/** One m-line of an offer; what is left out is a PCMU stream that sends. */
export interface Line {
  readonly label?: string;
  readonly port?: number;
  /** What the m-line lists after its port. */
  readonly formats?: string;
  readonly attributes?: readonly string[];
  readonly address?: string;
  readonly direction?: string | null;
}

/** An offer as text, from another hand than the builder's. */
export function sdpOf(lines: readonly Line[]): string {
  const media = lines.flatMap((line, index) => [
    `m=audio ${line.port ?? 40_000 + 2 * index} RTP/AVP ${line.formats ?? '0'}`,
    ...(line.address === undefined ? [] : [`c=IN IP4 ${line.address}`]),
    `a=label:${line.label ?? String(index + 1)}`,
    ...(line.attributes ?? []),
    ...(line.direction === null ? [] : [`a=${line.direction ?? 'sendonly'}`]),
  ]);
  const session = ['v=0', 'o=- 7 1 IN IP4 127.0.0.1', 's=-', 'c=IN IP4 127.0.0.1', 't=0 0'];
  return `${[...session, ...media].join('\r\n')}\r\n`;
}

export const twoLines: readonly Line[] = [{}, {}];

export interface MetadataParts {
  readonly sessionId?: string;
  readonly aors?: readonly string[];
}

export function metadataOf({ sessionId, aors }: MetadataParts = {}): string {
  return buildMetadata({
    communicationSessionId: sessionId ?? randomUUID(),
    participants: (aors ?? [agent, 'tel:+31880000000']).map((aor, index) => ({
      ...{ aor, label: String(index + 1) },
    })),
  });
}

export function sdpPart(sdp: string): OutgoingPart {
  return { contentType: 'application/sdp', content: sdp };
}

export function metadataPart(metadata: string): OutgoingPart {
  return {
    contentType: 'application/rs-metadata+xml',
    disposition: 'recording-session',
    content: metadata,
  };
}

export function sdpBody(sdp: string): SipBody {
  return { contentType: 'application/sdp', content: Buffer.from(sdp) };
}

export interface Invitation {
  readonly uccName?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly correlationId?: string;
  readonly body?: SipBody;
}

/** A recording session that a test holds in its hand. */
export class Session {
  readonly dialog: SipDialog;
  response: SipResponse;

  constructor(dialog: SipDialog, response: SipResponse) {
    this.dialog = dialog;
    this.response = response;
  }

  get answer() {
    return parseOffer(this.response.body.toString()).media;
  }

  /** RTP ports of the answer's m-lines; 0 for a refused one. */
  get ports(): number[] {
    return this.answer.map(({ port }) => port);
  }

  async reinvite(lines: readonly Line[]): Promise<SipResponse> {
    this.response = await this.dialog.invite(sdpBody(sdpOf(lines)));
    return this.response;
  }
}

/** A Session Recording Client that may say anything, in SIP and in RTP. */
export class SrsClient {
  readonly userAgent: SipUserAgent;
  readonly #caller: TestCaller;
  readonly #hush: TestHush;
  readonly #rtp: Socket;
  readonly #openedMs = performance.now();
  /** By tag: when the next frame of that device is due. */
  readonly #dueMs = new Map<number, number>();

  private constructor(caller: TestCaller, hush: TestHush, rtp: Socket) {
    this.#caller = caller;
    this.userAgent = caller.userAgent;
    this.#hush = hush;
    this.#rtp = rtp;
  }

  static async open(hush: TestHush): Promise<SrsClient> {
    return new SrsClient(await TestCaller.open(), hush, createSocket('udp4'));
  }

  /** @throws SipRejectedError */
  async invite(invitation: Invitation = {}): Promise<Session> {
    const { correlationId, uccName = ucc } = invitation;
    const named = correlationId === undefined ? {} : { 'X-Correlation-Id': correlationId };
    const headers = Object.entries({ ...named, ...invitation.headers });
    const body =
      invitation.body ?? buildMultipart([sdpPart(sdpOf(twoLines)), metadataPart(metadataOf())]);
    const { dialog, response } = await this.userAgent.invite({
      peer: this.#hush.peer,
      requestUri: `sip:${uccName}@127.0.0.1`,
      from: 'sip:client@127.0.0.1',
      to: `sip:${uccName}@127.0.0.1`,
      headers: headers.map(([name, value]): SipHeader => ({ name, value })),
      ...{ body, handler: quietHandler },
    });
    return new Session(dialog, response);
  }

  /** The status that refuses the invitation. */
  async refusal(invitation: Invitation): Promise<number> {
    try {
      await this.invite(invitation);
    } catch (cause) {
      if (cause instanceof SipRejectedError) return cause.statusCode;
      throw cause;
    }
    throw new Error('the invitation was accepted');
  }

  /**
   * Marker frames `from` up to, not including, `until`, 20 ms apart, as devices send them: their
   * timestamps count the time in which nothing was sent.
   */
  async frames(
    port: number,
    stream: { tag: number; payloadType?: number },
    ...[from, until]: [number, number]
  ): Promise<void> {
    const { tag, payloadType = 0 } = stream;
    const begunMs = Math.max(performance.now(), this.#dueMs.get(tag) ?? 0);
    const first = Math.ceil((begunMs - this.#openedMs) / FRAME_MS) + 1;
    for (let index = from; index < until; index += 1) {
      const at = first + index - from;
      await delay(Math.max(0, this.#openedMs + at * FRAME_MS - performance.now()));
      const fields = { payloadType, sequence: index, timestamp: at * FRAME_SAMPLES, ssrc: tag };
      await this.datagram(port, buildRtp(fields, markerFrame(tag, index)));
    }
    this.#dueMs.set(tag, this.#openedMs + (first + until - from - 1) * FRAME_MS);
  }

  datagram(port: number, data: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#rtp.send(data, port, '127.0.0.1', (error) => (error ? reject(error) : resolve()));
    });
  }

  async close(): Promise<void> {
    const closed = once(this.#rtp, 'close');
    this.#rtp.close();
    await Promise.all([closed, this.#caller.close()]);
  }
}

const quietHandler: SipDialogHandler = {
  onReinvite: (incoming) => incoming.reply({ statusCode: 488 }),
  onUpdate: (incoming) => incoming.reply({ statusCode: 488 }),
  onInfo: (incoming) => incoming.reply({ statusCode: 200 }),
  onBye: () => {},
  onAckTimeout: () => {},
};
