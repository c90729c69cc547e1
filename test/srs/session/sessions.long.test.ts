import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { markerNeedle } from '../../../src/simulator/marker-audio.ts';
import { markersInWav } from '../../../src/simulator/wav-markers.ts';
import { RawPeer, rawRequest } from '../../protocols/sip/raw-peer.ts';
import { ucc } from '../../support/hush/hush.ts';
import { few, longTest } from '../../support/length.ts';
import { sdpBody, sdpOf, twoLines } from '../srs-client.ts';
import { SrsFixture } from '../srs-fixture.ts';

describe('a recording session', () => {
  const fixture = new SrsFixture();

  async function begin(lines = twoLines) {
    const correlationId = randomUUID();
    const session = await fixture.client.invite({ correlationId, body: sdpBody(sdpOf(lines)) });
    return { correlationId, session };
  }

  async function markersOf(correlationId: string): Promise<Map<number, Set<number>>> {
    const { id } = await fixture.recording(correlationId);
    const found = new Map<number, Set<number>>();
    for (const channel of markersInWav(await fixture.hush.audio(id))) {
      for (const [tag, frames] of channel) found.set(tag, new Set(frames.keys()));
    }
    return found;
  }

  function range(from: number, until: number): Set<number> {
    return new Set(Array.from({ length: until - from }, (_, index) => from + index));
  }

  /** Every byte of the data folder. */
  function dataBytes(folder = fixture.hush.dataDir): Buffer {
    const files = readdirSync(folder, { recursive: true, withFileTypes: true });
    const paths = files.filter((file) => file.isFile());
    return Buffer.concat(paths.map((file) => readFileSync(join(file.parentPath, file.name))));
  }

  it('answers consecutive even ports, labels repeated, receive-only', async () => {
    const { session } = await begin([{ label: '007' }, { label: 'b' }]);
    const [first = 0, second = 0] = session.ports;
    expect([first % 2, second - first]).toEqual([0, 2]);
    expect(session.answer.map(({ label, direction }) => [label, direction])).toEqual([
      ['007', 'recvonly'],
      ['b', 'recvonly'],
    ]);
    const headers = session.response.headers.map(({ name, value }) => `${name}: ${value}`);
    expect(headers).toContainEqual(expect.stringMatching(/^Contact: .*\+sip\.srs/));
  });

  it('answers OPTIONS within and outside of it, and PUBLISH by 405', async () => {
    const { session } = await begin();
    expect((await session.dialog.request('OPTIONS')).statusCode).toBe(200);
    const raw = await RawPeer.open(fixture.hush.peer);
    raw.send(rawRequest({ port: raw.port }));
    expect(await raw.next()).toMatch(/^SIP\/2.0 200 /);
    raw.send(rawRequest({ port: raw.port, method: 'PUBLISH' }));
    expect(await raw.next()).toMatch(/^SIP\/2.0 405 [\s\S]*^Allow: INVITE/m);
    raw.close();
    expect(await fixture.metric('hush_sip_dropped_total{reason="notAllowed"}')).toBe(1);
  });

  it('leaves nothing behind when it is cancelled', async () => {
    const raw = await RawPeer.open(fixture.hush.peer);
    const fields = { port: raw.port, branch: 'z9hG4bKcancelled', callId: randomUUID() };
    const uri = `sip:${ucc}@127.0.0.1`;
    const contact = `Contact: <sip:client@127.0.0.1:${raw.port}>`;
    const headers = [contact, 'Content-Type: application/sdp'];
    raw.send(rawRequest({ ...fields, uri, headers, method: 'INVITE', body: sdpOf(twoLines) }));
    raw.send(rawRequest({ ...fields, uri, method: 'CANCEL' }));
    const answers = [await raw.next(), await raw.next()].map((answer) => answer.slice(8, 11));
    expect(answers.sort()).toEqual(['200', '487']);
    await fixture.hush.event(({ type }) => type === 'callEnded');
    expect(await fixture.calls()).toEqual([]);
    expect(await fixture.metric('hush_streams_open')).toBe(0);
    raw.close();
  });

  longTest('adds a stream by re-INVITE, and removes one by port 0', async () => {
    const { client } = fixture;
    const { correlationId, session } = await begin();
    const before = session.ports;
    expect((await session.reinvite([{}, {}, {}])).statusCode).toBe(200);
    const [first = 0, second = 0, third = 0] = session.ports;
    expect([first, second]).toEqual(before);
    for (const [tag, port] of [first, second, third].entries()) {
      await client.frames(port, { tag }, 0, 10);
    }
    await session.reinvite([{}, { port: 0 }, {}]);
    expect(session.ports).toEqual([first, 0, third]);
    await client.frames(second, { tag: 1 }, 10, 20);
    await client.frames(third, { tag: 2 }, 10, 20);
    await session.dialog.bye();
    const { tracks } = await fixture.recording(correlationId);
    expect(tracks.map(({ packets }: { packets: { kept: number } }) => packets.kept)).toEqual([
      ...[10, 10, 20],
    ]);
  });

  it('adds a stream again that it removed', async () => {
    const { client } = fixture;
    const { correlationId, session } = await begin();
    await client.frames(session.ports[1] ?? 0, { tag: 1 }, 0, 10);
    await session.reinvite([{}, { port: 0 }]);
    await session.reinvite([{}, {}]);
    await client.frames(session.ports[1] ?? 0, { tag: 1 }, 20, 30);
    await session.dialog.bye();
    const { id, tracks } = await fixture.recording(correlationId);
    expect(tracks.map(({ packets }: { packets: { kept: number } }) => packets.kept)).toEqual([
      ...[0, 10, 10],
    ]);
    // It plays to its end: each track's chunks open under that track's keys.
    expect((await fixture.hush.audio(id)).length).toBeGreaterThan(10 * 160 * 4);
    expect(await fixture.metric('hush_alarms_total{kind="storageFailed"}')).toBe(0);
  });

  it.each(
    few(
      [
        ['a=inactive', { direction: 'inactive' }],
        ['a=recvonly', { direction: 'recvonly' }],
        ['c=IN IP4 0.0.0.0 without a direction', { address: '0.0.0.0', direction: null }],
      ],
      1,
    ),
  )('holds its streams for %s and reports it', async (_name, line) => {
    const { client } = fixture;
    const { correlationId, session } = await begin();
    const [port = 0] = session.ports;
    await client.frames(port, { tag: 1 }, 0, 10);
    await session.reinvite([line, line]);
    expect(session.answer.map(({ direction }) => direction)).toEqual(['inactive', 'inactive']);
    expect((await fixture.calls())[0].pausedBy).toEqual(['hold']);
    await client.frames(port, { tag: 1 }, 10, 20);
    await session.reinvite(twoLines);
    expect((await fixture.calls())[0].pausedBy).toEqual([]);
    await client.frames(port, { tag: 1 }, 20, 30);
    await session.dialog.bye();
    const kept = new Set([...range(0, 10), ...range(20, 30)]);
    expect((await markersOf(correlationId)).get(1)).toEqual(kept);
    const { tracks } = await fixture.recording(correlationId);
    // A client on a busy machine leaves silences as well.
    const gaps = tracks[0].gaps.filter(({ reason }: { reason: string }) => reason !== 'silence');
    expect(gaps).toMatchObject([{ reason: 'hold' }, { reason: 'guard' }]);
    expect(tracks[0].gaps[0].samples).toBeGreaterThanOrEqual(1600);
  });

  it('is held and released by UPDATE, and one that begins inactive keeps nothing', async () => {
    const { client } = fixture;
    const held = { direction: 'inactive' };
    const { correlationId, session } = await begin([held, held]);
    const [port = 0] = session.ports;
    await client.frames(port, { tag: 1 }, 0, 10);
    const update = await session.dialog.request('UPDATE', sdpBody(sdpOf(twoLines)));
    expect(update.statusCode).toBe(200);
    await client.frames(port, { tag: 1 }, 10, 20);
    expect((await session.dialog.request('UPDATE')).statusCode).toBe(200);
    await session.dialog.bye();
    expect((await markersOf(correlationId)).get(1)).toEqual(range(10, 20));
  });

  it('continues in another codec', async () => {
    const { client } = fixture;
    const { correlationId, session } = await begin();
    const [port = 0] = session.ports;
    await client.frames(port, { tag: 1 }, 0, 10);
    const alaw = { formats: '8' };
    await session.reinvite([alaw, alaw]);
    expect(session.answer[0]?.payloads.map(({ encoding }) => encoding)).toEqual(['PCMA']);
    await client.frames(port, { tag: 1, payloadType: 8 }, 10, 20);
    await session.dialog.bye();
    const { tracks } = await fixture.recording(correlationId);
    expect(tracks[0]).toMatchObject({
      codec: 'PCMA',
      packets: { kept: 20, unusable: 0 },
    });
  });

  it('refuses an offer of unknown codecs and stays unchanged', async () => {
    const { session } = await begin();
    expect((await session.reinvite([{ formats: '18' }])).statusCode).toBe(488);
    expect((await session.dialog.invite(sdpBody('rubbish'))).statusCode).toBe(400);
    expect((await fixture.calls())[0].streams).toHaveLength(2);
  });

  it('joins the call of its correlation id and inherits its pause', async () => {
    const { client, hush } = fixture;
    const { correlationId, session } = await begin();
    await client.frames(session.ports[0] ?? 0, { tag: 1 }, 0, 10);
    await hush.command('Pause', correlationId);
    const second = await client.invite({ correlationId, body: sdpBody(sdpOf([{}])) });
    const [port = 0] = second.ports;
    await client.frames(port, { tag: 2 }, 0, 50);
    await hush.command('Start', correlationId);
    await client.frames(port, { tag: 2 }, 50, 60);
    await session.dialog.bye();
    const streams = async () => (await fixture.calls())[0].streams;
    await expect.poll(streams).toMatchObject([{ track: 2 }]);
    await second.dialog.bye();
    const markers = await markersOf(correlationId);
    expect([markers.get(1), markers.get(2)]).toEqual([range(0, 10), range(50, 60)]);
    const bytes = dataBytes();
    for (const index of range(0, 50)) expect(bytes.includes(markerNeedle(2, index))).toBe(false);
    const { tracks } = await fixture.recording(correlationId);
    expect(tracks[2].packets).toMatchObject({ received: 60, kept: 10, gated: 50 });
    expect(tracks[2].gaps).toMatchObject([{ reason: 'api' }, { reason: 'guard' }]);
    // From the first frame to the last one's beginning; behind it the Start may come at once.
    expect(tracks[2].gaps[0].samples).toBeGreaterThanOrEqual(49 * 160);
  });
});
