import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { buildMultipart } from '../../../src/protocols/siprec/multipart.ts';
import { agent } from '../../support/hush/hush.ts';
import { metadataOf, metadataPart, type Session, sdpOf, sdpPart, twoLines } from '../srs-client.ts';
import { SrsFixture } from '../srs-fixture.ts';

const caller = 'tel:+31880000000';

/** Part of what is known already: who sends the stream with label 1. */
function partial(aor: string, participantId: string, streamId: string): string {
  return [
    '<?xml version="1.0"?><recording xmlns="urn:ietf:params:xml:ns:recording:1">',
    '<datamode>partial</datamode>',
    `<participant participant_id="${participantId}"><nameID aor="${aor}"/></participant>`,
    `<participantstreamassoc participant_id="${participantId}"><send>${streamId}</send>`,
    '</participantstreamassoc></recording>',
  ].join('');
}

/** Ids that the first metadata gave. */
function idsIn(metadata: string) {
  const all = (pattern: RegExp) => [...metadata.matchAll(pattern)].map(([, id]) => id ?? '');
  return {
    participants: all(/<participant participant_id="([^"]+)"/g),
    streams: all(/<stream stream_id="([^"]+)"/g),
  };
}

describe('later metadata', () => {
  const fixture = new SrsFixture();

  async function recorded(session: Session, correlationId: string) {
    const { client, hush } = fixture;
    const [first = 0, second = 0] = session.ports;
    await client.frames(first, { tag: 1 }, 0, 10);
    await client.frames(second, { tag: 2 }, 0, 10);
    await session.dialog.bye();
    await hush.settled(correlationId);
    return hush.get(`/api/recordings/${correlationId}`);
  }

  it('names the parties of open streams: the agent is the left channel', async () => {
    const correlationId = randomUUID();
    const session = await fixture.client.invite({
      correlationId,
      body: buildMultipart([sdpPart(sdpOf(twoLines))]),
    });
    const told = [sdpPart(sdpOf(twoLines)), metadataPart(metadataOf({ aors: [caller, agent] }))];
    expect((await session.dialog.invite(buildMultipart(told))).statusCode).toBe(200);
    const { parties, tracks } = await recorded(session, correlationId);
    expect(parties.map(({ role }: { role: string }) => role).sort()).toEqual(['agent', 'other']);
    expect(tracks).toMatchObject([
      { aor: caller, role: 'other' },
      { aor: agent, role: 'agent' },
    ]);
  });

  it('comes by UPDATE without a description too, whole or in part', async () => {
    const correlationId = randomUUID();
    const first = metadataOf({ aors: ['sip:queue@domain.com', caller] });
    const body = buildMultipart([sdpPart(sdpOf(twoLines)), metadataPart(first)]);
    const session = await fixture.client.invite({ correlationId, body });
    const { participants, streams } = idsIn(first);
    const joined = partial(agent, 'am9pbmVk', streams[0] ?? '');
    const left =
      `<participantstreamassoc participant_id="${participants[0]}"><send>${streams[0]}</send>` +
      '<disassociate-time>2026-11-27T00:00:00Z</disassociate-time></participantstreamassoc></recording>';
    const update = joined.replace('</recording>', left);
    const { contentType, content } = buildMultipart([metadataPart(update)]);
    expect((await session.dialog.request('UPDATE', { contentType, content })).statusCode).toBe(200);
    const { parties, tracks } = await recorded(session, correlationId);
    expect(tracks[0]).toMatchObject({ aor: agent, role: 'agent' });
    const aors = parties.map(({ aor }: { aor: string }) => aor);
    expect(aors).toEqual(['sip:queue@domain.com', caller, agent]);
  });

  it('that is unreadable removes nothing, and refuses no offer', async () => {
    const correlationId = randomUUID();
    const first = metadataOf();
    const body = buildMultipart([sdpPart(sdpOf(twoLines)), metadataPart(first)]);
    const session = await fixture.client.invite({ correlationId, body });
    const held = sdpPart(sdpOf([{ direction: 'inactive' }, { direction: 'inactive' }]));
    for (const bad of ['<recording', first.slice(0, 400), '', '\0\0', 'v=1']) {
      const update = buildMultipart([held, metadataPart(bad)]);
      expect((await session.dialog.invite(update)).statusCode).toBe(200);
      const [call] = await fixture.calls();
      expect(call).toMatchObject({ pausedBy: ['hold'], metadataIncomplete: ['malformed'] });
      expect(call.streams.map(({ aor }: { aor: string }) => aor)).toEqual([agent, caller]);
      expect(call.parties).toHaveLength(2);
    }
    const { contentType, content } = buildMultipart([metadataPart('<recording')]);
    expect((await session.dialog.request('UPDATE', { contentType, content })).statusCode).toBe(200);
    const released = buildMultipart([sdpPart(sdpOf(twoLines)), metadataPart(first)]);
    expect((await session.dialog.invite(released)).statusCode).toBe(200);
    const recording = await recorded(session, correlationId);
    expect(recording.tracks[0]).toMatchObject({ aor: agent, role: 'agent' });
    expect(recording.metadataIncomplete).toEqual(['malformed']);
  });

  it('is merged into the known metadata when it is partly readable', async () => {
    const correlationId = randomUUID();
    const first = metadataOf({ aors: ['sip:queue@domain.com', caller] });
    const body = buildMultipart([sdpPart(sdpOf(twoLines)), metadataPart(first)]);
    const session = await fixture.client.invite({ correlationId, body });
    const { participants, streams } = idsIn(first);
    const update = partial(agent, participants[0] ?? '', streams[0] ?? '')
      .replace('partial', 'complete')
      .replace('</recording>', '<ac:ucid>1</ac:ucid></recording>');
    const { contentType, content } = buildMultipart([metadataPart(update)]);
    expect((await session.dialog.request('UPDATE', { contentType, content })).statusCode).toBe(200);
    const [call] = await fixture.calls();
    expect(call.metadataIncomplete).toEqual(['namespace']);
    expect(call.streams.map(({ aor }: { aor: string }) => aor)).toEqual([agent, caller]);
  });
});
