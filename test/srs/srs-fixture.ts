import { afterEach, beforeEach } from 'vitest';
import type { Config } from '../../src/config/schema.ts';
import { type HushOptions, TestHush } from '../support/hush/hush.ts';
import { SrsClient } from './srs-client.ts';

/** A Hush and a client of it, both new for every test. */
export class SrsFixture {
  #running: { hush: TestHush; client: SrsClient } | undefined;

  constructor(options: (() => HushOptions) | undefined = undefined) {
    beforeEach(() => this.#open(options?.() ?? {}));
    afterEach(() => this.#close());
  }

  get hush(): TestHush {
    return this.#get().hush;
  }
  get client(): SrsClient {
    return this.#get().client;
  }

  /** Replaces the Hush by one with another configuration. */
  async configure(config: (config: Config) => Config): Promise<void> {
    await this.#close();
    await this.#open({ config });
  }

  /** The value of a metric, 0 before it was counted; `name{label="value"}`. */
  async metric(name: string): Promise<number> {
    const text = await (await fetch(`${this.hush.api}/metrics`)).text();
    const line = text.split('\n').find((other) => other.startsWith(`${name} `));
    return line === undefined ? 0 : Number(line.slice(name.length + 1));
  }

  // biome-ignore lint/suspicious/noExplicitAny: tests look into whatever JSON came.
  async calls(): Promise<any[]> {
    return (await this.hush.get('/api/calls')).items;
  }

  // biome-ignore lint/suspicious/noExplicitAny: tests look into whatever JSON came.
  async recording(correlationId: string): Promise<any> {
    await this.hush.settled(correlationId);
    return this.hush.get(`/api/recordings/${correlationId}`);
  }

  #get() {
    if (!this.#running) throw new Error('no Hush is running');
    return this.#running;
  }

  async #open(options: HushOptions): Promise<void> {
    const hush = await TestHush.start(options);
    this.#running = { hush, client: await SrsClient.open(hush) };
  }

  async #close(): Promise<void> {
    const running = this.#running;
    this.#running = undefined;
    // Hush first: it says BYE, and waits for the client's answer.
    await running?.hush.remove();
    await running?.client.close();
  }
}
