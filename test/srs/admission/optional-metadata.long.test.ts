import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { ucc } from '../../support/hush/hush.ts';
import { few } from '../../support/length.ts';
import { sdpBody } from '../srs-client.ts';
import { SrsFixture } from '../srs-fixture.ts';
import {
  multipart,
  type Shape,
  sdp,
  sdpPiece,
  shapes,
  told,
  whole,
} from './optional-metadata-shapes.ts';

describe('optional parts of an INVITE never prevent its recording', () => {
  const fixture = new SrsFixture();

  function bodyOf({ contentType = 'multipart/mixed;boundary=b', content }: Shape) {
    return { contentType, content: Buffer.from(content) };
  }

  it.each(few(shapes, 3))('%s', async (_name, shape, aors, faults) => {
    const { client, hush } = fixture;
    const session = await client.invite({ body: bodyOf(shape) });
    const [call] = await fixture.calls();
    expect(call.streams.map(({ aor }: { aor: string | null }) => aor)).toEqual(aors);
    expect(call.metadataIncomplete).toEqual(faults);
    expect(call.alarms).toEqual(faults === null ? [] : ['metadataIncomplete']);
    for (const [tag, port] of session.ports.entries()) await client.frames(port, { tag }, 0, 10);
    const live = await hush.get(`/api/calls/${call.id}/health`);
    await session.dialog.bye();
    const recording = await fixture.recording(call.correlationId);
    expect(recording.tracks.map((track: { packets: object }) => track.packets)).toMatchObject([
      { kept: 10 },
      { kept: 10 },
    ]);
    const reasons = faults === null ? [] : ['metadataIncomplete'];
    expect(recording).toMatchObject({ status: 'kept', metadataIncomplete: faults });
    expect(recording.health).toEqual({ verdict: 'complete', reasons });
    expect(live.verdict).toBe('complete');
    for (const fault of faults ?? []) {
      const name = `hush_sip_metadata_incomplete_total{fault="${fault}"}`;
      expect(await fixture.metric(name)).toBe(1);
    }
  });

  it('raises one alarm per client, on its first call', async () => {
    const { client, hush } = fixture;
    const bad = bodyOf(told('<recording'));
    const sessions = [];
    for (let call = 0; call < 3; call += 1) sessions.push(await client.invite({ body: bad }));
    const calls = await fixture.calls();
    const marked = calls.map(({ metadataIncomplete }) => metadataIncomplete);
    expect(marked).toEqual([['malformed'], ['malformed'], ['malformed']]);
    expect(calls.filter(({ alarms }) => alarms.includes('metadataIncomplete'))).toHaveLength(1);
    const { items } = await hush.get('/api/alarms?kind=metadataIncomplete');
    expect(items).toMatchObject([{ callId: calls[0].id, clearedAt: null }]);
    expect(items[0].detail).toContain('127.0.0.1');
    expect(await fixture.metric('hush_alarms_total{kind="metadataIncomplete"}')).toBe(1);
    const fault = 'hush_sip_metadata_incomplete_total{fault="malformed"}';
    expect(await fixture.metric(fault)).toBe(3);
  });

  it('clears the alarm when complete metadata follows in the same call', async () => {
    const { client, hush } = fixture;
    const session = await client.invite({ body: bodyOf(told('<recording')) });
    const cleared = hush.event(({ type: kind }) => kind === 'alarmCleared');
    await session.dialog.invite(bodyOf({ content: whole }));
    expect(await cleared).toMatchObject({ alarm: 'metadataIncomplete' });
    const [call] = await fixture.calls();
    expect(call).toMatchObject({ alarms: [], metadataIncomplete: ['malformed'] });
    expect(call.parties).toHaveLength(2);
  });

  it.each([
    ['SDP that is none', multipart([['Content-Type: application/sdp', 'hello']]), 400],
    ['SDP without media', multipart([['Content-Type: application/sdp', 'v=0\r\ns=-\r\n']]), 400],
    ['a text', multipart([['Content-Type: text/plain', 'hello']]), 415],
  ])('refuses %s', async (_name, content, status) => {
    expect(await fixture.client.refusal({ body: bodyOf({ content }) })).toBe(status);
    expect(await fixture.calls()).toEqual([]);
  });

  it('refuses an unknown UCC', async () => {
    const body = bodyOf(told('<recording'));
    expect(await fixture.client.refusal({ uccName: 'nobody', body })).toBe(404);
  });

  it('takes the last usable description', async () => {
    const pieces = [['Content-Type: application/sdp', 'v=0\r\nm=audio'], sdpPiece] as const;
    const body = bodyOf({ content: multipart(pieces) });
    const session = await fixture.client.invite({ body });
    expect(session.ports).toHaveLength(2);
    const correlationId = randomUUID();
    const plain = await fixture.client.invite({ correlationId, body: sdpBody(sdp) });
    expect(plain.response.statusCode).toBe(200);
    expect((await fixture.calls()).map(({ uccName }) => uccName)).toEqual([ucc, ucc]);
  });
});
