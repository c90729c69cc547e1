import { createHash, randomBytes, scrypt, timingSafeEqual } from 'node:crypto';

/** RFC 7914; memory is 128 * N * r bytes. */
interface Cost {
  readonly N: number;
  readonly r: number;
  readonly p: number;
}

/** For passwords that people choose, as costly as OWASP recommends. */
const passwordCost: Cost = { N: 2 ** 15, r: 8, p: 3 };
const SALT_BYTES = 16;
const HASH_BYTES = 32;
const MAX_MEMORY_BYTES = 128 * 1024 * 1024;
const MAX_COST = 2 ** 20;
const MAX_WAITING = 64;

/** More concurrent sign-ins than can be hashed. */
export class HashingBusyError extends Error {
  override readonly name = 'HashingBusyError';
}

export interface Hasher {
  /** Returns false for a wrong text, and for a hash that is not ours. @throws HashingBusyError */
  verify(text: string, hash: string): Promise<boolean>;
}

export function hashPassword(password: string): Promise<string> {
  return hash(password, passwordCost);
}

/**
 * Hashes a secret that Hush made: its 256 random bits cannot be guessed, however cheap a guess is.
 * As it is cheap to verify, guesses of others delay no client.
 */
export async function hashSecret(secret: string): Promise<string> {
  const salt = randomBytes(SALT_BYTES);
  return `sha256$${salt.toString('base64url')}$${digest(secret, salt).toString('base64url')}`;
}

/**
 * Verifies a few hashes at a time; a bounded number waits. Hashes of secrets are verified at once.
 */
export class ScryptHasher implements Hasher {
  readonly #maxRunning: number;
  #running = 0;
  readonly #waiting: (() => void)[] = [];

  /** @param maxRunning threads of the pool (4) that also reads files: leave some of it */
  constructor(maxRunning: number) {
    this.#maxRunning = maxRunning;
  }

  async verify(text: string, stored: string): Promise<boolean> {
    const secret = /^sha256\$([\w-]{22})\$([\w-]{43})$/.exec(stored);
    if (secret) {
      const [salt, expected] = secret.slice(1).map((part) => Buffer.from(part, 'base64url'));
      return !!salt && !!expected && timingSafeEqual(digest(text, salt), expected);
    }
    const parsed = parse(stored);
    if (!parsed) return false;
    await this.#turn();
    try {
      const { cost, salt, hash: expected } = parsed;
      return timingSafeEqual(await derive(text, salt, cost), expected);
    } finally {
      this.#running -= 1;
      this.#waiting.shift()?.();
    }
  }

  async #turn(): Promise<void> {
    if (this.#running >= this.#maxRunning) {
      if (this.#waiting.length >= MAX_WAITING) throw new HashingBusyError('too many sign-ins');
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    this.#running += 1;
  }
}

async function hash(text: string, cost: Cost): Promise<string> {
  const salt = randomBytes(SALT_BYTES);
  const derived = await derive(text, salt, cost);
  const { N, r, p } = cost;
  return `scrypt$${N}$${r}$${p}$${salt.toString('base64url')}$${derived.toString('base64url')}`;
}

function digest(secret: string, salt: Buffer): Buffer {
  return createHash('sha256').update(salt).update(secret.normalize('NFC')).digest();
}

/** Derives from one Unicode form of the text, however a keyboard composed it (RFC 8265). */
function derive(text: string, salt: Buffer, cost: Cost): Promise<Buffer> {
  const options = { ...cost, maxmem: MAX_MEMORY_BYTES };
  return new Promise((resolve, reject) => {
    scrypt(text.normalize('NFC'), salt, HASH_BYTES, options, (error, derived) =>
      error ? reject(error) : resolve(derived),
    );
  });
}

function parse(stored: string): { cost: Cost; salt: Buffer; hash: Buffer } | undefined {
  const match = /^scrypt\$(\d{1,7})\$(\d{1,2})\$(\d{1,2})\$([\w-]{22})\$([\w-]{43})$/.exec(stored);
  if (!match) return undefined;
  const [N = 0, r = 0, p = 0] = match.slice(1, 4).map(Number);
  const isSane = N >= 2 && N <= MAX_COST && 128 * N * r < MAX_MEMORY_BYTES && p > 0;
  if (!isSane) return undefined;
  const [salt, derived] = [match[4] ?? '', match[5] ?? ''];
  return {
    cost: { N, r, p },
    salt: Buffer.from(salt, 'base64url'),
    hash: Buffer.from(derived, 'base64url'),
  };
}
