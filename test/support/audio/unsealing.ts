import { openFiles } from '../../../src/archive/files/open-files.ts';
import type { Unsealing } from '../../../src/archive/segment/segment-reader.ts';
import { KeyRing } from '../../../src/protocols/segment/key-ring.ts';

/** Returns what opens a folder of recordings. */
export function unsealing({
  recordingsDir,
  masterKey,
}: {
  readonly recordingsDir: string;
  readonly masterKey: Buffer;
}): Unsealing {
  return { files: openFiles({ recordingsDir }), keys: new KeyRing([masterKey]) };
}
