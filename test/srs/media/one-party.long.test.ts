import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { buildMultipart } from '../../../src/protocols/siprec/multipart.ts';
import { markersInWav } from '../../../src/simulator/wav-markers.ts';
import { agent, ucc } from '../../support/hush/hush.ts';
import { few } from '../../support/length.ts';
import { metadataOf, metadataPart, sdpOf, sdpPart, twoLines } from '../srs-client.ts';
import { SrsFixture } from '../srs-fixture.ts';

const listed = 'tel:+31880000001';
const caller = 'sip:+31612345678@10.0.0.9';

describe('one party, however it is spelled', () => {
  const fixture = new SrsFixture(() => ({
    config: (config) => ({
      ...config,
      uccs: config.uccs.map((one) => ({ ...one, agents: [agent, listed] })),
    }),
  }));

  function bodyWith(aor: string) {
    const metadata = metadataOf({ aors: [caller, aor] });
    return buildMultipart([sdpPart(sdpOf(twoLines)), metadataPart(metadata)]);
  }

  it.each(
    few([
      ['sip:+31880000001@10.0.0.7;user=phone', listed],
      ['+31880000001', 'sip:%2B31880000001@elsewhere.example'],
      ['tel:+31-88-0000001', '0031880000001'],
      ['sips:+31-880000001@[2001:db8::7]:5061', '+31 88 000 0001'],
      ['<sip:ag%65nt@Domain.com.:5060>;tag=1', agent],
      ['"OfflineStore" <sips:agent@domain.com>', 'SIP:AGENT@domain.com;transport=tcp'],
    ]),
  )('%s is the agent, asked for as %s', async (aor, asked) => {
    const { client, hush } = fixture;
    const correlationId = randomUUID();
    const session = await client.invite({ correlationId, body: bodyWith(aor) });
    const live = await hush.get(`/api/calls?agent=${encodeURIComponent(asked)}`);
    expect(live.items).toHaveLength(1);
    expect(live.items[0].parties).toMatchObject([{ role: 'other' }, { role: 'agent' }]);
    for (const [tag, port] of session.ports.entries()) await client.frames(port, { tag }, 0, 10);
    await session.dialog.bye();
    const { id } = await fixture.recording(correlationId);
    const found = await hush.get(`/api/recordings?agent=${encodeURIComponent(asked)}`);
    expect(found.items).toMatchObject([{ id }]);
    // The agent is on the left.
    const channels = markersInWav(await hush.audio(id)).map((tags) => [...tags.keys()]);
    expect(channels).toEqual([[1], [0]]);
  });

  it.each(
    few(
      [
        ...['tel:+31880000001;ext=7', 'sip:0880000001@10.0.0.7', 'tel:31880000001'],
        ...['sip:agent@domain.com.evil.example', 'sip:agent%40domain.com@evil.example'],
        ...['sip:agent@domain.com:5070', 'sip:+318800000011@10.0.0.7', 'sip:agents@domain.com'],
      ],
      3,
    ),
  )('%s is a stranger', async (aor) => {
    await fixture.client.invite({ body: bodyWith(aor) });
    for (const asked of [listed, agent]) {
      const { items } = await fixture.hush.get(`/api/calls?agent=${encodeURIComponent(asked)}`);
      expect(items).toEqual([]);
    }
    const [call] = await fixture.calls();
    expect(call.parties).toMatchObject([{ role: 'other' }, { role: 'other' }]);
  });

  it.each(
    few([
      ['sip:+31-880000001@10.0.0.7;user=phone', 3],
      ['tel:+31-88-0000001', 3],
      ['sips:ag%65nt@domain.com', 3],
      ['tel:+31880000001;ext=7', 0],
      ['sip:agent@domain.com:5070', 0],
    ] as const),
  )('%s commands as a member: state %s', async (requester, state) => {
    const correlationId = randomUUID();
    await fixture.client.invite({ correlationId, body: bodyWith(listed) });
    const answer = await fixture.hush.command('Pause', correlationId, {
      RequesterSipUri: requester,
    });
    expect(answer.RecordingState).toBe(state);
  });

  it('is named once on a call, as last spelled', async () => {
    const { client } = fixture;
    const session = await client.invite({ body: bodyWith('tel:+31-88-0000001') });
    await session.dialog.invite(bodyWith('sip:+31880000001@10.0.0.7'));
    const [call] = await fixture.calls();
    expect(call.parties.map(({ aor }: { aor: string }) => aor)).toEqual([
      caller,
      'sip:+31880000001@10.0.0.7',
    ]);
  });

  it.each(
    few([
      ['an escaped request URI', { uccName: ucc.replaceAll('-', '%2D') }],
      ['one that is escaped in part', { uccName: ucc.replace('u', '%75').toUpperCase() }],
      ['a URI in the header', { uccName: 'recorder', headers: { 'X-UCC-Name': `<sip:${ucc}@x>` } }],
      ['a bare URI in the header', { uccName: 'x', headers: { 'X-UCC-Name': `sip:${ucc}@x` } }],
    ]),
  )('names the UCC in %s', async (_name, invitation) => {
    await fixture.client.invite(invitation);
    expect((await fixture.calls())[0].uccName).toBe(ucc);
  });
});
