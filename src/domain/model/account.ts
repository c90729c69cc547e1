import type { Role } from './principal.ts';

/** A person who signs in with the embedded issuer. */
export interface User {
  /** Lower case; compared without regard to case. */
  readonly name: string;
  /** `scrypt$N$r$p$salt$hash`, salt and hash in base64url. */
  readonly passwordHash: string;
  readonly roles: readonly Role[];
  /** UCC names, or `*` for all of them. */
  readonly uccs: readonly string[];
  /** Address that the user speaks as. */
  readonly sipUri: string | null;
  /** Raised when earlier grants become invalid: a new password or role, removal. */
  readonly generation: number;
  /** Unix ms */
  readonly createdAt: number;
}

/** A program that requests tokens: `coreapi`. */
export interface Client {
  readonly id: string;
  readonly secretHash: string;
  /** Raised by a new secret, and by removal. */
  readonly generation: number;
  /** Unix ms */
  readonly createdAt: number;
}

/** Client name in tokens of the console, which has no secret and cannot be added. */
export const consoleClientId = 'hush-console';

/** 1 to 64 characters that form, log and command line carry unescaped. */
export const personNamePattern = '^[A-Za-z0-9][A-Za-z0-9._@+-]{0,63}$';

/** The store raises generations. */
export type UserRecord = Omit<User, 'generation'>;
export type ClientRecord = Omit<Client, 'generation'>;
