import { closeSync, constants, fstatSync, openSync, readFileSync, statSync } from 'node:fs';
import { createSecureContext, type SecureVersion } from 'node:tls';

/** Interval at which certificate and key are checked: renewal replaces files or links. */
export const CERTIFICATE_CHECK_MS = 10_000;

/** PEM files. */
export interface CertificateFiles {
  readonly certFile: string;
  readonly keyFile: string;
  /** Authorities that must have signed a peer's certificate; without one it is refused. */
  readonly caFile?: string | undefined;
  readonly minVersion: SecureVersion;
}

/** Options for Node's TLS. */
export interface CertificateOptions {
  readonly cert: Buffer;
  readonly key: Buffer;
  readonly minVersion: SecureVersion;
  readonly ca?: Buffer;
  readonly requestCert?: true;
  readonly rejectUnauthorized?: true;
}

/** A certificate and its key, renewed in place. */
export class Certificate {
  readonly #files: CertificateFiles;
  readonly #onError: (cause: unknown) => void;
  readonly #timer: NodeJS.Timeout;
  readonly #takers: ((options: CertificateOptions) => void)[] = [];
  #options: CertificateOptions;
  #seen: string;

  /** @throws Error naming the unreadable file */
  constructor(files: CertificateFiles, onError: (cause: unknown) => void) {
    this.#files = files;
    this.#onError = onError;
    this.#options = read(files);
    this.#seen = stateOf(files);
    this.#timer = setInterval(() => this.#look(), CERTIFICATE_CHECK_MS).unref();
  }

  get options(): CertificateOptions {
    return this.#options;
  }

  /** Calls `take` with newly read options; it may throw at a pair that does not match. */
  onChange(take: (options: CertificateOptions) => void): void {
    this.#takers.push(take);
  }

  /** Reads the files now; unreadable or mismatched ones leave the old ones in use. */
  reload(): void {
    try {
      const options = read(this.#files);
      for (const take of this.#takers) take(options);
      this.#options = options;
    } catch (cause) {
      this.#onError(cause);
    }
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const now = stateOf(this.#files);
    if (now === this.#seen) return;
    this.#seen = now;
    this.reload();
  }
}

/** Opening a pipe would otherwise wait for a writer, and nothing would end the process. */
function readRegular(file: string): Buffer {
  const descriptor = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    if (!fstatSync(descriptor).isFile()) throw new Error(`${file} is not a file`);
    return readFileSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function read({ certFile, keyFile, caFile, minVersion }: CertificateFiles): CertificateOptions {
  const pair = { cert: readRegular(certFile), key: readRegular(keyFile), minVersion };
  const ca = caFile === undefined ? undefined : readRegular(caFile);
  // Refuses what is no certificate, and a key of another one, before anybody takes them.
  createSecureContext({ ...pair, ca });
  if (ca === undefined) return pair;
  return { ...pair, ca, requestCert: true, rejectUnauthorized: true };
}

/** Resolves the paths, because links may be swapped without a file being touched. */
function stateOf({ certFile, keyFile, caFile }: CertificateFiles): string {
  return [certFile, keyFile, ...(caFile === undefined ? [] : [caFile])]
    .map((file) => {
      const found = statSync(file, { throwIfNoEntry: false });
      return found ? `${found.ino} ${found.mtimeMs} ${found.size}` : '';
    })
    .join();
}
