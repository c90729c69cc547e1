/** ITU-T G.711: `alaw` is PCMA, `mulaw` is PCMU. */
export type G711Law = 'alaw' | 'mulaw';

const MULAW_BIAS = 0x84;
const MULAW_CLIP = 32_635;
const SIGN_BIT = 0x80;

/** 16-bit sample of every A-law code, -32,256 to 32,256 */
export const alawDecodeTable: Int16Array = Int16Array.from({ length: 256 }, (_, code) =>
  decodeAlaw(code),
);

/** 16-bit sample of every mu-law code, -32,124 to 32,124; both 0x7f and 0xff are 0 */
export const mulawDecodeTable: Int16Array = Int16Array.from({ length: 256 }, (_, code) =>
  decodeMulaw(code),
);

/** Code of silence: fills a gap when audio stays G.711. */
export const g711Silence: Readonly<Record<G711Law, number>> = { alaw: 0xd5, mulaw: 0xff };

export function g711DecodeTable(law: G711Law): Int16Array {
  return law === 'alaw' ? alawDecodeTable : mulawDecodeTable;
}

/**
 * Decodes `payload`, one byte a sample, into `target` from `targetOffset` (in samples) on. Samples
 * past the end of `target` are dropped. Returns the number written.
 */
export function decodeInto(
  target: Int16Array,
  targetOffset: number,
  payload: Uint8Array,
  law: G711Law,
): number {
  const table = g711DecodeTable(law);
  const count = Math.max(0, Math.min(payload.length, target.length - targetOffset));
  for (let i = 0; i < count; i += 1) {
    target[targetOffset + i] = table[payload[i] as number] as number;
  }
  return count;
}

/** Returns the A-law code of a 16-bit sample, as the reference code of ITU-T G.191 does. */
export function encodeAlaw(sample: number): number {
  const sign = sample >= 0 ? SIGN_BIT : 0;
  const magnitude = Math.min((sample >= 0 ? sample : ~sample) >> 4, 0x7ff);
  let code = magnitude;
  if (magnitude > 15) {
    const exponent = 28 - Math.clz32(magnitude);
    code = (exponent << 4) | ((magnitude >> (exponent - 1)) & 0x0f);
  }
  return (code | sign) ^ 0x55;
}

/** Returns the mu-law code of a 16-bit sample; 0 is 0xff, so 0x7f is never produced. */
export function encodeMulaw(sample: number): number {
  const sign = sample < 0 ? SIGN_BIT : 0;
  const magnitude = Math.min(Math.abs(sample), MULAW_CLIP) + MULAW_BIAS;
  const exponent = 24 - Math.clz32(magnitude);
  const mantissa = (magnitude >> (exponent + 3)) & 0x0f;
  return ~(sign | (exponent << 4) | mantissa) & 0xff;
}

function decodeAlaw(code: number): number {
  const bits = code ^ 0x55;
  const exponent = (bits >> 4) & 0x07;
  const mantissa = bits & 0x0f;
  const magnitude =
    exponent === 0 ? (mantissa << 4) + 8 : ((mantissa << 4) + 0x108) << (exponent - 1);
  return bits & SIGN_BIT ? magnitude : -magnitude;
}

function decodeMulaw(code: number): number {
  const bits = ~code & 0xff;
  const exponent = (bits >> 4) & 0x07;
  const magnitude = ((((bits & 0x0f) << 3) + MULAW_BIAS) << exponent) - MULAW_BIAS;
  return bits & SIGN_BIT ? -magnitude : magnitude;
}
