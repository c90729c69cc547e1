import { expect, test } from 'vitest';
import {
  alawDecodeTable,
  encodeAlaw,
  encodeMulaw,
  mulawDecodeTable,
} from '../../src/protocols/wav/g711.ts';
import {
  findMarkers,
  MARKER_FRAME_BYTES,
  markerFrame,
  markerNeedle,
  readMarkerFrame,
} from '../../src/simulator/marker-audio.ts';

const markers = [
  { streamTag: 0, index: 0 },
  { streamTag: 1, index: 15 },
  { streamTag: 0xffff, index: 0xffff_ffff },
  { streamTag: 0x1234, index: 0x89ab_cdef },
];

test.each(markers)('tag $streamTag, frame $index is read back from anywhere', (marker) => {
  const frame = markerFrame(marker.streamTag, marker.index);
  expect(frame.length).toBe(MARKER_FRAME_BYTES);
  for (let cut = 0; cut <= 144; cut += 1)
    expect(readMarkerFrame(frame.subarray(cut))).toEqual(marker);
  expect(Buffer.from(frame).indexOf(markerNeedle(marker.streamTag, marker.index))).toBe(0);
});

test.each(markers)('tag $streamTag, frame $index survives PCM16 in both laws', (marker) => {
  const frame = markerFrame(marker.streamTag, marker.index);
  const mulaw = frame.map((code) => encodeMulaw(mulawDecodeTable[code] as number));
  const alaw = frame.map((code) => encodeAlaw(alawDecodeTable[code] as number));
  expect(mulaw).toEqual(frame);
  expect(alaw).toEqual(frame);
});

test('a frame holds the needle of no other', () => {
  const frame = Buffer.from(markerFrame(3, 500));
  for (let index = 0; index < 5000; index += 1) {
    expect(frame.includes(markerNeedle(3, index))).toBe(index === 500);
  }
  expect(frame.includes(markerNeedle(4, 500))).toBe(false);
});

test('all frames of a file are listed once, with where they begin', () => {
  const silence = new Uint8Array(160).fill(0xff);
  const file = Buffer.concat([
    silence,
    markerFrame(1, 7),
    markerFrame(1, 8),
    silence,
    markerFrame(2, 8),
  ]);
  expect([...findMarkers(file)]).toEqual([
    { streamTag: 1, index: 7, offset: 160 },
    { streamTag: 1, index: 8, offset: 320 },
    { streamTag: 2, index: 8, offset: 640 },
  ]);
});

test('what is no marker is none', () => {
  const damaged = markerNeedle(1, 7);
  damaged[9] = 0x9f;
  expect(readMarkerFrame(damaged)).toBeUndefined();
  expect(readMarkerFrame(new Uint8Array(0))).toBeUndefined();
  expect(readMarkerFrame(markerNeedle(1, 7).subarray(0, 15))).toBeUndefined();
});
