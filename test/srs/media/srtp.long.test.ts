import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type SrtpSuite, srtpSuites } from '../../../src/protocols/srtp/suites.ts';
import { markersInWav } from '../../../src/simulator/wav-markers.ts';
import { ffmpegSamples } from '../../support/audio/ffprobe.ts';
import { toneShare } from '../../support/audio/tone.ts';
import { type MarkerCall, TestCaller } from '../../support/calls.ts';
import { TestHush } from '../../support/hush/hush.ts';
import { few, longTest } from '../../support/length.ts';
import { runProgram } from '../../support/programs.ts';
import { SrsClient, sdpBody, sdpOf } from '../srs-client.ts';

const suites = Object.keys(srtpSuites) as SrtpSuite[];

/** The m-lines of an SDP under SRTP, all with one key. */
function secured(sdp: string, suite: SrtpSuite, key: Buffer): string {
  return sdp
    .replaceAll('RTP/AVP', 'RTP/SAVP')
    .replaceAll(/^(a=label:.*)$/gm, `$1\r\na=crypto:3 ${suite} inline:${key.toString('base64')}`)
    .replaceAll('\r\r', '\r');
}

describe('SRTP', () => {
  let hush: TestHush;
  let caller: TestCaller;

  beforeAll(async () => {
    hush = await TestHush.start();
    caller = await TestCaller.open();
  });
  afterAll(async () => {
    await caller.close();
    await hush.remove();
  });

  /** Of each stream, frames that were sent and are not in the recording. */
  async function missing({ call, correlationId, streams }: MarkerCall): Promise<number[]> {
    await call.end();
    await hush.settled(correlationId);
    const { id } = await hush.get(`/api/recordings/${correlationId}`);
    const found = markersInWav(await hush.audio(id));
    return streams.map(
      ({ tag, sent }, side) =>
        sent.filter(({ index }) => !found[side]?.get(tag)?.has(index)).length,
    );
  }

  it.each(few(suites))('%s: every frame is kept', async (srtp) => {
    const call = await caller.call(hush, { srtp });
    await call.frames(25);
    expect(await missing(call)).toEqual([0, 0]);
  });

  it('changes keys by re-INVITE, and loses no frame', async () => {
    const call = await caller.call(hush, { srtp: 'AES_CM_128_HMAC_SHA1_80' });
    await call.frames(10);
    expect((await call.call.rekey()).statusCode).toBe(200);
    await call.frames(25);
    expect(await missing(call)).toEqual([0, 0]);
  });

  longTest('continues after a crash, with keys encrypted in the store', async () => {
    const call = await caller.call(hush, { srtp: 'AEAD_AES_128_GCM' });
    await call.frames(60);
    const { dataDir, config } = hush;
    const { http, sip, rtp } = config;
    const ports = { udpPort: hush.sipUdpPort, tcpPort: hush.sipTcpPort };
    await hush.abandon();
    hush = await TestHush.start({
      dataDir,
      config: (other) => ({ ...other, http, rtp, sip: { ...sip, ...ports } }),
    });
    const resumedAt = call.streams[0]?.sent.length ?? 0;
    await call.frames(resumedAt + 50);
    const lost = await missing(call);
    // What had not been sealed went with the process, and what came while there was none.
    for (const count of lost) expect(count).toBeLessThan(100);
    const { tracks } = await hush.get(`/api/recordings/${call.correlationId}`);
    for (const { packets } of tracks) {
      expect(packets.kept).toBeGreaterThanOrEqual(40);
      expect(packets.unauthenticated).toBe(0);
    }
  });
});

describe('SRTP of other implementations', () => {
  let hush: TestHush;
  let client: SrsClient;

  beforeAll(async () => {
    hush = await TestHush.start();
    client = await SrsClient.open(hush);
  });
  afterAll(async () => {
    await client.close();
    await hush.remove();
  });

  it.each(few(['AES_CM_128_HMAC_SHA1_80', 'AES_CM_128_HMAC_SHA1_32'] as const, 1))(
    "%s as ffmpeg's own implementation protects it",
    async (suite) => {
      const key = randomBytes(30);
      const correlationId = crypto.randomUUID();
      const body = sdpBody(secured(sdpOf([{}]), suite, key));
      const session = await client.invite({ correlationId, body });
      expect(session.answer[0]?.crypto).toMatchObject([{ tag: 3, suite }]);
      expect(session.answer[0]?.protocol).toBe('RTP/SAVP');
      const tone = ['-re', '-f', 'lavfi', '-i', 'sine=frequency=440:duration=2:sample_rate=8000'];
      const encoded = ['-ac', '1', '-c:a', 'pcm_mulaw', '-f', 'rtp', '-srtp_out_suite', suite];
      const to = `srtp://127.0.0.1:${session.ports[0]}?pkt_size=172`;
      await runProgram('ffmpeg', [
        ...['-v', 'error', ...tone, ...encoded],
        ...['-srtp_out_params', key.toString('base64'), to],
      ]);
      await session.dialog.bye();
      await hush.settled(correlationId);
      const { id, tracks } = await hush.get(`/api/recordings/${correlationId}`);
      expect(tracks[0].packets).toMatchObject({ unauthenticated: 0, unusable: 0, lost: 0 });
      const samples = await ffmpegSamples(await hush.audio(id));
      expect(toneShare(samples, { hertz: 440, sampleRate: 8000 })).toBeGreaterThan(0.95);
    },
  );

  it('accepts no packet without the agreed key', async () => {
    const correlationId = crypto.randomUUID();
    const body = sdpBody(secured(sdpOf([{}]), 'AEAD_AES_256_GCM', randomBytes(44)));
    const session = await client.invite({ correlationId, body });
    await client.frames(session.ports[0] ?? 0, { tag: 9 }, 0, 20);
    await client.datagram(session.ports[0] ?? 0, randomBytes(11));
    await session.dialog.bye();
    await hush.settled(correlationId);
    const { tracks } = await hush.get(`/api/recordings/${correlationId}`);
    expect(tracks[0].packets).toMatchObject({ received: 21, kept: 0, unauthenticated: 20 });
  });

  it.each([
    ['a suite that it does not know', 'F8_128_HMAC_SHA1_80', 30],
    ['a key of another length', 'AES_CM_128_HMAC_SHA1_80', 29],
  ])('answers 488 to %s', async (_, suite, bytes) => {
    const body = sdpBody(secured(sdpOf([{}]), suite as SrtpSuite, randomBytes(bytes)));
    expect(await client.refusal({ body })).toBe(488);
  });

  it('protects a stream offered under the plain profile (RFC 8643)', async () => {
    const secure = secured(sdpOf([{}]), 'AES_CM_128_HMAC_SHA1_80', randomBytes(30));
    const session = await client.invite({ body: sdpBody(secure.replace('RTP/SAVP', 'RTP/AVP')) });
    expect(session.answer[0]).toMatchObject({ protocol: 'RTP/AVP', crypto: [{ tag: 3 }] });
    await session.dialog.bye();
  });
});

describe('required SRTP', () => {
  it('answers 488 to unprotected audio, and takes the protected line', async () => {
    const hush = await TestHush.start({
      config: (config) => ({ ...config, rtp: { ...config.rtp, srtp: 'required' } }),
    });
    const client = await SrsClient.open(hush);
    expect(await client.refusal({ body: sdpBody(sdpOf([{}])) })).toBe(488);
    const key = randomBytes(30);
    const [secure, plain] = [secured(sdpOf([{}]), 'AES_CM_128_HMAC_SHA1_80', key), sdpOf([{}])];
    const second = plain.slice(plain.indexOf('m=audio')).replace('label:1', 'label:2');
    const session = await client.invite({ body: sdpBody(secure + second) });
    expect(session.ports.map((port) => port !== 0)).toEqual([true, false]);
    await session.dialog.bye();
    await client.close();
    await hush.remove();
  });
});
