import type { MetadataReport } from '../domain/assurance/metadata-alarms.ts';
import type { CallLifecycle } from '../domain/lifecycle/call-lifecycle.ts';
import type { SrtpPolicy } from '../domain/model/media-agreement.ts';
import type { SessionTimerRules } from '../protocols/sip/message/session-expires.ts';
import type { SipDialogState } from '../protocols/sip/message/types.ts';
import type { RecordingMetadata } from '../protocols/siprec/types.ts';
import type { DescriptionState } from './session-description.ts';
import type { RefreshState } from './session-refresh.ts';

export interface RecordingSessionOptions {
  readonly id: string;
  readonly lifecycle: CallLifecycle;
  /** Address that the SDP answers name. */
  readonly mediaAddress: string;
  readonly timerRules: SessionTimerRules;
  /** True if clients of a paused call are asked to send nothing. */
  readonly twoSidedPause: boolean;
  readonly srtp: SrtpPolicy;
  onPauseOffered(outcome: OfferOutcome): void;
  onMetadata(report: MetadataReport): void;
  onFailure(cause: unknown): void;
  onEnded(): void;
}

/** All state that another process needs to continue the dialog, as plain JSON. */
export interface Signalling {
  readonly dialog: SipDialogState;
  readonly description: DescriptionState;
  readonly refresh: RefreshState | null;
  /** All metadata that the client has sent; absent in records of older versions. */
  readonly metadata?: RecordingMetadata | null;
  /** An offer of ours in a 2xx waits for its answer in the ACK. */
  readonly owed?: boolean;
}

export type OfferOutcome = 'accepted' | 'refused' | 'failed';
