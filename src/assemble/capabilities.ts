import type { AccessParts } from './access.ts';
import type { ArchiveParts } from './archive.ts';
import type { AssuranceParts } from './assurance.ts';
import type { ControlParts } from './control.ts';
import type { EventParts } from './events.ts';
import type { RecordingParts } from './recording.ts';
import type { StoreParts } from './store.ts';

/** All capabilities below the edge. */
export interface Capabilities {
  readonly store: StoreParts;
  readonly events: EventParts;
  readonly assurance: AssuranceParts;
  readonly access: AccessParts;
  readonly archive: ArchiveParts;
  readonly recording: RecordingParts;
  readonly control: ControlParts;
}
