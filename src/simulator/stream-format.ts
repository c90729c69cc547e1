import type { SdpPayload } from '../protocols/sdp/types.ts';

export const simulatedCodecs = ['PCMU', 'PCMA', 'G722', 'L16', 'L16_48K', 'OPUS'] as const;
export type SimulatedCodec = (typeof simulatedCodecs)[number];

/** A simulated stream's offer, and its timestamp step. */
export interface StreamFormat {
  readonly payload: SdpPayload;
  /** Units of the RTP clock in a frame of 20 ms. */
  readonly timestampStep: number;
}

const payload = (payloadType: number, encoding: string, clockRate: number, channels = 1) => ({
  payloadType,
  encoding,
  clockRate,
  channels,
  fmtp: undefined,
});

/** L16 at 16 kHz, `L16_48K` at 48 kHz; a frame is the payload of 20 ms. */
export const streamFormats: Readonly<Record<SimulatedCodec, StreamFormat>> = {
  PCMU: { payload: payload(0, 'PCMU', 8000), timestampStep: 160 },
  PCMA: { payload: payload(8, 'PCMA', 8000), timestampStep: 160 },
  G722: { payload: payload(9, 'G722', 8000), timestampStep: 160 },
  L16: { payload: payload(96, 'L16', 16_000), timestampStep: 320 },
  L16_48K: { payload: payload(97, 'L16', 48_000), timestampStep: 960 },
  OPUS: { payload: payload(111, 'OPUS', 48_000, 2), timestampStep: 960 },
};
