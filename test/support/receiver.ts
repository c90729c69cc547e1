import type { ReceiverKind } from '../../src/domain/ports/recorder.ts';

/** The receiver that media tests run with; a second run of them is with the other one. */
export const testedReceiver: ReceiverKind =
  process.env.HUSH_RTP_RECEIVER === 'dgram' ? 'dgram' : 'ffi';
