import { randomInt } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { header } from '../protocols/sip/message/headers.ts';
import {
  agreedSessionTimer,
  offerSessionTimer,
  type SessionInterval,
} from '../protocols/sip/message/session-expires.ts';
import type { SipDialog, SipHeader, SipResponse } from '../protocols/sip/message/types.ts';
import type { OfferOutcome } from './recording-session-options.ts';
import type { SessionNegotiation } from './session-negotiation.ts';

/** `collided`: an offer is under way already (RFC 3261 section 14.1); it is made again later. */
export type AttemptOutcome = OfferOutcome | 'collided';

/** RFC 3261 section 14.1: after a collision an offer is made again within this time. */
const GLARE_WAIT_MS = 2_000;
const MAX_GLARES = 10;
const COLLIDED = 491;
const NO_DIALOG = 481;
const NO_ANSWER = 408;
const INTERVAL_TOO_SMALL = 422;

export interface SessionOffersOptions {
  readonly negotiation: SessionNegotiation;
  dialog(): SipDialog | undefined;
  /** Called when an offer was accepted, and its answer is carried out. */
  onSettled(): Promise<void>;
  /** Called when the client knows of no such dialog (RFC 3261 section 12.2.1.2). */
  onGone(): void;
}

type Answer = Pick<SipResponse, 'statusCode' | 'headers'>;

/** Our own offers to the client, by re-INVITE. */
export class SessionOffers {
  readonly #options: SessionOffersOptions;
  readonly #over = Promise.withResolvers<undefined>();

  constructor(options: SessionOffersOptions) {
    this.#options = options;
  }

  /** Stops waiting for answers. */
  end(): void {
    this.#over.resolve(undefined);
  }

  /**
   * Retries until nothing else is under way. Between attempts the client's requests are answered:
   * an attempt takes its turn with them, the wait does not.
   */
  async persist<Outcome>(
    attempt: () => Promise<Outcome | 'collided'>,
  ): Promise<Outcome | 'failed'> {
    for (let made = 0; made < MAX_GLARES; made += 1) {
      await this.#options.dialog()?.acknowledged();
      const outcome = await attempt();
      if (outcome !== 'collided') return outcome;
      await delay(randomInt(GLARE_WAIT_MS), undefined, { ref: false });
    }
    return 'failed';
  }

  /** Requests the direction that we want now on every line in use. */
  async direct(): Promise<AttemptOutcome> {
    const answer = await this.#offer();
    if (answer === undefined) return 'failed';
    if (isSuccess(answer)) return 'accepted';
    return answer.statusCode === COLLIDED ? 'collided' : 'refused';
  }

  /**
   * Repeats the description in force: the answer shows whether the client lives.
   * @returns the agreement; `gone` without such a client; undefined: retry soon
   */
  async refresh(seconds: number, least = 0): Promise<SessionInterval | 'gone' | undefined> {
    const offered: SessionInterval = { seconds, refresher: 'us' };
    const headers = offerSessionTimer(offered);
    const minSe = { name: 'Min-SE', value: String(least) };
    const answer = await this.#offer(least > 0 ? [...headers, minSe] : headers);
    if (answer === undefined) return 'gone';
    if (isSuccess(answer)) return agreedSessionTimer(answer, offered);
    const theirs = Number.parseInt(header(answer, 'Min-SE') ?? '', 10);
    // RFC 4028 section 7.3: repeated with the shortest interval that it accepts.
    if (answer.statusCode === INTERVAL_TOO_SMALL && theirs > seconds) {
      return this.refresh(theirs, theirs);
    }
    return [NO_DIALOG, NO_ANSWER].includes(answer.statusCode) ? 'gone' : undefined;
  }

  /**
   * Returns undefined without an answer; a collision that the stack itself saw is a 491 as well.
   */
  async #offer(headers: readonly SipHeader[] = []): Promise<Answer | undefined> {
    const { negotiation, dialog, onSettled, onGone } = this.#options;
    if (negotiation.isOwed) return { statusCode: COLLIDED, headers: [] };
    const ours = negotiation.description.offer(negotiation.placed, 'agreed');
    try {
      const answer = await Promise.race([dialog()?.invite(ours.body, headers), this.#over.promise]);
      ours.sent();
      if (answer?.statusCode === NO_DIALOG) onGone();
      if (!answer || !isSuccess(answer)) return answer;
      ours.settle();
      await negotiation.takeAnswer(answer.body, ours.offered);
      await onSettled();
      return answer;
    } catch (cause) {
      const { statusCode } = cause as { statusCode?: unknown };
      return typeof statusCode === 'number' ? { statusCode, headers: [] } : undefined;
    }
  }
}

function isSuccess({ statusCode }: Answer): boolean {
  return statusCode >= 200 && statusCode < 300;
}
