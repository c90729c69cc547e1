import { randomBytes } from 'node:crypto';
import { type SrtpKeys, type SrtpPolicy, unnamedSource } from '../domain/model/media-agreement.ts';
import type { SdpCrypto, SdpPayload } from '../protocols/sdp/types.ts';
import { isMixed, participantForLabel } from '../protocols/siprec/stream-participants.ts';
import type { RecordingMetadata } from '../protocols/siprec/types.ts';
import { srtpSuites } from '../protocols/srtp/suites.ts';
import type { MediaChoice } from './offer-answer.ts';

const CLOCK_RATE = 8000;
const DTMF = 101;
const COMFORT_NOISE = 13;
const SUITE = 'AES_CM_128_HMAC_SHA1_80';
/** The two parties of a call; a client that has one stream refuses the other line. */
const usualLabels = ['1', '2'];
const MAX_LINES = 8;

const audio = { clockRate: CLOCK_RATE, channels: 1, fmtp: undefined };
const payloads: readonly SdpPayload[] = [
  { payloadType: 0, encoding: 'PCMU', ...audio },
  { payloadType: 8, encoding: 'PCMA', ...audio },
  { payloadType: COMFORT_NOISE, encoding: 'CN', ...audio },
  { ...audio, payloadType: DTMF, encoding: 'TELEPHONE-EVENT', fmtp: '0-15' },
];

/**
 * Builds Hush's offer to a client that leaves the offer to it (RFC 3261 section 13.2.1): a line for
 * each stream in the metadata, or two without any. The client may send before its answer arrives,
 * from a source unknown until then.
 */
export function openingLines(
  metadata: RecordingMetadata | undefined,
  srtp: SrtpPolicy,
): { readonly choices: MediaChoice[]; readonly payloads: readonly SdpPayload[] } {
  const told = (metadata?.streams ?? []).flatMap(({ label }) => label ?? []);
  const named = [...new Set(told)].slice(0, MAX_LINES);
  const labels = named.length > 0 ? named : usualLabels;
  return {
    choices: labels.map((label, index) => lineOf(label, index, { metadata, srtp })),
    payloads,
  };
}

function lineOf(
  label: string,
  index: number,
  { metadata, srtp }: { metadata: RecordingMetadata | undefined; srtp: SrtpPolicy },
): MediaChoice {
  const keys = srtp === 'required' ? ownKeys() : null;
  return {
    index,
    stream: {
      label,
      aor: (metadata && participantForLabel(metadata, label)?.aor) ?? null,
      mixed: metadata !== undefined && isMixed(metadata, label),
      clockRate: CLOCK_RATE,
      agreed: {
        codec: 'PCMU',
        payloadType: 0,
        others: [{ codec: 'PCMA', payloadType: 8 }],
        dtmfPayloadType: DTMF,
        comfortNoisePayloadType: COMFORT_NOISE,
        source: unnamedSource,
        rtcp: { mux: false, address: null, port: null },
        srtp: keys,
      },
      held: false,
    },
    payloadTypes: payloads.map(({ payloadType }) => payloadType),
    crypto: keys ? cryptoOf(keys) : undefined,
    rtcpMux: false,
  };
}

/** Makes random keys; until the client's own key is known, no packet is authentic. */
function ownKeys(): SrtpKeys {
  const { keyBytes, saltBytes } = srtpSuites[SUITE];
  const bytes = keyBytes + saltBytes;
  return { suite: SUITE, remote: randomBytes(bytes), local: randomBytes(bytes) };
}

function cryptoOf({ suite, local }: SrtpKeys): SdpCrypto {
  return { tag: 1, suite, key: Buffer.from(local) };
}
