import type { RecordingEvent } from '@hush/client';
import { useEffect } from 'react';
import { session } from './session.ts';

/** After these a recording is not what it was. */
const changes: readonly RecordingEvent['type'][] = [
  ...(['recordingSaved', 'recordingErased', 'recordingDestroyed'] as const),
  ...(['legalHoldPlaced', 'legalHoldReleased'] as const),
];

/** Tells of what somebody else does to the recording: one that is erased plays no longer. */
export function useRecordingEvents(id: string, changed: () => void): void {
  useEffect(() => {
    const left = new AbortController();
    const follow = async (): Promise<void> => {
      for await (const { recordingId, type } of session.client.events({ signal: left.signal })) {
        if (recordingId === id && changes.includes(type)) changed();
      }
    };
    // Without events the page is as it was opened: what is erased cannot be played all the same.
    follow().catch(() => undefined);
    return () => left.abort();
  }, [id, changed]);
}
