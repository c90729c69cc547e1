export interface Sweep {
  readonly rate: number;
  readonly seconds: number;
  readonly fromHz: number;
  readonly toHz: number;
  readonly amplitude: number;
}

/** Returns a sine whose frequency rises evenly; a single tone if both ends are the same. */
export function sweep({ rate, seconds, fromHz, toHz, amplitude }: Sweep): Int16Array {
  return Int16Array.from({ length: rate * seconds }, (_, index) => {
    const t = index / rate;
    const cycles = fromHz * t + ((toHz - fromHz) * t * t) / (2 * seconds);
    return Math.round(amplitude * Math.sin(2 * Math.PI * cycles));
  });
}

export function tone(rate: number, seconds: number, hz: number): Int16Array {
  return sweep({ rate, seconds, fromHz: hz, toHz: hz, amplitude: 10_000 });
}

/** Reads little-endian samples, copied for alignment. */
export function pcmOf(bytes: Uint8Array): Int16Array {
  return new Int16Array(Uint8Array.from(bytes).buffer, 0, bytes.length >> 1);
}

/** Returns one channel of interleaved samples. */
export function channelOf(pcm: Int16Array, channel: number, channels = 2): Int16Array {
  return Int16Array.from(
    { length: pcm.length / channels },
    (_, at) => pcm[at * channels + channel] ?? 0,
  );
}

/** Returns how well `heard` matches `sent`, at the best delay of up to `maxDelay` samples. */
export function bestSnrDb(sent: Int16Array, heard: Int16Array, maxDelay: number): number {
  let best = -Infinity;
  for (let delay = 0; delay <= maxDelay; delay += 1) {
    best = Math.max(best, snrDb(sent, heard.subarray(delay)));
  }
  return best;
}

export function snrDb(sent: Int16Array, heard: Int16Array): number {
  const length = Math.min(sent.length, heard.length);
  let [signal, noise] = [0, 0];
  for (let index = 0; index < length; index += 1) {
    const value = sent[index] as number;
    signal += value * value;
    noise += (value - (heard[index] as number)) ** 2;
  }
  return 10 * Math.log10(signal / noise);
}
