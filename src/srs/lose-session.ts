import type { CallLifecycle } from '../domain/lifecycle/call-lifecycle.ts';
import type { RestoredSession } from '../domain/lifecycle/call-recovery.ts';
import type { RecordingSession } from './recording-session.ts';

interface Losing {
  readonly lifecycle: Pick<CallLifecycle, 'loseSession'>;
  onFailure(cause: unknown): void;
}

/** Ends a session whose state, kept by another release, cannot be resumed; tells its call. */
export async function loseSession(
  { session, restored }: { session: RecordingSession; restored: RestoredSession },
  cause: unknown,
  { lifecycle, onFailure }: Losing,
): Promise<void> {
  const why = cause instanceof Error ? cause.message : 'unknown failure';
  try {
    await lifecycle.loseSession(restored.call, session.id, why);
    await session.end();
  } catch (failure) {
    onFailure(failure);
  }
}
