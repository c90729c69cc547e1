import type { DerivedRecord } from '../../domain/ports/retention-store.ts';

type Named = Pick<DerivedRecord, 'callId' | 'kind' | 'generation'>;

/** Path of what was made of a recording: beside its segments, and swept with them. */
export function derivedFile({ callId, kind, generation }: Named): string {
  return `${callId}/${kind}.${generation}.bin`;
}

/** What its key, and its content, belong to. */
export function derivedIdentity({ callId, kind, generation }: Named): Buffer {
  return Buffer.from(`${callId}/${kind}/${generation}`);
}
