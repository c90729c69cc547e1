/** Short enough that a corrected clock shifts no phase within it. */
const WINDOWS_PER_SECOND = 5;

/** Returns the tone's share of the left channel's power (Goertzel), of stereo PCM of 16 bits. */
export function toneShare(
  pcm: Buffer,
  { hertz, sampleRate }: { readonly hertz: number; readonly sampleRate: number },
): number {
  const frames = Math.floor(pcm.length / 4);
  const left = Array.from({ length: frames }, (_, at) => pcm.readInt16LE(at * 4));
  const step = (2 * Math.PI * hertz) / sampleRate;
  const window = sampleRate / WINDOWS_PER_SECOND;
  let [tone, all] = [0, 0];
  for (let start = 0; start + window <= left.length; start += window) {
    let [real, imaginary, power] = [0, 0, 0];
    for (const [at, sample] of left.slice(start, start + window).entries()) {
      real += sample * Math.cos(step * at);
      imaginary += sample * Math.sin(step * at);
      power += sample * sample;
    }
    tone += (2 * (real * real + imaginary * imaginary)) / window;
    all += power;
  }
  return tone / all;
}
