/** Opus always counts at this rate, whatever it carries (RFC 7587 section 4.1). Hz */
export const OPUS_CLOCK_RATE = 48_000;

/** A packet holds at most 120 ms (RFC 6716 section 3.2.5). */
const MAX_PACKET_SAMPLES = 5_760;
const MAX_FRAMES = 48;
const SILK_FRAME_SAMPLES = [480, 960, 1_920, 2_880] as const;
const HYBRID_FRAME_SAMPLES = [480, 960] as const;
const CELT_FRAME_SAMPLES = [120, 240, 480, 960] as const;

/**
 * Returns a packet's duration in samples at 48 kHz, from its first bytes (RFC 6716 section 3.1); 0
 * for an invalid packet: empty, without its frame count, or too long.
 */
export function opusSamples(data: Uint8Array, start: number, end: number): number {
  if (start >= end) return 0;
  const toc = data[start] as number;
  const frames = frameCount(toc, data, start + 1, end);
  const samples = frames * frameSamples(toc >> 3);
  return frames > MAX_FRAMES || samples > MAX_PACKET_SAMPLES ? 0 : samples;
}

/** Returns a frame's samples by configuration number (RFC 6716 table 2). */
function frameSamples(configuration: number): number {
  if (configuration < 12) return SILK_FRAME_SAMPLES[configuration & 3] as number;
  if (configuration < 16) return HYBRID_FRAME_SAMPLES[configuration & 1] as number;
  return CELT_FRAME_SAMPLES[configuration & 3] as number;
}

function frameCount(toc: number, data: Uint8Array, at: number, end: number): number {
  const code = toc & 3;
  if (code === 0) return 1;
  if (code < 3) return 2;
  return at < end ? (data[at] as number) & 0x3f : 0;
}
