import { setTimeout as delay } from 'node:timers/promises';
import { nowMs } from '../simulator/verdict.ts';
import { type FoundFrames, findFramesBetween } from './found-frames.ts';

export interface TargetOptions {
  /** `http://127.0.0.1:8080` */
  readonly api: string;
  readonly uccName: string;
  readonly requester: string;
  /** Commands then go to v2. */
  readonly token: string | undefined;
  /** URL of a call's audio, with `{correlationId}`; default: as Hush serves it. */
  readonly audioUrl: string | undefined;
  /** Time during which a command is retried; default 30 s. */
  readonly commandTimeoutMs?: number;
}

export type Action = 'Pause' | 'Start' | 'Save' | 'Delete';

/** The call that a command is for. */
export interface Commanded {
  readonly correlationId: string;
  readonly uccName: string;
}

interface ContractAnswer {
  readonly ErrorMessage: { readonly ErrorType: number; readonly Message: string } | null;
}

export interface CommandOutcome {
  readonly answeredAt: number;
  /** Attempts that were not answered, or answered with ErrorType 3. */
  readonly retries: number;
}

interface Recording {
  readonly id: string;
  readonly status: string;
}

const RETRY_MS = 25;
const COMMAND_TIMEOUT_MS = 30_000;
/** Timeout of one attempt; a recorder that answers later is asked again. */
const TRY_TIMEOUT_MS = 5_000;
const LEASE_OWNER = 'torture';
const LEASE_TTL_MS = 60_000;
const SETTLE_TIMEOUT_MS = 30_000;

/** The kit's requests to a recorder's API. */
export interface TortureTarget {
  readonly uccName: string;
  command(action: Action, call: Commanded): Promise<CommandOutcome>;
  /** Pauses of an owner's own; undefined where there are none. @returns when it was answered */
  readonly leases?:
    | {
        take(correlationId: string): Promise<number>;
        release(correlationId: string): Promise<number>;
      }
    | undefined;
  /** Returns every playable frame of any recording of the correlation id, once it is settled. */
  foundFrames(correlationId: string): Promise<FoundFrames>;
}

/** Every frame of a call's recordings, and the recordings' ids. */
export interface SettledAudio {
  readonly found: FoundFrames;
  readonly ids: readonly string[];
}

/** A recorder behind the Core REST Recording API, commanded as a payment system does. */
export class Target implements TortureTarget {
  readonly options: TargetOptions;
  readonly #path: string;

  constructor(options: TargetOptions) {
    this.options = options;
    const version = options.token === undefined ? '' : 'v2/';
    this.#path = `${options.api}/attendantservice/api/${version}recording`;
  }

  get uccName(): string {
    return this.options.uccName;
  }

  async isUp(): Promise<boolean> {
    try {
      const url = `${this.#path}/capabilities/${this.options.uccName}`;
      return (await this.#fetch(url)).status === 200;
    } catch {
      return false;
    }
  }

  /**
   * Repeats a command until it is done: a recorder that is down, or answers ErrorType 3, is asked
   * again. One already in that state, because an earlier attempt lost its answer, has done it.
   * @throws Error with the recorder's refusal
   */
  async command(action: Action, { correlationId, uccName }: Commanded): Promise<CommandOutcome> {
    const { requester, commandTimeoutMs = COMMAND_TIMEOUT_MS } = this.options;
    const body = JSON.stringify({
      Action: action,
      RequesterSipUri: requester,
      CorrelationId: correlationId,
      UCCName: uccName,
    });
    const until = performance.now() + commandTimeoutMs;
    for (let retries = 0; performance.now() < until; retries += 1) {
      const answer = await this.#post(body);
      const error = answer?.ErrorMessage;
      const isDone = error === null || (retries > 0 && isThere(action, error?.Message));
      if (answer && isDone) return { answeredAt: nowMs(), retries };
      if (error && error.ErrorType !== 3) throw new Error(`${action}: ${error.Message}`);
      await delay(RETRY_MS);
    }
    throw new Error(`${action} was never carried out`);
  }

  get leases(): TortureTarget['leases'] {
    if (this.options.audioUrl !== undefined) return undefined;
    return {
      take: (id) => this.#lease('POST', id, { owner: LEASE_OWNER, ttlMs: LEASE_TTL_MS }),
      release: (id) => this.#lease('DELETE', id),
    };
  }

  /** Repeats the request until it is done, as `command` does. */
  async #lease(method: string, correlationId: string, body?: object): Promise<number> {
    const owner = body ? '' : `/${LEASE_OWNER}`;
    const url = `${this.options.api}/api/calls/${correlationId}/pauses${owner}`;
    const headers = body ? { 'Content-Type': 'application/json' } : {};
    const init = body ? { method, headers, body: JSON.stringify(body) } : { method };
    const until = performance.now() + (this.options.commandTimeoutMs ?? COMMAND_TIMEOUT_MS);
    for (let retries = 0; ; retries += 1) {
      const status = await this.#fetch(url, init).then(
        (response) => response.status,
        () => undefined,
      );
      const isGone = status === 404 && method === 'DELETE' && retries > 0;
      if (isGone || (status !== undefined && status < 300)) return nowMs();
      const mayRetry = status === undefined || status === 503;
      if (!mayRetry || performance.now() > until) {
        throw new Error(`${method} of a lease was answered ${status ?? 'not at all'}`);
      }
      await delay(RETRY_MS);
    }
  }

  async foundFrames(correlationId: string): Promise<FoundFrames> {
    const { audioUrl } = this.options;
    if (audioUrl === undefined) return (await this.settledAudio(correlationId)).found;
    const found: FoundFrames = new Map();
    const url = audioUrl.replaceAll('{correlationId}', correlationId);
    await findFramesBetween(await this.#settled(url), 0, found);
    return found;
  }

  /** Returns frames of every recording that gives any audio, whatever its status; Hush alone. */
  async settledAudio(correlationId: string): Promise<SettledAudio> {
    const until = performance.now() + SETTLE_TIMEOUT_MS;
    for (;;) {
      const recordings = await this.recordings(correlationId);
      const areOver = recordings.length > 0 && recordings.every(isOver);
      if (areOver) {
        const wavs = await Promise.all(recordings.map((recording) => this.#audioOf(recording)));
        const isSettled = wavs.every((wav, at) => wav || recordings[at]?.status !== 'kept');
        if (isSettled) return { found: await framesOf(wavs), ids: recordings.map(({ id }) => id) };
      }
      if (performance.now() > until) throw new Error('a recording was never finished');
      await delay(RETRY_MS);
    }
  }

  /** Returns Hush's answer to a GET. */
  async get<Answer>(path: string): Promise<Answer> {
    const response = await this.#fetch(this.options.api + path);
    if (!response.ok) throw new Error(`GET ${path} was answered ${response.status}`);
    return (await response.json()) as Answer;
  }

  async recordings(correlationId: string): Promise<Recording[]> {
    const path = `/api/recordings?correlationId=${correlationId}`;
    return (await this.get<{ items: Recording[] }>(path)).items;
  }

  async #audioOf({ id }: Recording): Promise<Buffer | undefined> {
    const response = await this.#fetch(`${this.options.api}/api/recordings/${id}/audio`);
    if (response.ok) return Buffer.from(await response.arrayBuffer());
    await response.body?.cancel();
    return undefined;
  }

  async #settled(url: string): Promise<Buffer> {
    const until = performance.now() + SETTLE_TIMEOUT_MS;
    while (performance.now() < until) {
      const response = await this.#fetch(url);
      if (response.ok) return Buffer.from(await response.arrayBuffer());
      await response.body?.cancel();
      await delay(RETRY_MS);
    }
    throw new Error(`${url} gives no audio`);
  }

  async #post(body: string): Promise<ContractAnswer | undefined> {
    try {
      const headers = { 'Content-Type': 'application/json' };
      const response = await this.#fetch(`${this.#path}/set`, { method: 'POST', headers, body });
      return (await response.json()) as ContractAnswer;
    } catch {
      return undefined;
    }
  }

  #fetch(url: string, init: RequestInit = {}): Promise<Response> {
    const { token } = this.options;
    const authorization = token === undefined ? {} : { Authorization: `Bearer ${token}` };
    const headers = { ...authorization, ...(init.headers as Record<string, string> | undefined) };
    return fetch(url, { ...init, headers, signal: AbortSignal.timeout(TRY_TIMEOUT_MS) });
  }
}

/** Recognises the contract's messages for a state already reached (9 and 10). */
function isThere(action: Action, message = ''): boolean {
  const state = { Pause: 'is Paused', Start: 'is Started', Save: 'is Save', Delete: 'is Delete' };
  return message.includes(state[action]);
}

async function framesOf(wavs: readonly (Buffer | undefined)[]): Promise<FoundFrames> {
  const found: FoundFrames = new Map();
  for (const [recording, wav] of wavs.entries()) {
    if (wav) await findFramesBetween(wav, recording, found);
  }
  return found;
}

/** Returns false while it is written, or settled, and does not show what is playable. */
function isOver({ status }: Recording): boolean {
  return status !== 'live' && status !== 'finishing';
}
