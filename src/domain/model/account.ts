import type { Role } from './principal.ts';

/** Somebody who signs in with the embedded issuer. */
export interface User {
  /** Lower case; compares without regard to case. */
  readonly name: string;
  /** `scrypt$N$r$p$salt$hash`, salt and hash in base64url. */
  readonly passwordHash: string;
  readonly roles: readonly Role[];
  /** UCC names, or `*` for all of them. */
  readonly uccs: readonly string[];
  /** Whom the user speaks as. */
  readonly sipUri: string | null;
  /** Raised when what was given to it before holds no longer: another password or role, removal. */
  readonly generation: number;
  /** Unix ms */
  readonly createdAt: number;
}

/** A program that asks for tokens: `coreapi`. */
export interface Client {
  readonly id: string;
  readonly secretHash: string;
  /** Raised by a new secret, and by removal. */
  readonly generation: number;
  /** Unix ms */
  readonly createdAt: number;
}

/** What tokens of the console name; nobody is asked for its secret, and nobody can add it. */
export const consoleClientId = 'hush-console';

/** 1 to 64 characters that form, log and command line carry unescaped. */
export const personNamePattern = '^[A-Za-z0-9][A-Za-z0-9._@+-]{0,63}$';

/** Generations are the store's to raise. */
export type UserRecord = Omit<User, 'generation'>;
export type ClientRecord = Omit<Client, 'generation'>;
