/** How much of the left channel's power is that tone's (Goertzel), of stereo PCM of 16 bits. */
export function toneShare(
  pcm: Buffer,
  { hertz, sampleRate }: { readonly hertz: number; readonly sampleRate: number },
): number {
  const frames = Math.floor(pcm.length / 4);
  const left = Array.from({ length: frames }, (_, at) => pcm.readInt16LE(at * 4));
  const heard = left.slice(left.findIndex((sample) => sample !== 0));
  const step = (2 * Math.PI * hertz) / sampleRate;
  let [real, imaginary, power] = [0, 0, 0];
  for (const [at, sample] of heard.entries()) {
    real += sample * Math.cos(step * at);
    imaginary += sample * Math.sin(step * at);
    power += sample * sample;
  }
  return (2 * (real * real + imaginary * imaginary)) / (heard.length * power);
}
