import type { CallStream } from '../domain/call/call.ts';
import type { CallDescription } from '../domain/lifecycle/offered-media.ts';
import { isMixed, participantForLabel } from '../protocols/siprec/stream-participants.ts';
import type { RecordingMetadata } from '../protocols/siprec/types.ts';

/** Returns all parties that the metadata names by an address. */
export function partiesOf(metadata: RecordingMetadata | undefined): CallDescription['parties'] {
  return (metadata?.participants ?? []).flatMap(({ aor, name }) =>
    aor === undefined ? [] : [{ aor, name: name ?? null }],
  );
}

/** Returns the metadata's description of these streams and their call, as known by now. */
export function descriptionOf(
  metadata: RecordingMetadata | undefined,
  streams: readonly CallStream[],
): CallDescription {
  if (!metadata) return { parties: [], streams: [] };
  return {
    parties: partiesOf(metadata),
    streams: streams.map(({ track, label }) => ({
      track,
      aor: participantForLabel(metadata, label)?.aor ?? null,
      mixed: isMixed(metadata, label),
    })),
  };
}
