import { partyKeys } from '../domain/identifiers/party-keys.ts';
import { uriUser } from '../domain/identifiers/sip-uri.ts';
import { isUuid } from '../protocols/siprec/session-id.ts';
import type { IdentityRules } from './call-identity.ts';

/** A recording session's information about its dialogue. */
export interface Dialogue {
  /** GUID of its communication session, see `sessionGuidOf`; undefined: it names none. */
  readonly sessionGuid: string | undefined;
  readonly uccName: string;
  /** The client's address. */
  readonly address: string;
  /** Parties that its metadata names, as known by now. */
  readonly parties: readonly string[];
}

export interface KnownDialogue extends Dialogue {
  /** Correlation id of its call: the session's, or one assigned another way. */
  readonly correlationId: string;
}

/** Withheld numbers: many callers share these names. */
const anonymous = /^(?:anonymous|unknown|restricted|unavailable|private|withheld|nocallerid)$/;

/**
 * Decides which recording sessions belong together. A session id should be unique, and some clients
 * send the same one for every call: two calls that share one become one recording only if their
 * parties show that they are one dialogue.
 */
export class Dialogues<Session> {
  readonly #rules: Pick<IdentityRules, 'isUcc' | 'isMember'>;
  readonly #known = new Map<Session, () => KnownDialogue>();

  constructor(rules: Pick<IdentityRules, 'isUcc' | 'isMember'>) {
    this.#rules = rules;
  }

  /** @param dialogue called whenever another session is compared with it */
  add(session: Session, dialogue: () => KnownDialogue): void {
    this.#known.set(session, dialogue);
  }

  remove(session: Session): void {
    this.#known.delete(session);
  }

  /**
   * Returns the call in progress that the session belongs to. Without one: `taken`, another call
   * has the correlation id derived from its session id; `shared`, one has the session id, under
   * another correlation id; undefined, no call has it.
   */
  find(offered: Dialogue): { readonly correlationId: string } | 'taken' | 'shared' | undefined {
    const { sessionGuid: guid } = offered;
    if (guid === undefined) return undefined;
    const sharing = [...this.#known.values()]
      .map((read) => read())
      .filter(({ sessionGuid, correlationId }) => sessionGuid === guid || correlationId === guid);
    if (sharing.length === 0) return undefined;
    const isTaken = sharing.some(({ correlationId }) => correlationId === guid);
    const own = sharing.find((one) => this.#isOne(one, offered));
    return own ?? (isTaken ? 'taken' : 'shared');
  }

  /**
   * Returns true if a session continues an ended dialogue: the other party is the same. In doubt it
   * does, so that a pause is not lost in between.
   */
  goesOn(ended: Pick<Dialogue, 'uccName' | 'parties'>, offered: Dialogue): boolean {
    const [before, now] = [this.#named(ended), this.#named(offered)];
    if (before.all.size === 0 || now.all.size === 0) return isUuid(offered.sessionGuid ?? '');
    if (before.others.size === 0 || now.others.size === 0) return overlap(before.all, now.all);
    return overlap(before.others, now.others);
  }

  /** Compares the other parties: agents, and a queue's address, may be in several calls at once. */
  #isOne(known: Dialogue, offered: Dialogue): boolean {
    const [one, other] = [this.#named(known), this.#named(offered)];
    if (one.all.size === 0 || other.all.size === 0) {
      return isUuid(offered.sessionGuid ?? '') && known.address === offered.address;
    }
    if (one.others.size === 0 || other.others.size === 0) return overlap(one.all, other.all);
    return isWithin(one.others, other.others) || isWithin(other.others, one.others);
  }

  /** Returns their user parts: a client may name one party by several of its own addresses. */
  #named({ parties, uccName }: Pick<Dialogue, 'uccName' | 'parties'>): {
    all: Set<string>;
    others: Set<string>;
  } {
    const { isUcc, isMember } = this.#rules;
    const all = new Set<string>();
    const others = new Set<string>();
    for (const aor of parties) {
      const key = partyKeys(aor).at(-1) ?? '';
      if (key === '' || anonymous.test(key) || isUcc(uriUser(aor) ?? '')) continue;
      all.add(key);
      if (!isMember(uccName, aor)) others.add(key);
    }
    return { all, others };
  }
}

function overlap(one: ReadonlySet<string>, other: ReadonlySet<string>): boolean {
  return [...one].some((key) => other.has(key));
}

function isWithin(one: ReadonlySet<string>, other: ReadonlySet<string>): boolean {
  return [...one].every((key) => other.has(key));
}
