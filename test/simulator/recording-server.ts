import { buildAnswer } from '../../src/protocols/sdp/build-session.ts';
import { parseOffer } from '../../src/protocols/sdp/parse-offer.ts';
import type { SdpOffer } from '../../src/protocols/sdp/types.ts';
import type {
  IncomingInvite,
  SipBody,
  SipDialog,
  SipDialogRequest,
  SipRequest,
  SipUserAgent,
} from '../../src/protocols/sip/message/types.ts';
import { createSipUserAgent } from '../../src/protocols/sip/user-agent/user-agent.ts';
import { readMetadata } from '../../src/protocols/siprec/metadata.ts';
import { type MultipartPart, readMultipart } from '../../src/protocols/siprec/multipart.ts';
import type { RecordingMetadata } from '../../src/protocols/siprec/types.ts';
import { RtpReceiver } from './rtp-receiver.ts';

export const limits = {
  maxMessageBytes: 65_535,
  maxTcpConnections: 10,
  tcpIdleTimeoutMs: 60_000,
  maxTransactions: 1000,
};

/** A server of the least: takes every call, counts its audio, keeps what it was told. */
export class RecordingServer {
  readonly receivers: RtpReceiver[];
  readonly parts: MultipartPart[] = [];
  readonly offers: SdpOffer[] = [];
  readonly requests: SipRequest[] = [];
  metadata: RecordingMetadata | undefined;
  dialog: SipDialog | undefined;
  /** Refuse the next INVITE with this status. */
  refuseWith: number | undefined;
  byes = 0;
  #agent: SipUserAgent | undefined;

  static async start(): Promise<RecordingServer> {
    const receivers = [await RtpReceiver.open(), await RtpReceiver.open()];
    const server = new RecordingServer(receivers);
    server.#agent = await createSipUserAgent({
      host: '127.0.0.1',
      udpPort: 0,
      userAgent: 'recording-server',
      limits,
      onInvite: (invite) => server.#onInvite(invite),
    });
    return server;
  }

  private constructor(receivers: RtpReceiver[]) {
    this.receivers = receivers;
  }

  get port(): number {
    return this.#agent?.udpPort ?? 0;
  }

  async stop(): Promise<void> {
    await this.#agent?.close();
    for (const receiver of this.receivers) receiver.close();
  }

  #onInvite(invite: IncomingInvite): void {
    if (this.refuseWith) {
      invite.reject({ statusCode: this.refuseWith });
      return;
    }
    const type = invite.request.headers.find((header) => header.name === 'Content-Type');
    this.requests.push(invite.request);
    this.parts.push(...readMultipart(invite.request.body, type?.value ?? '').parts);
    const content = (kind: string) =>
      this.parts.find((part) => part.contentType === kind)?.content ?? Buffer.alloc(0);
    this.metadata = readMetadata(content('application/rs-metadata+xml')).metadata;
    const body = this.#answer(content('application/sdp'));
    this.dialog = invite.accept(
      { statusCode: 200, body },
      {
        onReinvite: (incoming) => this.#onOffer(incoming),
        onUpdate: (incoming) => this.#onOffer(incoming),
        onInfo: (incoming) => incoming.reply({ statusCode: 200 }),
        onBye: () => {
          this.byes += 1;
        },
        onAckTimeout: () => undefined,
      },
    );
  }

  #onOffer(incoming: SipDialogRequest): void {
    this.requests.push(incoming.request);
    incoming.reply({ statusCode: 200, body: this.#answer(incoming.request.body) });
  }

  #answer(content: Buffer): SipBody {
    const offer = parseOffer(String(content));
    this.offers.push(offer);
    const text = buildAnswer({
      offer,
      address: '127.0.0.1',
      sessionId: '1',
      sessionVersion: this.offers.length,
      media: offer.media.map((media) => ({
        index: media.index,
        port: this.receivers[media.index]?.port ?? 0,
        payloadTypes: [0, 8],
        direction: media.direction === 'inactive' ? 'inactive' : 'recvonly',
      })),
    });
    return { contentType: 'application/sdp', content: Buffer.from(text) };
  }
}
