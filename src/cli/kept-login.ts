import {
  chmodSync,
  closeSync,
  fchmodSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  statSync,
  writeSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { createHush } from '../../client/src/hush.ts';
import { ConfigError } from '../config/config-error.ts';

/** The login that `hush login` stores for one Hush. */
export interface KeptLogin {
  readonly name: string;
  readonly token: string;
  /** Unix ms */
  readonly expiresAt: number;
  /** Good for further tokens, and for nothing else. */
  readonly renewalToken: string;
}

type Logins = Readonly<Record<string, KeptLogin>>;

/** A token that ends sooner is renewed before it is used. */
const MIN_LEFT_MS = 30_000;
const OTHERS = 0o077;

/** The token is sent to the Hush that gave it, and to no other. */
export function keptLogin(url: string): KeptLogin | undefined {
  return read()[originOf(url)];
}

export function keepLogin(url: string, login: KeptLogin): void {
  write({ ...read(), [originOf(url)]: login });
}

/** False: there was none. */
export function forgetLogin(url: string): boolean {
  const { [originOf(url)]: known, ...others } = read();
  if (known) write(others);
  return known !== undefined;
}

/** As it is, or a new one; where none can be had the old one, which Hush then refuses. */
export async function renewedToken(url: string): Promise<string> {
  const login = keptLogin(url);
  if (!login) return '';
  if (login.expiresAt - Date.now() > MIN_LEFT_MS) return login.token;
  const { renewalToken } = login;
  const answer = await createHush({ url }).request('POST /api/sign-in/refresh', {
    body: { renewalToken },
  });
  if (!answer.ok) {
    process.stderr.write('hush: the sign-in is over; sign in again: hush login\n');
    return login.token;
  }
  const { token, expiresInMs } = answer.value;
  keepLogin(url, { ...login, token, expiresAt: Date.now() + expiresInMs });
  return token;
}

function originOf(url: string): string {
  if (!URL.canParse(url))
    throw new ConfigError(`${url} is no address of Hush`, 'give it as http://127.0.0.1:8080');
  return new URL(url).origin;
}

export function loginFile(): string {
  const configHome = process.env.XDG_CONFIG_HOME || join(homedir(), '.config');
  return join(configHome, 'hush', 'login.json');
}

/** @throws ConfigError for a file that others may read, or that is none of ours */
function read(): Logins {
  const file = loginFile();
  let text: string;
  try {
    if ((statSync(file).mode & OTHERS) !== 0 && process.platform !== 'win32') {
      throw new ConfigError(`others may read ${file}`, 'chmod 600 it, or remove it');
    }
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw cause;
  }
  try {
    return JSON.parse(text) as Logins;
  } catch {
    throw new ConfigError(`${file} is no file of hush login`, 'remove it');
  }
}

/** Whole or not at all, and for its owner alone, whatever the umask. */
function write(logins: Logins): void {
  const file = loginFile();
  const folder = join(file, '..');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  chmodSync(folder, 0o700);
  const temporary = `${file}.${process.pid}`;
  const handle = openSync(temporary, 'w', 0o600);
  try {
    fchmodSync(handle, 0o600);
    writeSync(handle, `${JSON.stringify(logins, null, 2)}\n`);
  } finally {
    closeSync(handle);
  }
  renameSync(temporary, file);
}
