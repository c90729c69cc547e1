import type { DerivedRecord } from '../../domain/ports/retention-store.ts';

type Named = Pick<DerivedRecord, 'callId' | 'kind' | 'generation'>;

/** Path of a file derived from a recording: beside its segments, and removed with them. */
export function derivedFile({ callId, kind, generation }: Named): string {
  return `${callId}/${kind}.${generation}.bin`;
}

/** Identity that the key and the content of a derived file are bound to. */
export function derivedIdentity({ callId, kind, generation }: Named): Buffer {
  return Buffer.from(`${callId}/${kind}/${generation}`);
}
