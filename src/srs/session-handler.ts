import type { SipDialogHandler, SipDialogRequest } from '../protocols/sip/message/types.ts';
import { answerToInfo } from './body-refusal.ts';
import type { RecordingSession } from './recording-session.ts';

/** Passes a dialog's events to its recording session. */
export function handlerOf(
  session: RecordingSession,
  onFailure: (cause: unknown) => void,
): SipDialogHandler {
  const change = (incoming: SipDialogRequest): void => {
    session.change(incoming).catch(onFailure);
  };
  const end = (): void => {
    session.end().catch(onFailure);
  };
  return {
    onReinvite: change,
    onUpdate: change,
    // SIP INFO may carry DTMF digits: it is acknowledged and neither read nor logged.
    onInfo: (incoming) => incoming.reply(answerToInfo(incoming.request)),
    onAck: (ack) => {
      session.acknowledge(ack).catch(onFailure);
    },
    onBye: end,
    onAckTimeout: end,
  };
}
