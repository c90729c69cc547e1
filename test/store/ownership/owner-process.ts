import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { OwnershipOptions } from '../../../src/store/ownership/ownership.ts';

export interface OwnerOptions extends OwnershipOptions {
  readonly withChild?: boolean;
}

interface Message {
  readonly owns?: boolean;
  readonly child?: number;
  readonly failed?: string;
  readonly lost?: string;
  readonly refused?: string | null;
  readonly sure?: boolean;
}

/** A process that owns a data folder, or was refused it. */
export class OwnerProcess {
  readonly #child: ChildProcess;
  readonly #messages: Message[] = [];
  readonly #exited: Promise<unknown[]>;
  #onMessage: () => void = () => undefined;

  private constructor(child: ChildProcess) {
    this.#child = child;
    this.#exited = once(child, 'exit');
    child.on('message', (message) => {
      this.#messages.push(message as Message);
      this.#onMessage();
    });
  }

  /** Resolves when it owns, or has been refused. */
  static async start(options: OwnerOptions): Promise<OwnerProcess> {
    const entry = fileURLToPath(new URL('./owner-entry.ts', import.meta.url));
    const owner = new OwnerProcess(fork(entry, [JSON.stringify(options)]));
    await owner.message(({ owns, failed }) => owns === true || failed !== undefined);
    return owner;
  }

  get pid(): number {
    return this.#child.pid as number;
  }
  get owns(): boolean {
    return this.#messages.some(({ owns }) => owns === true);
  }
  get failed(): string | undefined {
    return this.#messages.find(({ failed }) => failed !== undefined)?.failed;
  }
  get child(): number | undefined {
    return this.#messages.find(({ child }) => child !== undefined)?.child;
  }
  get hasLost(): boolean {
    return this.#messages.some(({ lost }) => lost !== undefined);
  }

  async lost(): Promise<string> {
    return (await this.message(({ lost }) => lost !== undefined)).lost ?? '';
  }

  /** Returns null if the commit succeeded, else the reason of its refusal. */
  async commit(): Promise<string | null> {
    const before = this.#messages.length;
    this.#child.send('commit');
    const answer = await this.message(({ refused }) => refused !== undefined, before);
    return answer.refused ?? null;
  }

  /** Returns true if, as far as it knows, nobody else can be the owner. */
  async isSure(): Promise<boolean> {
    const before = this.#messages.length;
    this.#child.send('sure?');
    return (await this.message(({ sure }) => sure !== undefined, before)).sure === true;
  }

  leave(): void {
    this.#child.send('leave');
  }

  /** Releases ownership; resolves with the exit code. */
  async end(): Promise<unknown> {
    if (this.#child.connected) this.#child.send('end');
    return (await this.#exited)[0];
  }

  async exitCode(): Promise<unknown> {
    return (await this.#exited)[0];
  }

  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.#child.kill(signal);
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    if (this.#child.exitCode === null && this.#child.signalCode === null) await this.#exited;
  }

  async message(matches: (message: Message) => boolean, from = 0): Promise<Message> {
    for (;;) {
      const found = this.#messages.slice(from).find(matches);
      if (found) return found;
      await new Promise<void>((resolve) => {
        this.#onMessage = resolve;
      });
    }
  }
}
