import type { Call, CallStream } from '../domain/call/call.ts';
import type { AcceptedStream, CallLifecycle } from '../domain/lifecycle/call-lifecycle.ts';
import type { SessionOffer } from '../domain/lifecycle/offered-media.ts';
import type { SrtpKeys } from '../domain/model/media-agreement.ts';
import type { MetadataFault } from '../domain/model/metadata-fault.ts';
import type { RecordingMetadata } from '../protocols/siprec/types.ts';
import type { MediaChoice } from './offer-answer.ts';
import { descriptionOf } from './participants.ts';

/** A stream of the session: its m-line, its track and its port. */
export interface SessionStream extends AcceptedStream {
  readonly index: number;
}

/** The m-lines of one recording session, and the call's streams behind them. */
export class SessionMedia {
  readonly #lifecycle: CallLifecycle;
  readonly #sessionId: string;
  #call: Call | undefined;
  #streams: SessionStream[] = [];

  constructor(lifecycle: CallLifecycle, sessionId: string) {
    this.#lifecycle = lifecycle;
    this.#sessionId = sessionId;
  }

  get call(): Call | undefined {
    return this.#call;
  }

  /** Index of the m-line of each track. */
  get lines(): { readonly track: number; readonly index: number }[] {
    return this.#streams.map(({ track, index }) => ({ track, index }));
  }

  /** Returns 0 for an m-line that has no stream. */
  portOf(index: number): number {
    return this.#at(index)?.port ?? 0;
  }

  streamAt(index: number): CallStream | undefined {
    const track = this.#at(index)?.track;
    return track === undefined ? undefined : this.#call?.streams.get(track);
  }

  keysOf(index: number): SrtpKeys | null {
    return this.streamAt(index)?.agreed.srtp ?? null;
  }

  /** Adds the first offer's streams to their call. Throws the errors of `CallLifecycle.offer`. */
  async begin(
    offer: Omit<SessionOffer, 'sessionId' | 'streams'>,
    choices: readonly MediaChoice[],
  ): Promise<void> {
    const streams = choices.map(({ stream }) => stream);
    const sessionId = this.#sessionId;
    const accepted = await this.#lifecycle.offer({ ...offer, streams, sessionId });
    this.#call = accepted.call;
    this.#streams = placed(accepted.streams, choices);
  }

  restore(call: Call, streams: readonly SessionStream[]): void {
    this.#call = call;
    this.#streams = streams.map(({ track, index, port }) => ({ track, index, port }));
  }

  /** Adds and removes streams, and holds, releases and changes them. */
  async apply(call: Call, choices: readonly MediaChoice[]): Promise<void> {
    const choiceAt = new Map(choices.map((choice) => [choice.index, choice]));
    // A track counts in one clock: audio on another one is another stream.
    const staying = this.#streams.filter(({ index, track }) => {
      const clockRate = choiceAt.get(index)?.stream.clockRate;
      return clockRate !== undefined && clockRate === call.streams.get(track)?.clockRate;
    });
    const gone = this.#streams.filter((stream) => !staying.includes(stream));
    if (gone.length > 0) {
      await this.#lifecycle.dropStreams(
        call,
        gone.map(({ track }) => track),
      );
    }
    await this.#lifecycle.updateStreams(
      call,
      staying.flatMap(({ index, track }) => {
        const choice = choiceAt.get(index);
        return choice ? [{ ...choice.stream, track }] : [];
      }),
    );
    this.#streams = staying;
    const fresh = choices.filter((one) => !staying.some(({ index }) => index === one.index));
    this.#streams = [...staying, ...(await this.#add(call, fresh))];
  }

  /** Describes who speaks in the session's streams, as known by now. */
  async describe(
    metadata: RecordingMetadata | undefined,
    metadataFaults: readonly MetadataFault[],
  ): Promise<void> {
    const call = this.#call;
    if (!call) return;
    const streams = this.#streams.flatMap(({ track }) => call.streams.get(track) ?? []);
    const description = descriptionOf(metadata, streams);
    await this.#lifecycle.describe(call, { ...description, metadataFaults });
  }

  #at(index: number): SessionStream | undefined {
    return this.#streams.find((stream) => stream.index === index);
  }

  async #add(call: Call, fresh: readonly MediaChoice[]): Promise<SessionStream[]> {
    if (fresh.length === 0) return [];
    const { streams } = await this.#lifecycle.offer({
      sessionId: this.#sessionId,
      uccName: call.uccName,
      correlationId: call.correlationId,
      streams: fresh.map(({ stream }) => stream),
      parties: [],
    });
    return placed(streams, fresh);
  }
}

function placed(
  streams: readonly AcceptedStream[],
  choices: readonly MediaChoice[],
): SessionStream[] {
  return streams.map((stream, at) => ({ ...stream, index: choices[at]?.index ?? at }));
}
