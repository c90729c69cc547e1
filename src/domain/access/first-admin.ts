import { createHash, randomInt, timingSafeEqual } from 'node:crypto';
import type { AccountService, Entry } from './account-service.ts';

/** Crockford's alphabet, without characters that look alike. */
const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
/** 100 random bits. */
const CODE_LENGTH = 20;
const GROUP_LENGTH = 5;
const MAX_TRIES = 10;

/** `over`: a user exists, or the code was tried too often. */
export type FirstAdminAnswer = 'made' | 'wrongCode' | 'over';

interface FirstAdminRequest {
  readonly code: string;
  readonly name: string;
  readonly password: string;
}

/**
 * Creates the first admin of a Hush without users, by a code written to its log, which only the
 * operator can read. The code works once, and only while there are no users.
 */
export class FirstAdmin {
  readonly #register: Pick<AccountService, 'users' | 'saveUser'>;
  #digest: Buffer | undefined;
  #triesLeft = MAX_TRIES;
  #last: Promise<unknown> = Promise.resolve();

  constructor(register: Pick<AccountService, 'users' | 'saveUser'>) {
    this.#register = register;
  }

  /** Returns a new code; undefined where there are users. */
  async offer(): Promise<string | undefined> {
    if ((await this.#register.users()).length > 0) return undefined;
    const letters = Array.from({ length: CODE_LENGTH }, () => alphabet[randomInt(alphabet.length)]);
    const code = letters.join('');
    this.#digest = digestOf(code);
    this.#triesLeft = MAX_TRIES;
    return code.replace(new RegExp(`.{${GROUP_LENGTH}}(?!$)`, 'g'), '$&-');
  }

  async isOffered(): Promise<boolean> {
    if (!this.#digest || this.#triesLeft === 0) return false;
    if ((await this.#register.users()).length === 0) return true;
    this.#digest = undefined;
    return false;
  }

  /**
   * Runs one at a time: a code makes one admin. @throws PersonSettingsError; the code stays good
   */
  take(request: FirstAdminRequest, entry: Entry): Promise<FirstAdminAnswer> {
    const take = (): Promise<FirstAdminAnswer> => this.#take(request, entry);
    const taken = this.#last.then(take, take);
    this.#last = taken;
    return taken;
  }

  async #take(
    { code, name, password }: FirstAdminRequest,
    entry: Entry,
  ): Promise<FirstAdminAnswer> {
    if (!(await this.isOffered()) || !this.#digest) return 'over';
    if (!timingSafeEqual(this.#digest, digestOf(code))) {
      this.#triesLeft -= 1;
      return 'wrongCode';
    }
    await this.#register.saveUser(name, { roles: ['admin'], uccs: ['*'], password }, entry);
    this.#digest = undefined;
    return 'made';
  }
}

/** Hashes the code without regard to case, hyphens, blanks and letters that look alike. */
function digestOf(code: string): Buffer {
  const plain = code.toUpperCase().replace(/[\s-]/g, '').replaceAll('O', '0').replace(/[IL]/g, '1');
  return createHash('sha256').update(plain).digest();
}
