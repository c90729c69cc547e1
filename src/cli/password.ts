import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { ConfigError } from '../config/config-error.ts';
import { checkPassword } from '../domain/people-register.ts';

/**
 * A new password: asked for twice, unseen, at a terminal; else one line of standard input. Never an
 * argument, which every process of the machine can read.
 * @throws PersonSettingsError for one that is too short or too long, ConfigError for one that is
 * not typed twice alike
 */
export async function askPassword(): Promise<string> {
  const isTerminal = process.stdin.isTTY === true;
  const lines = new HiddenLines(isTerminal);
  try {
    const password = await lines.ask('Password: ');
    checkPassword(password);
    if (isTerminal && (await lines.ask('Again: ')) !== password) {
      throw new ConfigError('the two passwords differ');
    }
    return password;
  } finally {
    lines.close();
  }
}

class HiddenLines {
  readonly #lines;

  constructor(isTerminal: boolean) {
    // Nothing of what is typed is written back.
    const output = new Writable({ write: (_chunk, _encoding, done) => done() });
    this.#lines = createInterface({ input: process.stdin, output, terminal: isTerminal });
  }

  async ask(prompt: string): Promise<string> {
    if (process.stdin.isTTY) process.stderr.write(prompt);
    const [line] = await Promise.race([
      once(this.#lines, 'line') as Promise<[string]>,
      once(this.#lines, 'close').then((): [string] => ['']),
    ]);
    if (process.stdin.isTTY) process.stderr.write('\n');
    return line;
  }

  close(): void {
    this.#lines.close();
  }
}
