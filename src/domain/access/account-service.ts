import { randomBytes } from 'node:crypto';
import { parseRequesterUri } from '../identifiers/sip-uri.ts';
import {
  type Client,
  consoleClientId,
  personNamePattern,
  type User,
  type UserRecord,
} from '../model/account.ts';
import type { AuditRecord } from '../model/audit-record.ts';
import { type Role, roles } from '../model/principal.ts';
import { uccKey, uccNamePattern } from '../model/ucc.ts';
import type { AccountStore } from '../ports/account-store.ts';
import { hasCardNumber, hasCardNumberInUri } from '../redaction/card-numbers.ts';
import { auditedChange, SECRET_CHANGED } from './audit-change.ts';
import type { AuditedAction } from './audit-log.ts';

/** The settings make no valid user or client. The message is for the person who typed them. */
export class PersonSettingsError extends Error {
  override readonly name = 'PersonSettingsError';
}

/** The change would leave nobody who could add another admin. */
export class LastAdminError extends Error {
  override readonly name = 'LastAdminError';
  /** The refused attempt, for the audit log. */
  readonly attempt;

  /** @param action what was tried: `user remove ada` */
  constructor(action: string) {
    super('this is the last admin: make another one first');
    this.attempt = { action, outcome: 'refused', reason: 'lastAdmin' } as const;
  }
}

export interface UserSettings {
  readonly roles: readonly string[];
  /** `*` means all UCCs. */
  readonly uccs?: readonly string[];
  readonly sipUri?: string | null;
  /** Password of a new user, or the replacement for the existing one. */
  readonly password?: string;
}

export interface AccountServicePorts {
  readonly people: AccountStore;
  hashPassword(password: string): Promise<string>;
  hashSecret(secret: string): Promise<string>;
  /** Resolves when earlier grants are no longer valid; it never rejects. */
  changed?(): Promise<void>;
  /** Unix ms */
  now(): number;
}

/** Builds the audit row of a change: who did it, `user add eva`, and which values differ. */
export type Entry = (action: string, change: AuditedAction['change']) => AuditRecord;

export const MIN_PASSWORD_CHARACTERS = 12;
/** Length in UTF-8. */
export const MAX_PASSWORD_BYTES = 128;
const SECRET_BYTES = 32;
const CARD_NUMBER = 'a name, UCC or address holds what looks like a card number';
const personName = new RegExp(personNamePattern);
const uccName = new RegExp(uccNamePattern);

/** Adds, changes and removes users and clients of the embedded issuer, for every surface. */
export class AccountService {
  readonly #ports: AccountServicePorts;
  /** Serialises changes: two at once could leave no admin. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(ports: AccountServicePorts) {
    this.#ports = ports;
  }

  user(name: string): Promise<User | undefined> {
    return this.#ports.people.user(name);
  }

  users(): Promise<User[]> {
    return this.#ports.people.users();
  }

  clients(): Promise<Client[]> {
    return this.#ports.people.clients();
  }

  /**
   * Adds a user, or replaces the settings of one, whose earlier grants then end.
   * @throws PersonSettingsError, LastAdminError
   */
  saveUser(name: string, settings: UserSettings, entry: Entry): Promise<SavedUser> {
    return this.#exclusively(() => this.#saveUser(name, settings, entry));
  }

  async #saveUser(name: string, settings: UserSettings, entry: Entry): Promise<SavedUser> {
    const checked = checkUser(name, settings);
    const { password } = settings;
    if (password !== undefined) checkPassword(password);
    const { people, hashPassword, now } = this.#ports;
    const before = await people.user(name);
    if (!before && password === undefined) {
      throw new PersonSettingsError('a new user needs a password');
    }
    if (before && !checked.roles.includes('admin')) {
      await this.#requireAnotherAdmin(before, `user change ${checked.name}`);
    }
    const passwordHash =
      password === undefined ? (before?.passwordHash ?? '') : await hashPassword(password);
    const user = { ...checked, passwordHash, createdAt: before?.createdAt ?? now() };
    const verb = !before ? 'add' : password === undefined ? 'change' : 'change and passwd';
    const change = auditedChange(before && userState(before), userState(user, password));
    await people.saveUser(user, entry(`user ${verb} ${checked.name}`, change));
    return { user, isNew: !before };
  }

  /** Returns false when there is no such user. @throws PersonSettingsError */
  changePassword(name: string, password: string, entry: Entry): Promise<boolean> {
    checkPassword(password);
    return this.#exclusively(async () => {
      const { people, hashPassword } = this.#ports;
      const user = await people.user(name);
      if (!user) return false;
      const passwordHash = await hashPassword(password);
      const change = auditedChange({}, { password: SECRET_CHANGED });
      await people.saveUser({ ...user, passwordHash }, entry(`user passwd ${user.name}`, change));
      return true;
    });
  }

  /**
   * Removes the user and ends all its grants; returns false when there is no such user.
   * @throws LastAdminError unless `evenTheLastAdmin`
   */
  removeUser(
    name: string,
    entry: Entry,
    { evenTheLastAdmin = false }: { readonly evenTheLastAdmin?: boolean } = {},
  ): Promise<boolean> {
    return this.#exclusively(async () => {
      const { people } = this.#ports;
      const user = await people.user(name);
      if (!user) return false;
      if (!evenTheLastAdmin) await this.#requireAnotherAdmin(user, `user remove ${user.name}`);
      const change = auditedChange(userState(user), undefined);
      return people.removeUser(name, entry(`user remove ${user.name}`, change));
    });
  }

  /** Adds a client or renews its secret, which is shown once. @throws PersonSettingsError */
  async saveClient(id: string, entry: Entry): Promise<SavedClient> {
    if (!personName.test(id)) {
      throw new PersonSettingsError('a client id has 1 to 64 letters, digits and . _ @ + -');
    }
    if (hasCardNumber(id)) throw new PersonSettingsError(CARD_NUMBER);
    if (id === consoleClientId) {
      throw new PersonSettingsError(`${id} is the console, which has no secret`);
    }
    return this.#exclusively(async () => {
      const { people, hashSecret, now } = this.#ports;
      const secret = randomBytes(SECRET_BYTES).toString('base64url');
      const before = await people.client(id);
      const createdAt = before?.createdAt ?? now();
      const client = { id, secretHash: await hashSecret(secret), createdAt };
      const change = auditedChange(before && { id }, { id, secret: SECRET_CHANGED });
      const verb = before ? 'new secret' : 'add';
      await people.saveClient(client, entry(`client ${verb} ${id}`, change));
      return { secret, isNew: !before };
    });
  }

  removeClient(id: string, entry: Entry): Promise<boolean> {
    const change = auditedChange({ id }, undefined);
    return this.#exclusively(() =>
      this.#ports.people.removeClient(id, entry(`client remove ${id}`, change)),
    );
  }

  /** @throws LastAdminError */
  async #requireAnotherAdmin({ name, roles: held }: User, action: string): Promise<void> {
    if (!held.includes('admin')) return;
    const users = await this.#ports.people.users();
    const isAnother = (other: User): boolean =>
      other.name !== name && other.roles.includes('admin');
    if (!users.some(isAnother)) throw new LastAdminError(action);
  }

  /** Runs changes one at a time, each in force once it is answered. */
  #exclusively<Result>(change: () => Promise<Result>): Promise<Result> {
    const work = async (): Promise<Result> => {
      const result = await change();
      await this.#ports.changed?.();
      return result;
    };
    const done = this.#last.then(work, work);
    this.#last = done.catch(() => undefined);
    return done;
  }
}

interface SavedClient {
  readonly secret: string;
  readonly isNew: boolean;
}

interface SavedUser {
  readonly user: UserRecord;
  readonly isNew: boolean;
}

/** Returns the fields of a user that the audit log may hold. */
function userState({ roles: held, uccs, sipUri }: UserRecord, password?: string) {
  const secret = password === undefined ? {} : { password: SECRET_CHANGED };
  return { roles: held, uccs, sipUri, ...secret };
}

/** Returns the settings as they are stored. @throws PersonSettingsError */
export function checkUser(name: string, { roles: named, uccs = [], sipUri = null }: UserSettings) {
  if (!personName.test(name)) {
    throw new PersonSettingsError('a user name has 1 to 64 letters, digits and . _ @ + -');
  }
  if ([name, ...uccs].some(hasCardNumber)) throw new PersonSettingsError(CARD_NUMBER);
  if (sipUri !== null && hasCardNumberInUri(sipUri)) throw new PersonSettingsError(CARD_NUMBER);
  const unknown = named.find((role) => !(roles as readonly string[]).includes(role));
  if (unknown !== undefined) {
    throw new PersonSettingsError(`${unknown} is no role: ${roles.join(', ')}`);
  }
  const held: Role[] = roles.filter((role) => named.includes(role));
  if (held.length === 0) throw new PersonSettingsError('a user has a role');
  const badUcc = uccs.find((one) => one !== '*' && !uccName.test(one));
  if (badUcc !== undefined) throw new PersonSettingsError(`${badUcc} is no name of a UCC`);
  const uri = sipUri === null ? null : (parseRequesterUri(sipUri) ?? undefined);
  if (uri === undefined) throw new PersonSettingsError(`${sipUri} is no SIP or tel URI`);
  if (held.includes('agent') && uri === null) {
    throw new PersonSettingsError('an agent commands as itself only: give its SIP URI');
  }
  return { name: name.toLowerCase(), roles: held, uccs: uccs.map(uccKey), sipUri: uri };
}

/** @throws PersonSettingsError */
export function checkPassword(password: string): void {
  if ([...password].length < MIN_PASSWORD_CHARACTERS) {
    const words = `a password has at least ${MIN_PASSWORD_CHARACTERS} characters`;
    throw new PersonSettingsError(words);
  }
  if (Buffer.byteLength(password) > MAX_PASSWORD_BYTES) {
    throw new PersonSettingsError(`a password has at most ${MAX_PASSWORD_BYTES} bytes`);
  }
}
