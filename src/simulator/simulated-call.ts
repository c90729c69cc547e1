import { buildOffer } from '../protocols/sdp/build-session.ts';
import { parseOffer } from '../protocols/sdp/parse-offer.ts';
import type { SdpDirection } from '../protocols/sdp/types.ts';
import type {
  SipBody,
  SipDialog,
  SipDialogHandler,
  SipDialogRequest,
  SipResponse,
} from '../protocols/sip/message/types.ts';
import type { RtpSender } from './rtp-sender.ts';
import type { SimulatedStream } from './simulated-stream.ts';
import type { StreamFormat } from './stream-format.ts';

export type SimulatedCallState = 'calling' | 'established' | 'ended';
export type EndedBy = 'client' | 'server';
export type ServerOffers = 'follow' | 'refuse' | 'ignore';

export interface HoldOptions {
  /** Keeps sending RTP all the same, as some clients do. */
  readonly keepSending?: boolean;
  /** `nullAddress`: `c=IN IP4 0.0.0.0` and no direction attribute. Default `inactive`. */
  readonly style?: 'inactive' | 'nullAddress';
}

export interface SimulatedCallParts {
  readonly communicationSessionId: string;
  readonly streams: readonly SimulatedStream[];
  readonly sender: RtpSender;
  readonly format: StreamFormat;
  readonly mediaAddress: string;
  readonly direction: SdpDirection;
  readonly serverOffers: ServerOffers;
}

interface Description {
  readonly direction: SdpDirection | undefined;
  readonly address: string;
}

/**
 * A recording session as its client sees it (RFC 7866):
 *
 *   calling --answer--> established --end() | BYE | no ACK--> ended
 */
export class SimulatedCall {
  readonly communicationSessionId: string;
  readonly streams: readonly SimulatedStream[];
  readonly #parts: SimulatedCallParts;
  readonly #sessionId = String(Date.now());
  readonly #endedListeners: ((by: EndedBy) => void)[] = [];
  #sessionVersion = 1;
  #description: Description;
  #dialog: SipDialog | undefined;
  #state: SimulatedCallState = 'calling';
  #endedBy: EndedBy | undefined;
  #onHold = false;
  /** The server requested silence. */
  #silenced = false;

  constructor(parts: SimulatedCallParts) {
    this.#parts = parts;
    this.#description = { direction: parts.direction, address: parts.mediaAddress };
    this.communicationSessionId = parts.communicationSessionId;
    this.streams = parts.streams;
    this.#enableStreams(parts.direction);
  }

  get state(): SimulatedCallState {
    return this.#state;
  }

  /** undefined until the call is established. */
  get dialog(): SipDialog | undefined {
    return this.#dialog;
  }

  /** Returns the description this side offers now, as an `application/sdp` body. */
  body(): SipBody {
    const { payload } = this.#parts.format;
    const sdp = buildOffer({
      address: this.#description.address,
      sessionId: this.#sessionId,
      sessionVersion: this.#sessionVersion,
      media: this.streams.map((stream) => ({
        port: stream.localPort,
        label: stream.label,
        payloads: [payload],
        crypto: stream.crypto,
        direction: this.#description.direction,
      })),
    });
    return { contentType: 'application/sdp', content: Buffer.from(sdp) };
  }

  /**
   * Takes up the 2xx to the INVITE and begins to send, or hangs up if the call was ended before it
   * came. Rejects with SdpError for its body.
   */
  async establish(dialog: SipDialog, response: SipResponse): Promise<void> {
    this.#dialog = dialog;
    if (this.#state === 'ended') {
      await dialog.bye();
      return;
    }
    this.#state = 'established';
    this.#follow(response);
  }

  /** Sends a re-INVITE that puts the recording on hold. By default nothing is sent from now on. */
  async hold(options: HoldOptions = {}): Promise<SipResponse> {
    this.#onHold = true;
    if (!options.keepSending) this.#enableStreams('inactive');
    return this.#reinvite(
      options.style === 'nullAddress'
        ? { direction: undefined, address: '0.0.0.0' }
        : { direction: 'inactive', address: this.#parts.mediaAddress },
    );
  }

  /** Sends a re-INVITE with `a=sendonly`; sends audio again once it is accepted. */
  async resume(): Promise<SipResponse> {
    const address = this.#parts.mediaAddress;
    const response = await this.#reinvite({ direction: 'sendonly', address });
    if (!isAccepted(response)) return response;
    this.#onHold = false;
    if (!this.#silenced) this.#enableStreams('sendonly');
    return response;
  }

  /** Does the same by UPDATE (RFC 3311). */
  async updateDirection(direction: SdpDirection): Promise<SipResponse> {
    this.#describe({ direction, address: this.#parts.mediaAddress });
    const response = await this.#established().request('UPDATE', this.body());
    this.#follow(response);
    if (isAccepted(response)) this.#enableStreams(direction);
    return response;
  }

  /** Sends BYE, and no more audio. May be called twice. */
  async end(): Promise<void> {
    if (this.#state === 'ended') return;
    this.#finish('client');
    await this.#dialog?.bye();
  }

  /** Calls the listener once; at once if the call is over already. */
  onEnded(listener: (by: EndedBy) => void): void {
    if (this.#endedBy) listener(this.#endedBy);
    else this.#endedListeners.push(listener);
  }

  /** Stops without telling the server, as a crashed client does. */
  abandon(): void {
    this.#finish('client');
  }

  readonly handler: SipDialogHandler = {
    onReinvite: (incoming) => this.#answer(incoming),
    onUpdate: (incoming) => this.#answer(incoming),
    onInfo: (incoming) => incoming.reply({ statusCode: 200 }),
    onBye: () => this.#finish('server'),
    onAckTimeout: () => this.#finish('server'),
  };

  async #reinvite(description: Description): Promise<SipResponse> {
    this.#describe(description);
    const response = await this.#established().invite(this.body());
    this.#follow(response);
    return response;
  }

  #established(): SipDialog {
    if (this.#state !== 'established' || !this.#dialog) throw new Error('The call is not up');
    return this.#dialog;
  }

  #describe(description: Description): void {
    this.#description = description;
    this.#sessionVersion += 1;
  }

  /** Changes the keys of all streams, once they are accepted. */
  async rekey(): Promise<SipResponse> {
    for (const stream of this.streams) stream.offerKey();
    const response = await this.#reinvite(this.#description);
    if (isAccepted(response)) for (const stream of this.streams) stream.useKey();
    return response;
  }

  /** Sends the audio from other ports and sources, which a re-INVITE announces. */
  async changePorts(): Promise<SipResponse> {
    for (const stream of this.streams) await stream.changePort();
    return this.#reinvite(this.#description);
  }

  /** Follows the server's last request, which may be silence, but never more than is offered. */
  #answer(incoming: SipDialogRequest): void {
    const { method, body } = incoming.request;
    const { serverOffers } = this.#parts;
    if (body.length > 0 && serverOffers === 'refuse') {
      incoming.reply({ statusCode: 488 });
      return;
    }
    if (body.length > 0 && serverOffers === 'follow') this.#obey(body.toString('utf8'));
    const wantsAnswer = method === 'INVITE' || body.length > 0;
    incoming.reply({ statusCode: 200, ...(wantsAnswer ? { body: this.body() } : {}) });
  }

  #obey(sdp: string): void {
    const silent = parseOffer(sdp).media.every(({ direction }) => direction === 'inactive');
    if (!this.#onHold) {
      const direction = silent ? 'inactive' : 'sendonly';
      this.#describe({ direction, address: this.#parts.mediaAddress });
    }
    this.#silenced = silent;
    this.#enableStreams(silent || this.#onHold ? 'inactive' : 'sendonly');
  }

  #follow(response: SipResponse): void {
    if (!isAccepted(response) || response.body.length === 0) return;
    const answer = parseOffer(response.body.toString('utf8'));
    for (const [index, stream] of this.streams.entries()) {
      stream.follow(this.#parts.sender, answer.media[index]);
    }
  }

  #enableStreams(direction: SdpDirection): void {
    const enabled = direction === 'sendonly' || direction === 'sendrecv';
    for (const stream of this.streams) stream.enabled = enabled;
  }

  #finish(by: EndedBy): void {
    if (this.#state === 'ended') return;
    this.#state = 'ended';
    this.#endedBy = by;
    for (const stream of this.streams) stream.close();
    for (const listener of this.#endedListeners.splice(0)) listener(by);
  }
}

function isAccepted(response: SipResponse): boolean {
  return response.statusCode >= 200 && response.statusCode < 300;
}
