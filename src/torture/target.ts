import { setTimeout as delay } from 'node:timers/promises';
import { nowMs } from '../simulator/verdict.ts';
import { markersInWav } from '../simulator/wav-markers.ts';

export interface TargetOptions {
  /** `http://127.0.0.1:8080` */
  readonly api: string;
  readonly uccName: string;
  readonly requester: string;
  /** Commands then go to v2. */
  readonly token: string | undefined;
  /** Where the audio of a call is, with `{correlationId}`; default: as Hush serves it. */
  readonly audioUrl: string | undefined;
}

interface ContractAnswer {
  readonly ErrorMessage: { readonly ErrorType: number; readonly Message: string } | null;
}

export interface CommandOutcome {
  readonly answeredAt: number;
  /** Tries that were not answered, or answered with ErrorType 3. */
  readonly retries: number;
}

/** Frames of a call's recordings, by stream tag and frame number. */
export type RecordedFrames = ReadonlyMap<number, ReadonlySet<number>>;

const RETRY_MS = 25;
const MAX_TRIES = 1_000;
const SETTLE_TRIES = 2_000;

/** What the kit asks of a recorder's API. */
export interface TortureTarget {
  readonly uccName: string;
  command(action: 'Pause' | 'Start', correlationId: string): Promise<CommandOutcome>;
  recordedFrames(correlationId: string): Promise<RecordedFrames>;
}

/** A recorder behind the Core REST Recording API, commanded as a payment system does. */
export class Target implements TortureTarget {
  readonly #options: TargetOptions;
  readonly #path: string;

  constructor(options: TargetOptions) {
    this.#options = options;
    const version = options.token === undefined ? '' : 'v2/';
    this.#path = `${options.api}/attendantservice/api/${version}recording`;
  }

  get uccName(): string {
    return this.#options.uccName;
  }

  async isUp(): Promise<boolean> {
    try {
      const url = `${this.#path}/capabilities/${this.#options.uccName}`;
      return (await fetch(url, { headers: this.#headers() })).status === 200;
    } catch {
      return false;
    }
  }

  /**
   * Asks until it is done: a recorder that is down, or answers ErrorType 3, is asked again. One
   * that is in that state already, as an earlier try has it that lost its answer, has done it.
   * @throws Error with what the recorder refuses
   */
  async command(action: 'Pause' | 'Start', correlationId: string): Promise<CommandOutcome> {
    const { uccName, requester } = this.#options;
    const body = JSON.stringify({
      ...{ Action: action, RequesterSipUri: requester, CorrelationId: correlationId },
      UCCName: uccName,
    });
    for (let retries = 0; retries < MAX_TRIES; retries += 1) {
      const answer = await this.#post(body);
      const error = answer?.ErrorMessage;
      const isDone = error === null || (retries > 0 && isThere(action, error?.Message));
      if (answer && isDone) return { answeredAt: nowMs(), retries };
      if (error && error.ErrorType !== 3) throw new Error(`${action}: ${error.Message}`);
      await delay(RETRY_MS);
    }
    throw new Error(`${action} was never carried out`);
  }

  /** Every recording of the correlation id, once all of them are settled. */
  async recordedFrames(correlationId: string): Promise<RecordedFrames> {
    const { audioUrl } = this.#options;
    if (audioUrl !== undefined) {
      const url = audioUrl.replaceAll('{correlationId}', correlationId);
      return framesIn([await this.#settledAudio(url)]);
    }
    return framesIn(await this.#hushAudio(correlationId));
  }

  async #hushAudio(correlationId: string): Promise<Buffer[]> {
    const { api } = this.#options;
    for (let tried = 0; tried < SETTLE_TRIES; tried += 1) {
      const url = `${api}/api/recordings?correlationId=${correlationId}`;
      const response = await fetch(url, { headers: this.#headers() });
      if (!response.ok) throw new Error(`GET ${url} was answered ${response.status}`);
      const { items } = (await response.json()) as { items: { id: string; status: string }[] };
      if (
        items.length > 0 &&
        items.every(({ status }) => status !== 'live' && status !== 'finishing')
      ) {
        return Promise.all(
          items
            .filter(({ status }) => status === 'kept')
            .map(({ id }) => this.#settledAudio(`${api}/api/recordings/${id}/audio`)),
        );
      }
      await delay(RETRY_MS);
    }
    throw new Error('a recording was never finished');
  }

  async #settledAudio(url: string): Promise<Buffer> {
    for (let tried = 0; tried < SETTLE_TRIES; tried += 1) {
      const response = await fetch(url, { headers: this.#headers() });
      if (response.ok) return Buffer.from(await response.arrayBuffer());
      await response.body?.cancel();
      await delay(RETRY_MS);
    }
    throw new Error(`${url} gives no audio`);
  }

  async #post(body: string): Promise<ContractAnswer | undefined> {
    try {
      const headers = { ...this.#headers(), 'Content-Type': 'application/json' };
      const response = await fetch(`${this.#path}/set`, { method: 'POST', headers, body });
      return (await response.json()) as ContractAnswer;
    } catch {
      return undefined;
    }
  }

  #headers(): Record<string, string> {
    const { token } = this.#options;
    return token === undefined ? {} : { Authorization: `Bearer ${token}` };
  }
}

/** The contract's own words for a state that a command would lead to (9 and 10). */
function isThere(action: 'Pause' | 'Start', message = ''): boolean {
  return message.includes(action === 'Pause' ? 'is Paused' : 'is Started');
}

function framesIn(wavs: readonly Buffer[]): RecordedFrames {
  const frames = new Map<number, Set<number>>();
  for (const wav of wavs) {
    for (const byTag of markersInWav(wav)) {
      for (const [tag, found] of byTag) {
        const known = frames.get(tag) ?? new Set();
        for (const index of found.keys()) known.add(index);
        frames.set(tag, known);
      }
    }
  }
  return frames;
}
