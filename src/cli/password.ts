import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { ConfigError } from '../config/config-error.ts';
import { checkPassword } from '../domain/access/account-service.ts';

/**
 * A new password: asked for twice, unseen, at a terminal; else one line of standard input. Never an
 * argument, which every process of the machine can read.
 * @throws PersonSettingsError for one that is too short or too long, ConfigError for one that is
 * not typed twice alike
 */
export async function askPassword(): Promise<string> {
  const lines = new AskedLines();
  try {
    const password = await lines.ask('Password: ', 'hidden');
    checkPassword(password);
    if (lines.isTerminal && (await lines.ask('Again: ', 'hidden')) !== password) {
      throw new ConfigError('the two passwords differ');
    }
    return password;
  } finally {
    lines.close();
  }
}

/** Name and password of somebody who signs in; else two lines of standard input. */
export async function askSignIn(): Promise<{ readonly name: string; readonly password: string }> {
  const lines = new AskedLines();
  try {
    const name = (await lines.ask('User: ', 'shown')).trim();
    return { name, password: await lines.ask('Password: ', 'hidden') };
  } finally {
    lines.close();
  }
}

/** Lines of standard input, one after the other, whether a person types them or they are there. */
class AskedLines {
  readonly isTerminal = process.stdin.isTTY === true;
  readonly #lines;
  readonly #waiting: string[] = [];
  #isHidden = false;
  #isOver = false;

  constructor() {
    // Nothing of a password is written back.
    const output = new Writable({
      write: (chunk, _encoding, done) => {
        if (!this.#isHidden) process.stderr.write(chunk);
        done();
      },
    });
    this.#lines = createInterface({ input: process.stdin, output, terminal: this.isTerminal });
    this.#lines.on('line', (line) => this.#waiting.push(line));
    this.#lines.once('close', () => {
      this.#isOver = true;
    });
  }

  async ask(prompt: string, how: 'shown' | 'hidden'): Promise<string> {
    if (this.isTerminal) process.stderr.write(prompt);
    this.#isHidden = how === 'hidden' || !this.isTerminal;
    if (this.#waiting.length === 0 && !this.#isOver) {
      await Promise.race([once(this.#lines, 'line'), once(this.#lines, 'close')]);
    }
    if (this.isTerminal && how === 'hidden') process.stderr.write('\n');
    return this.#waiting.shift() ?? '';
  }

  close(): void {
    this.#lines.close();
  }
}
