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

/** What we ask of the client ourselves, by re-INVITE. */
export class SessionOffers {
  readonly #dialog: () => SipDialog | undefined;
  readonly #description: SessionDescription;

  constructor(dialog: () => SipDialog | undefined, description: SessionDescription) {
    this.#dialog = dialog;
    this.#description = description;
  }

  /**
   * Asks for another direction, until the client has answered or `wanted` wants it no more.
   * @returns undefined where there is nothing to ask
   */
  async direct(wanted: () => SdpDirection | undefined): Promise<OfferOutcome | undefined> {
    for (let attempt = 0; attempt < MAX_GLARES; attempt += 1) {
      const direction = wanted();
      if (direction === undefined || direction === this.#description.asked) return undefined;
      const { body, settle } = this.#description.redirected(direction);
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
    const answer = await this.#invite(this.#description.body(), offerSessionTimer(offered));
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
      return await this.#dialog()?.invite(body, headers);
    } catch (cause) {
      const { statusCode } = cause as { statusCode?: unknown };
      return typeof statusCode === 'number' ? { statusCode, headers: [] } : undefined;
    }
  }
}

function isSuccess({ statusCode }: Pick<SipResponse, 'statusCode'>): boolean {
  return statusCode >= 200 && statusCode < 300;
}
