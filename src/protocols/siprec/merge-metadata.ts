import { MetadataError, type RecordingMetadata } from './types.ts';
import { MAX_METADATA_ELEMENTS, MAX_METADATA_PARTICIPANTS } from './xml-tree.ts';

/**
 * Returns the metadata after `update`: complete metadata replaces the known one, partial metadata
 * changes the objects it carries, identified by their ids (RFC 7865 section 6.1). Throws
 * MetadataError when that is more than one document could hold; neither argument is changed.
 */
export function mergeMetadata(
  known: RecordingMetadata | undefined,
  update: RecordingMetadata | undefined,
): RecordingMetadata | undefined {
  if (!known || !update || update.dataMode === 'complete') return update ?? known;
  const merged: RecordingMetadata = {
    dataMode: known.dataMode,
    communicationSessionIds: [
      ...new Set([...known.communicationSessionIds, ...update.communicationSessionIds]),
    ],
    participants: merge(known.participants, update.participants, idOf, (before, now) => ({
      id: before.id,
      aor: now.aor ?? before.aor,
      name: now.name ?? before.name,
    })),
    streams: merge(known.streams, update.streams, idOf, (before, now) => ({
      id: before.id,
      label: now.label ?? before.label,
      communicationSessionId: now.communicationSessionId ?? before.communicationSessionId,
      mode: now.mode === 'mixed' ? 'mixed' : before.mode,
    })),
    associations: merge(
      ...([known.associations, update.associations] as const),
      ({ participantId }) => participantId,
      (_before, now) => now,
    ),
    extensions: merge(
      ...([known.extensions ?? [], update.extensions ?? []] as const),
      ({ path }) => path,
      (_before, now) => now,
    ),
  };
  const { communicationSessionIds, participants, streams, associations } = merged;
  const lists = [communicationSessionIds, participants, streams, associations];
  const objects = lists.reduce((sum, { length }) => sum + length, 0);
  const isCrowd = participants.length > MAX_METADATA_PARTICIPANTS;
  if (isCrowd || objects > MAX_METADATA_ELEMENTS) throw new MetadataError('tooManyElements');
  return merged;
}

function idOf({ id }: { readonly id: string }): string {
  return id;
}

function merge<T>(
  known: readonly T[],
  update: readonly T[],
  keyOf: (one: T) => string,
  change: (before: T, now: T) => T,
): T[] {
  const byKey = new Map(known.map((one) => [keyOf(one), one]));
  for (const now of update) {
    const before = byKey.get(keyOf(now));
    byKey.set(keyOf(now), before === undefined ? now : change(before, now));
  }
  return [...byKey.values()];
}
