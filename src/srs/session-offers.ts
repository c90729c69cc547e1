import { randomInt } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { SdpDirection } from '../protocols/sdp/types.ts';
import {
  agreedSessionTimer,
  offerSessionTimer,
  type SessionInterval,
} from '../protocols/sip/session-expires.ts';
import type { SipBody, SipDialog, SipHeader, SipResponse } from '../protocols/sip/types.ts';
import type { SessionDescription } from './session-description.ts';

export type OfferOutcome = 'accepted' | 'refused' | 'failed';

/** RFC 3261 section 14.1: after a collision an offer is made again within these. */
const GLARE_WAIT_MS = 2_000;
const MAX_GLARES = 10;

export interface SessionOffersOptions {
  readonly description: SessionDescription;
  dialog(): SipDialog | undefined;
  /** What the client answered to an offer that it accepted. */
  onAnswer(body: Buffer): Promise<void>;
}

/** What we ask of the client ourselves, by re-INVITE. */
export class SessionOffers {
  readonly #options: SessionOffersOptions;

  constructor(options: SessionOffersOptions) {
    this.#options = options;
  }

  /**
   * Asks for another direction, until the client has answered or `wanted` wants it no more.
   * @returns undefined where there is nothing to ask
   */
  async direct(wanted: () => SdpDirection | undefined): Promise<OfferOutcome | undefined> {
    const { description } = this.#options;
    for (let attempt = 0; attempt < MAX_GLARES; attempt += 1) {
      const direction = wanted();
      if (direction === undefined || direction === description.asked) return undefined;
      const { body, settle } = description.redirected(direction);
      const answer = await this.#invite(body);
      if (answer === undefined) return 'failed';
      if (isSuccess(answer)) {
        settle();
        return 'accepted';
      }
      if (answer.statusCode !== 491) return 'refused';
      await delay(randomInt(GLARE_WAIT_MS), undefined, { ref: false });
    }
    return 'failed';
  }

  /**
   * The description that stands, once more: whether the client lives shows in its answer.
   * @returns what was agreed; `gone` where there is no such client; undefined: ask again soon
   */
  async refresh(seconds: number): Promise<SessionInterval | 'gone' | undefined> {
    const offered: SessionInterval = { seconds, refresher: 'us' };
    const answer = await this.#invite(this.#options.description.body(), offerSessionTimer(offered));
    if (answer === undefined) return 'gone';
    if (isSuccess(answer)) return agreedSessionTimer(answer, offered);
    return answer.statusCode === 481 || answer.statusCode === 408 ? 'gone' : undefined;
  }

  /** Undefined when no answer came; a collision that the stack itself saw is a 491 as well. */
  async #invite(
    body: SipBody,
    headers: readonly SipHeader[] = [],
  ): Promise<Pick<SipResponse, 'statusCode' | 'headers'> | undefined> {
    try {
      const answer = await this.#options.dialog()?.invite(body, headers);
      if (answer && isSuccess(answer)) await this.#options.onAnswer(answer.body);
      return answer;
    } catch (cause) {
      const { statusCode } = cause as { statusCode?: unknown };
      return typeof statusCode === 'number' ? { statusCode, headers: [] } : undefined;
    }
  }
}

function isSuccess({ statusCode }: Pick<SipResponse, 'statusCode'>): boolean {
  return statusCode >= 200 && statusCode < 300;
}
