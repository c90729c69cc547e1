import { randomUUID } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import pino from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeMulaw } from '../../../src/protocols/wav/g711.ts';
import { WAV_HEADER_BYTES, wavHeader } from '../../../src/protocols/wav/wav-header.ts';
import { TestCaller } from '../../support/calls.ts';
import { agent, TestHush, temporaryFolder, ucc } from '../../support/hush/hush.ts';
import { runProgram } from '../../support/programs.ts';

const RATE = 8000;
const FRAME = 160;
const DIGITS = '4929123456781234';
const TONES: Record<string, readonly [number, number]> = {
  ...{ '1': [697, 1209], '2': [697, 1336], '3': [697, 1477], '4': [770, 1209] },
  ...{ '5': [770, 1336], '6': [770, 1477], '7': [852, 1209], '8': [852, 1336], '9': [852, 1477] },
};
const SPEECH_SECONDS = 1;
const DIGIT_SECONDS = 0.08;
const PAUSE_SECONDS = 0.08;

/** Speech, a card number in tones over it, speech again: mu-law. */
function spokenAndDialled(): Buffer {
  const url = new URL('../../../src/demo/speech/late-parcel-caller.ulaw', import.meta.url);
  const speech = readFileSync(url);
  const dialled = [...DIGITS].flatMap((digit) => [
    ...tone(TONES[digit] ?? [697, 1209]),
    ...new Array<number>(RATE * PAUSE_SECONDS).fill(encodeMulaw(0)),
  ]);
  const before = speech.subarray(0, RATE * SPEECH_SECONDS);
  const after = speech.subarray(RATE * SPEECH_SECONDS, 2 * RATE * SPEECH_SECONDS);
  return Buffer.concat([before, Buffer.from(dialled), after]);
}

function tone([low, high]: readonly [number, number]): number[] {
  return Array.from({ length: RATE * DIGIT_SECONDS }, (_, index) => {
    const angle = (2 * Math.PI * index) / RATE;
    return encodeMulaw(Math.round(4000 * (Math.sin(low * angle) + Math.sin(high * angle))));
  });
}

/** What a detector of another make hears in a WAV. */
async function heardIn(wav: Buffer): Promise<string> {
  const folder = temporaryFolder();
  try {
    const [input, raw] = [join(folder, 'in.wav'), join(folder, 'out.raw')];
    writeFileSync(input, wav);
    const format = ['-t', 'raw', '-e', 'signed', '-b', '16', '-r', '22050', '-c', '1'];
    await runProgram('sox', [input, ...format, raw]);
    const args = ['-q', '-t', 'raw', '-a', 'DTMF', raw];
    const heard = (await runProgram('multimon-ng', args)).toString();
    return [...heard.matchAll(/DTMF: (\S)/g)].map(([, digit]) => digit).join('');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function wavOf(mulaw: Buffer): Promise<Buffer> {
  const args = [
    '-v',
    'error',
    '-f',
    'mulaw',
    '-ar',
    '8000',
    '-i',
    'pipe:0',
    '-f',
    's16le',
    'pipe:1',
  ];
  const pcm = await runProgram('ffmpeg', args, mulaw);
  return Buffer.concat([wavHeader({ sampleRate: RATE, channels: 1, frames: pcm.length / 2 }), pcm]);
}

describe('digits that are dialled', () => {
  let log = '';
  let hush: TestHush;
  let caller: TestCaller;
  beforeAll(async () => {
    const stream = new Writable({
      write(chunk, _, done) {
        log += String(chunk);
        done();
      },
    });
    hush = await TestHush.start({ overrides: { logger: pino({ level: 'trace' }, stream) } });
    caller = await TestCaller.open();
  });
  afterAll(async () => {
    await caller.close();
    await hush.remove();
  });

  /** The caller's side dials in tones; frames of `audio` one after the other. */
  async function recorded(audio: Buffer) {
    const correlationId = randomUUID();
    const frames = Math.floor(audio.length / FRAME);
    const ended = Promise.withResolvers<void>();
    const call = await caller.client.placeCall({
      peer: hush.peer,
      requestUri: `sip:${ucc}@127.0.0.1`,
      headers: [{ name: 'X-Correlation-Id', value: correlationId }],
      participants: [agent, 'tel:+31880000000'].map((aor) => ({
        aor,
        source: (index) => audio.subarray((index % frames) * FRAME, ((index % frames) + 1) * FRAME),
        onSent: (index) => index === frames - 1 && ended.resolve(),
      })),
    });
    await ended.promise;
    await call.end();
    await hush.settled(correlationId);
    const recording = await hush.get(`/api/recordings/${correlationId}`);
    return { recording, wav: await hush.audio(recording.id) };
  }

  it('are detected by another detector before, and not in the recording', async () => {
    const audio = spokenAndDialled();
    expect(await heardIn(await wavOf(audio))).toBe(DIGITS);
    const { recording, wav } = await recorded(audio);
    expect(await heardIn(wav)).toBe('');
    for (const track of recording.tracks) {
      const gaps = track.gaps as { startMs: number; lengthMs: number; reason: string }[];
      expect(new Set(gaps.map(({ reason }) => reason))).toEqual(new Set(['dtmf']));
      const dtmfMs = gaps.reduce((sum, { lengthMs }) => sum + lengthMs, 0);
      expect(dtmfMs).toBeGreaterThan(DIGITS.length * DIGIT_SECONDS * 1000);
      expect(dtmfMs).toBeLessThan(DIGITS.length * (DIGIT_SECONDS + PAUSE_SECONDS) * 1000);
    }
    // The speech around them is there, to the sample's sign.
    const speech = await wavOf(audio.subarray(0, RATE * SPEECH_SECONDS));
    const [mine, theirs] = [wav, speech].map((bytes) => bytes.subarray(WAV_HEADER_BYTES));
    let different = 0;
    for (let index = 0; index < RATE * 0.9; index += 1) {
      if (mine?.readInt16LE(index * 4) !== theirs?.readInt16LE(index * 2)) different += 1;
    }
    expect(different).toBeLessThan(RATE * 0.05);
    expect(log).not.toContain(DIGITS);
  }, 30_000);
});
