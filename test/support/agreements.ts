import type { MediaAgreement } from '../../src/domain/media-agreement.ts';

/** PCMU with telephone-event 101, plain, nobody to report to. */
export const plainPcmu: MediaAgreement = {
  codec: 'PCMU',
  payloadType: 0,
  dtmfPayloadType: 101,
  comfortNoisePayloadType: 13,
  rtcp: { mux: false, address: null, port: null },
  srtp: null,
};
