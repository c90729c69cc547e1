import { randomUUID } from 'node:crypto';
import type { CallDetailRecord } from '../../src/domain/model/call-detail.ts';
import type { CallRecord } from '../../src/domain/model/call-record.ts';
import type { GapRecord } from '../../src/domain/model/gap.ts';
import type { RecordingEvent } from '../../src/domain/model/recording-event.ts';
import type { SegmentRecord } from '../../src/domain/model/segment.ts';
import type { TrackRecord } from '../../src/domain/model/track.ts';
import { newUcc, type Ucc } from '../../src/domain/model/ucc.ts';

/** A time that does not fit into 32 bits. */
export const at = 1_790_000_000_123;

export function aUcc(changes: Partial<Ucc> = {}): Ucc {
  const members = { agents: ['sip:ä@x.example', 'tel:+31 88'], supervisors: ["sip:o'neil@x"] };
  return { ...newUcc('sales', { ...members, useAudioRecording: true }), ...changes };
}

export function aCall(changes: Partial<CallRecord> = {}): CallRecord {
  return {
    id: randomUUID(),
    correlationId: randomUUID(),
    uccName: 'sales',
    recordingState: 3,
    markingState: 1,
    savingState: 2,
    pauseConfirmed: false,
    openConfirmed: false,
    pausedAt: at,
    leases: [],
    status: 'live',
    recorded: true,
    version: 7,
    firstSequence: 0,
    lastSequence: 2 ** 40,
    beganAt: at,
    endedAt: null,
    gapStartedAt: at,
    lengthMs: null,
    parties: [
      { aor: 'sip:agent@x.example', name: 'Zoë "Z" O\'Neil', role: 'agent' },
      { aor: 'tel:+31880000000', name: null, role: 'other' },
    ],
    gaps: { lengthMs: 2 ** 33, reasons: ['api', 'erased'] },
    legalHold: { reason: 'case 7', owner: 'Zoë', placedAt: at },
    health: null,
    dialogue: {
      part: 2,
      firstPart: 1,
      uccs: ['sales'],
      ruledBy: ['sales', 'billing'],
      startCommanded: true,
      endedAt: { bootId: 'boot', monotonicMs: 2 ** 40 },
    },
    metadataIncomplete: null,
    ...changes,
  };
}

export function aTrack(callId: string, changes: Partial<TrackRecord> = {}): TrackRecord {
  return {
    callId,
    track: 0,
    label: '007',
    aor: null,
    role: 'other',
    codec: 'PCMA',
    clockRate: 8000,
    mixed: true,
    startPosition: null,
    endPosition: null,
    initialReason: null,
    clockOrigin: null,
    reasonChanges: [],
    packets: {
      received: 9,
      kept: 1,
      gated: 2,
      duplicate: 3,
      dtmf: 4,
      unusable: 5,
      erased: 6,
      comfortNoise: 7,
      lost: 8,
      reordered: 9,
      unauthenticated: 10,
      foreign: 11,
      overflowed: 12,
    },
    clockWrongMs: 1_500,
    presence: { openedAt: at, closedAt: null, holds: [{ from: at, until: at + 1 }] },
    ...changes,
  };
}

export function aSegment(callId: string, changes: Partial<SegmentRecord> = {}): SegmentRecord {
  const wrappedKey = Buffer.from(Array.from({ length: 60 }, (_, index) => (index * 7) & 0xff));
  const sealed = { start: -(2 ** 33), end: 2 ** 34, chunks: 7 };
  return {
    callId,
    track: 0,
    segment: 0,
    generation: 3,
    wrappedKey,
    closedBy: null,
    sealed,
    ...changes,
  };
}

export function aGap(callId: string, changes: Partial<GapRecord> = {}): GapRecord {
  return { callId, track: 1, start: 2 ** 33, length: 2 ** 34, reason: 'api', ...changes };
}

export function aDetail(call: CallRecord, sequence = 1): CallDetailRecord {
  return {
    callId: call.id,
    correlationId: call.correlationId,
    uccName: call.uccName,
    detail: 'RecorderSetToPauseByAgent',
    action: 3,
    requester: 'sip:agent@x.example',
    requestedAt: at,
    effectiveAt: at + 8,
    sequence,
    streams: [
      { track: 0, lastSequence: 65_535, lastPosition: 2 ** 40, guardMs: 250 },
      { track: 1, lastSequence: null, lastPosition: null, guardMs: null },
    ],
  };
}

export function anEvent(call: CallRecord, sequence: number, position = sequence): RecordingEvent {
  return {
    type: 'recordingStateChanged',
    uccName: call.uccName,
    sequence,
    position,
    correlationId: call.correlationId,
    callId: call.id,
    at,
    action: 3,
    requester: 'sip:agent@x.example',
    recordingState: 3,
    markingState: 0,
    savingState: 0,
    gapStartedAt: at,
    gapEndedAt: null,
    owner: null,
    alarm: null,
  };
}
