import type { MediaAgreement } from '../../src/domain/model/media-agreement.ts';

/** PCMU with telephone-event 101, plain, from any source, without RTCP reports. */
export const plainPcmu: MediaAgreement = {
  codec: 'PCMU',
  payloadType: 0,
  dtmfPayloadType: 101,
  comfortNoisePayloadType: 13,
  source: { address: null, port: null },
  rtcp: { mux: false, address: null, port: null },
  srtp: null,
};
