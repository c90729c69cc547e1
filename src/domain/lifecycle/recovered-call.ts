import type { Call, CallStream } from '../call/call.ts';
import type { CallRecord } from '../model/call-record.ts';
import type { SessionRecord } from '../model/recording-session.ts';
import { RecordingState } from '../model/recording-state.ts';
import type { ClockOrigin, TrackRecord } from '../model/track.ts';
import type { Vault } from '../ports/vault.ts';
import { restoredStream } from './offered-media.ts';

/**
 * Returns the call with an unconfirmed Start withdrawn: its Start was committed, but the gate may
 * not have opened, and the caller, who may have been refused, must repeat it.
 */
export function heldBack(record: CallRecord): CallRecord {
  if (record.openConfirmed || record.recordingState !== RecordingState.Started) return record;
  const now = Date.now();
  const state = { recordingState: RecordingState.Paused, pausedAt: now, gapStartedAt: now };
  return { ...record, ...state, pauseConfirmed: false };
}

/** @throws Error where a stream cannot be resumed: a session needs all of its streams */
export function streamsOf(
  session: SessionRecord,
  { tracks, vault }: { readonly tracks: readonly TrackRecord[]; readonly vault: Vault },
): CallStream[] {
  return session.streams.map((stream) => {
    const record = tracks.find((other) => other.track === stream.track);
    if (!record) throw new Error(`nothing is known of its track ${stream.track}`);
    return restoredStream(session, stream, { record, vault });
  });
}

export function beginningsOf(call: Call): { readonly clockOrigin: ClockOrigin | null }[] {
  const streams: CallStream[] = [...call.streams.values()];
  return streams.map(({ began }) => ({ clockOrigin: began?.clockOrigin ?? null }));
}
