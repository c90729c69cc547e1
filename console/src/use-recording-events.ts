import type { RecordingEvent } from '@hush/client';
import { useEffect } from 'react';
import { session } from './session.ts';

/** Events that change a recording. */
const changes: readonly RecordingEvent['type'][] = [
  ...(['recordingSaved', 'recordingErased', 'recordingDestroyed'] as const),
  ...(['legalHoldPlaced', 'legalHoldReleased'] as const),
];

/** Reports changes of the recording by others: an erased one can no longer be played. */
export function useRecordingEvents(id: string, changed: () => void): void {
  useEffect(() => {
    const left = new AbortController();
    const follow = async (): Promise<void> => {
      for await (const { recordingId, type } of session.client.events({ signal: left.signal })) {
        if (recordingId === id && changes.includes(type)) changed();
      }
    };
    // Without events the page stays as it was opened: erased audio cannot be played all the same.
    follow().catch(() => undefined);
    return () => left.abort();
  }, [id, changed]);
}
