import { describe, expect, it } from 'vitest';
import { buildRtp } from '../../../src/protocols/rtp/packet.ts';
import { parseOffer } from '../../../src/protocols/sdp/parse-offer.ts';
import { encodeAlaw, encodeMulaw } from '../../../src/protocols/wav/g711.ts';
import { chooseMedia } from '../../../src/srs/offer-answer.ts';
import { ffmpegSamples } from '../../support/audio/ffprobe.ts';
import { type Line, type Session, sdpBody, sdpOf } from '../srs-client.ts';
import { SrsFixture } from '../srs-fixture.ts';

const rules = { srtp: 'optional', keysOf: () => null } as const;

function chosen(formats: string, ...attributes: string[]) {
  const [choice] = chooseMedia(parseOffer(sdpOf([{ formats, attributes }])), undefined, rules);
  if (!choice) throw new Error('the line was refused');
  const { codec, payloadType, others, dtmfPayloadType } = choice.stream.agreed;
  return { answer: choice.payloadTypes, main: [payloadType, codec], others, dtmfPayloadType };
}

describe('the payload types of a line', () => {
  it.each([
    ['0 8', [], [0, 8], [0, 'PCMU'], ['8 PCMA']],
    ['8 0', [], [8, 0], [8, 'PCMA'], ['0 PCMU']],
    ['18 0 3 8', [], [0, 8], [0, 'PCMU'], ['8 PCMA']],
    ['9 0 8', [], [9, 0, 8], [9, 'G722'], ['0 PCMU', '8 PCMA']],
    ['0 96', ['96 PCMU/8000'], [0, 96], [0, 'PCMU'], ['96 PCMU']],
    ['96 97', ['96 pcma/8000', '97 PCMU/8000/1'], [96, 97], [96, 'PCMA'], ['97 PCMU']],
    ['0 96', ['96 L16/8000'], [0, 96], [0, 'PCMU'], ['96 L16']],
    // Another clock is another track; in G.722 nobody finds the tones of digits.
    ['0 96 9', ['96 L16/16000'], [0], [0, 'PCMU'], []],
    ['96 0', ['96 opus/48000/2'], [96], [96, 'OPUS'], []],
  ])('%s %j', (formats, maps, answer, main, others) => {
    const agreed = chosen(formats, ...maps.map((map) => `a=rtpmap:${map}`));
    expect(agreed).toMatchObject({ answer, main });
    expect(agreed.others?.map(({ payloadType, codec }) => `${payloadType} ${codec}`)).toEqual(
      others,
    );
  });

  it('include digits and noise in the clock of the audio', () => {
    const maps = ['101 telephone-event/16000', '102 telephone-event/8000', '118 CN/16000'];
    const line = chosen('0 8 13 118 101 102', ...maps.map((map) => `a=rtpmap:${map}`));
    expect(line).toMatchObject({ answer: [0, 8, 13, 102], dtmfPayloadType: 102 });
    expect(chosen('0 101', 'a=rtpmap:101 telephone-event/16000').dtmfPayloadType).toBeNull();
  });
});

describe('audio is kept of every agreed payload type', () => {
  const fixture = new SrsFixture();

  const level = { 8: 8_000, 0: 16_000, 96: -8_000 } as const;
  type Type = keyof typeof level;

  /** Frames of one level each, which their own law decodes to that level. */
  async function send(port: number, types: readonly Type[]): Promise<void> {
    for (const [sequence, payloadType] of types.entries()) {
      const encode = payloadType === 8 ? encodeAlaw : encodeMulaw;
      const fields = { payloadType, sequence, timestamp: sequence * 160, ssrc: 5 };
      const payload = Buffer.alloc(160, encode(level[payloadType]));
      await fixture.client.datagram(port, buildRtp(fields, payload));
    }
  }

  async function levelsOf(session: Session, correlationId: string): Promise<number[]> {
    await session.dialog.bye();
    const { id } = await fixture.recording(correlationId);
    const stereo = await ffmpegSamples(await fixture.hush.audio(id));
    return Array.from({ length: Math.floor(stereo.length / 4 / 160) }, (_, frame) =>
      stereo.readInt16LE((frame * 160 + 80) * 4),
    );
  }

  it.each<[string, Line, Type[]]>([
    ['0 8, and PCMA at once', { formats: '0 8' }, [8, 8, 8, 8]],
    ['0 8, in turns', { formats: '0 8' }, [0, 8, 0, 0, 8, 8]],
    ['8 0, and PCMU', { formats: '8 0' }, [0, 0, 8, 0]],
    ['0 96', { formats: '0 96', attributes: ['a=rtpmap:96 PCMU/8000'] }, [0, 96, 0, 96]],
  ])('%s', async (_name, line, types) => {
    const correlationId = crypto.randomUUID();
    const session = await fixture.client.invite({ correlationId, body: sdpBody(sdpOf([line])) });
    await send(session.ports[0] ?? 0, types);
    const levels = await levelsOf(session, correlationId);
    const expected = types.map((type) => level[type]);
    for (const [at, wanted] of expected.entries()) {
      const scale = Math.abs(wanted) / 20;
      expect(Math.abs((levels[at] ?? 0) * loudness(levels, expected) - wanted)).toBeLessThan(scale);
    }
  });

  /** Playback may turn a party down as a whole. */
  function loudness(levels: readonly number[], expected: readonly number[]): number {
    return (expected[0] ?? 1) / (levels[0] ?? 1);
  }
});
