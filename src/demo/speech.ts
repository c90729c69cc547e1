import { readFileSync } from 'node:fs';

const FRAME_BYTES = 160;

/** A scripted conversation in mu-law, one file per party, 20 ms frames of 160 bytes. */
export interface Conversation {
  readonly name: string;
  readonly frames: number;
  readonly agent: Buffer;
  readonly caller: Buffer;
  /** Frames between which the caller reads out a card number. */
  readonly card: { readonly from: number; readonly to: number } | undefined;
}

interface Script {
  readonly name: string;
  readonly frames: number;
  readonly agentFile: string;
  readonly callerFile: string;
  readonly cardFromFrame?: number;
  readonly cardToFrame?: number;
}

export function loadConversations(): Conversation[] {
  const folder = new URL('./speech/', import.meta.url);
  const scripts = JSON.parse(readFileSync(new URL('scripts.json', folder), 'utf8')) as Script[];
  return scripts.map(({ name, frames, agentFile, callerFile, cardFromFrame, cardToFrame }) => ({
    name,
    frames,
    agent: readFileSync(new URL(agentFile, folder)),
    caller: readFileSync(new URL(callerFile, folder)),
    card:
      cardFromFrame === undefined || cardToFrame === undefined
        ? undefined
        : { from: cardFromFrame, to: cardToFrame },
  }));
}

/** Returns frame `index` of a party; after the last frame it starts again. */
export function frameOf(audio: Buffer, index: number): Uint8Array {
  const frame = index % Math.floor(audio.length / FRAME_BYTES);
  return audio.subarray(frame * FRAME_BYTES, (frame + 1) * FRAME_BYTES);
}
