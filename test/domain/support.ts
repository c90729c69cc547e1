import type { RecordingEvent } from '../../src/domain/model/recording-event.ts';

export function eventOf(sequence: number, uccName = 'ucc', position = sequence): RecordingEvent {
  return {
    ...{
      type: 'recordingStateChanged',
      uccName,
      sequence,
      position,
      at: 0,
      action: 6,
      requester: null,
      owner: null,
      alarm: null,
    },
    ...{ correlationId: '', callId: '', recordingState: 1, markingState: 1, savingState: 0 },
    ...{ gapStartedAt: null, gapEndedAt: null },
  };
}
