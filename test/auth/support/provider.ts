import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { exportJWK, generateKeyPair, type JWK } from 'jose';

const entry = fileURLToPath(new URL('./provider-entry.ts', import.meta.url));

export async function privateKey(kid: string): Promise<JWK> {
  const { privateKey: key } = await generateKeyPair('RS256', { extractable: true });
  return { ...(await exportJWK(key)), kid, alg: 'RS256', use: 'sig' };
}

/** A real OpenID provider in a process of its own. */
export class TestProvider {
  readonly issuer: string;
  readonly #process: ChildProcess;

  private constructor(process: ChildProcess, issuer: string) {
    this.#process = process;
    this.issuer = issuer;
  }

  /** The first key signs; all are published. */
  static async start(keys: (JWK | undefined)[], claims: object, port = 0): Promise<TestProvider> {
    const asked = JSON.stringify({ port, keys, claims });
    const process = fork(entry, [asked], { silent: true });
    const issuer = await new Promise<string>((resolve, reject) => {
      process.once('message', (told) => resolve(String(told)));
      process.once('exit', (code) => reject(new Error(`the provider ended with ${code}`)));
    });
    return new TestProvider(process, issuer);
  }

  async stop(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const gone = new Promise((resolve) => this.#process.once('exit', resolve));
    this.#process.kill('SIGKILL');
    await gone;
  }
}
