import { randomInt } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Call } from '../domain/call.ts';
import type { AcceptedStream, CallLifecycle } from '../domain/call-lifecycle.ts';
import type { SessionOffer } from '../domain/offered-media.ts';
import { SerialQueue } from '../domain/serial-queue.ts';
import { buildAnswer } from '../protocols/sdp/build-session.ts';
import type { SdpOffer } from '../protocols/sdp/types.ts';
import type { SipBody, SipDialog, SipReply, SipRequest } from '../protocols/sip/types.ts';
import { answerToFailure, notAcceptable } from './failure-answers.ts';
import { readInviteBody } from './invite-body.ts';
import { chooseMedia, lacksCodec, type MediaChoice } from './offer-answer.ts';

const BYE_TIMEOUT_MS = 2_000;

export interface RecordingSessionOptions {
  readonly id: string;
  readonly lifecycle: CallLifecycle;
  /** Address that the SDP answers name. */
  readonly mediaAddress: string;
  onEnded(session: RecordingSession): void;
}

/** A stream of this session: which m-line it is, which track it writes, where it listens. */
interface SessionStream extends AcceptedStream {
  readonly index: number;
}

/**
 * One recording session (RFC 7866 section 3): a SIP dialog whose streams belong to a call. What it
 * offers later (re-INVITE, UPDATE) is carried out one after the other.
 */
export class RecordingSession {
  readonly #options: RecordingSessionOptions;
  readonly #queue = new SerialQueue();
  readonly #sdpSessionId = String(randomInt(1, 2 ** 47));
  #sdpVersion = 0;
  #answer = '';
  #call: Call | undefined;
  #streams: SessionStream[] = [];
  #dialog: SipDialog | undefined;
  #ended = false;

  constructor(options: RecordingSessionOptions) {
    this.#options = options;
  }

  get id(): string {
    return this.#options.id;
  }

  /**
   * Brings the first offer's streams to their call; answers the SDP. Throws what `offer` throws.
   */
  async begin(
    offer: Omit<SessionOffer, 'sessionId' | 'streams'>,
    sdp: SdpOffer,
    choices: readonly MediaChoice[],
  ): Promise<SipBody> {
    const streams = choices.map(({ stream }) => stream);
    const accepted = await this.#options.lifecycle.offer({ ...offer, streams, sessionId: this.id });
    this.#call = accepted.call;
    this.#streams = accepted.streams.map((stream, at) => ({
      ...stream,
      index: choices[at]?.index ?? at,
    }));
    return this.#buildAnswer(sdp, choices);
  }

  attach(dialog: SipDialog): void {
    this.#dialog = dialog;
  }

  /** A later offer: streams come, go, are held and released. */
  async change(request: SipRequest, reply: (reply: SipReply) => void): Promise<void> {
    await this.#queue.run(async () => {
      try {
        const body = readInviteBody(request);
        const call = this.#call;
        if (this.#ended || !call) reply({ statusCode: 481 });
        else if (!body.offer) reply({ statusCode: 200, ...this.#lastAnswer(request) });
        else if (lacksCodec(body.offer)) reply(notAcceptable);
        else {
          const choices = chooseMedia(body.offer, body.metadata);
          await this.#apply(call, choices);
          reply({ statusCode: 200, body: this.#buildAnswer(body.offer, choices) });
        }
      } catch (cause) {
        reply(answerToFailure(cause));
      }
    });
  }

  /** The dialog is over, whoever ended it. */
  async end(): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    await this.#queue.run(async () => {
      if (this.#call) await this.#options.lifecycle.leave(this.#call, this.id);
    });
    this.#options.onEnded(this);
  }

  /** Ends the dialog from our side. */
  async hangUp(): Promise<void> {
    const bye = this.#dialog?.bye().catch(() => {});
    // A client that is gone answers nothing: its recording is not kept waiting for it.
    await Promise.race([bye, delay(BYE_TIMEOUT_MS, undefined, { ref: false })]);
    await this.end();
  }

  async #apply(call: Call, choices: readonly MediaChoice[]): Promise<void> {
    const { lifecycle } = this.#options;
    const choiceAt = new Map(choices.map((choice) => [choice.index, choice]));
    const gone = this.#streams.filter(({ index }) => !choiceAt.has(index));
    if (gone.length > 0)
      await lifecycle.dropStreams(
        call,
        gone.map(({ track }) => track),
      );
    const staying = this.#streams.filter(({ index }) => choiceAt.has(index));
    await lifecycle.updateStreams(
      call,
      staying.flatMap(({ index, track }) => {
        const choice = choiceAt.get(index);
        return choice ? [{ ...choice.stream, track }] : [];
      }),
    );
    this.#streams = staying;
    const known = new Set(staying.map(({ index }) => index));
    const fresh = choices.filter(({ index }) => !known.has(index));
    this.#streams = [...staying, ...(await this.#add(call, fresh))];
  }

  async #add(call: Call, fresh: readonly MediaChoice[]): Promise<SessionStream[]> {
    if (fresh.length === 0) return [];
    const { streams } = await this.#options.lifecycle.offer({
      sessionId: this.id,
      uccName: call.uccName,
      correlationId: call.correlationId,
      streams: fresh.map(({ stream }) => stream),
      parties: [],
    });
    return streams.map((stream, at) => ({ ...stream, index: fresh[at]?.index ?? at }));
  }

  #buildAnswer(offer: SdpOffer, choices: readonly MediaChoice[]): SipBody {
    this.#sdpVersion += 1;
    this.#answer = buildAnswer({
      offer,
      address: this.#options.mediaAddress,
      sessionId: this.#sdpSessionId,
      sessionVersion: this.#sdpVersion,
      media: choices.map(({ index, stream, payloadTypes }) => ({
        index,
        port: this.#streams.find((other) => other.index === index)?.port ?? 0,
        payloadTypes,
        direction: stream.held ? 'inactive' : 'recvonly',
      })),
    });
    return sdpBody(this.#answer);
  }

  /** A re-INVITE without SDP asks for an offer (RFC 3261 section 14.2): what was agreed stands. */
  #lastAnswer(request: SipRequest): { body: SipBody } | object {
    return request.method === 'INVITE' ? { body: sdpBody(this.#answer) } : {};
  }
}

function sdpBody(sdp: string): SipBody {
  return { contentType: 'application/sdp', content: Buffer.from(sdp) };
}
