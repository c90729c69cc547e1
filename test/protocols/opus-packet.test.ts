import { getPacketInfo } from 'libopus-wasm';
import { describe, expect, it } from 'vitest';
import { opusSamples } from '../../src/protocols/rtp/opus-packet.ts';

async function libopusSamples(packet: Uint8Array): Promise<number> {
  try {
    return (await getPacketInfo(packet)).samples;
  } catch {
    return 0;
  }
}

describe('the length of an Opus packet', () => {
  it('is what libopus says, for every first byte and frame count', async () => {
    for (let toc = 0; toc < 256; toc += 1) {
      const isCounted = (toc & 3) === 3;
      for (const frames of isCounted ? [0, 1, 2, 3, 6, 24, 48, 49, 63] : [1]) {
        const packet = new Uint8Array(isCounted ? 2 + frames * 2 : 9);
        packet.set([toc, isCounted ? frames : 0]);
        const said = opusSamples(packet, 0, packet.length);
        expect([toc, frames, said]).toEqual([toc, frames, await libopusSamples(packet)]);
      }
    }
  });

  it('is zero for an invalid packet', () => {
    expect(opusSamples(new Uint8Array(0), 0, 0)).toBe(0);
    expect(opusSamples(Uint8Array.of(0xff), 0, 1)).toBe(0);
  });
});
