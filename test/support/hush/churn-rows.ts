import { setTimeout as delay } from 'node:timers/promises';
import type pg from 'pg';
import { markersInWav } from '../../../src/simulator/wav-markers.ts';
import type { MarkerCall } from '../calls.ts';
import { ucc } from './hush.ts';

/** A command of the contract, and its answer. */
export interface Said {
  readonly correlationId: string;
  readonly action: string;
  /** Undefined if it was refused. */
  readonly sequence: number | undefined;
  readonly errorType: number | undefined;
  readonly askedAtMs: number;
  readonly answeredAtMs: number;
}

export interface ChurnRowsParts {
  readonly api: string;
  readonly calls: readonly MarkerCall[];
  readonly said: readonly Said[];
  query<Row extends pg.QueryResultRow>(text: string): Promise<Row[]>;
}

/** Failed notifications are repeated at least this often. */
const RETOLD_MS = 35_000;

/** Compares the answers to commands with the rows and the audio. */
export class ChurnRows {
  readonly #parts: ChurnRowsParts;

  constructor(parts: ChurnRowsParts) {
    this.#parts = parts;
  }

  /** Compares row by row; notifications that failed are repeated within half a minute. */
  async compared() {
    const until = performance.now() + RETOLD_MS;
    for (;;) {
      const found = await this.#differences();
      const isTrue = [found.lost, found.unsaid, found.untrue].every(({ length }) => length === 0);
      if (isTrue || performance.now() > until) return found;
      await delay(500);
    }
  }

  async #differences() {
    const details = await this.#parts.query<{
      sequence: string;
      detail: string;
      correlation_id: string;
    }>('select sequence, detail, correlation_id from "UCC_CallDetail"');
    const events = await this.#parts.query<{ sequence: string }>(
      "select sequence from events where type = 'recordingStateChanged'",
    );
    const told = new Set(events.map(({ sequence }) => Number(sequence)));
    const rows = new Map(details.map((row) => [Number(row.sequence), row]));
    const acknowledged = this.#parts.said.filter(({ sequence }) => sequence !== undefined);
    const known = new Set(acknowledged.map(({ sequence }) => sequence));
    const lost = acknowledged.flatMap(({ sequence = 0, action, correlationId }) => {
      const row = rows.get(sequence);
      const isThere =
        row?.detail === `RecorderSetTo${action}ByAgent` && row.correlation_id === correlationId;
      return isThere && told.has(sequence) ? [] : [`${action} ${sequence}`];
    });
    const unsaid = [...rows]
      .filter(([sequence]) => !known.has(sequence))
      .map(([sequence, { detail }]) => `${detail} ${sequence}`);
    return { lost, unsaid, untrue: await this.#untruths() };
  }

  async #untruths(): Promise<string[]> {
    const calls = await this.#parts.query<{ correlation_id: string; recording_state: number }>(
      "select correlation_id, recording_state from calls where status = 'live'",
    );
    const stored = new Map(calls.map((row) => [row.correlation_id, row.recording_state]));
    const untruths: string[] = [];
    for (const { correlationId } of this.#parts.calls) {
      const path = `/attendantservice/api/recording/${ucc}/${correlationId}`;
      const said = await fetch(this.#parts.api + path).then((response) => response.json());
      const { RecordingState } = said as { RecordingState: number };
      if (stored.get(correlationId) !== RecordingState) {
        untruths.push(`${correlationId}: ${RecordingState}, stored ${stored.get(correlationId)}`);
      }
    }
    return untruths;
  }

  async leaks(): Promise<number> {
    let leaks = 0;
    for (const call of this.#parts.calls) {
      await call.call.end();
      const path = `${this.#parts.api}/api/recordings/${call.correlationId}`;
      for (;;) {
        const recording = await fetch(path).then((response) => response.json());
        const { status } = recording as { status?: string };
        if (status !== undefined && !['live', 'finishing'].includes(status)) break;
        await delay(100);
      }
      const audio = Buffer.from(await (await fetch(`${path}/audio`)).arrayBuffer());
      const channels = markersInWav(audio);
      for (const { tag, sent } of call.streams) {
        leaks += sent.filter(
          ({ index, sentAtMs }) =>
            channels.some((byTag) => byTag.get(tag)?.has(index)) &&
            this.#isPaused(call.correlationId, sentAtMs),
        ).length;
      }
    }
    return leaks;
  }

  /**
   * True for a frame sent after the answer to a Pause and before any request that may have lifted
   * it.
   */
  #isPaused(correlationId: string, sentAtMs: number): boolean {
    const own = this.#parts.said.filter((said) => said.correlationId === correlationId);
    const pause = own.findLast(
      ({ action, sequence, answeredAtMs }) =>
        action === 'Pause' && sequence !== undefined && answeredAtMs < sentAtMs,
    );
    if (!pause) return false;
    const start = own.find(
      ({ action, askedAtMs }) => action === 'Start' && askedAtMs > pause.askedAtMs,
    );
    return start === undefined || sentAtMs < start.askedAtMs;
  }
}
