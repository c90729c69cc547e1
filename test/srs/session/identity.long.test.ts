import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { guidFromText } from '../../../src/domain/identifiers/correlation-id.ts';
import { buildMultipart } from '../../../src/protocols/siprec/multipart.ts';
import { sessionIdFromGuid } from '../../../src/protocols/siprec/session-id.ts';
import { agent, ucc } from '../../support/hush/hush.ts';
import { longTest } from '../../support/length.ts';
import { metadataOf, metadataPart, sdpBody, sdpOf, sdpPart, twoLines } from '../srs-client.ts';
import { SrsFixture } from '../srs-fixture.ts';

const other = 'ucc-other';

function bodyWith(metadata: string) {
  return buildMultipart([sdpPart(sdpOf(twoLines)), metadataPart(metadata)]);
}

describe('the call of a recording session', () => {
  const fixture = new SrsFixture(() => ({
    config: (config) => ({
      ...config,
      uccs: [...config.uccs, { name: other, useAudioRecording: true }],
    }),
  }));

  async function theCall() {
    const calls = await fixture.calls();
    expect(calls).toHaveLength(1);
    return calls[0];
  }

  it('is found in metadata before the SDP', async () => {
    const sdp = sdpPart(sdpOf(twoLines));
    const body = buildMultipart([metadataPart(metadataOf()), sdp]);
    const session = await fixture.client.invite({ body });
    expect(session.response.statusCode).toBe(200);
    const call = await theCall();
    expect(call.streams.map(({ aor }: { aor: string }) => aor)).toEqual([
      agent,
      'tel:+31880000000',
    ]);
    expect(call.parties.map(({ role }: { role: string }) => role)).toEqual(['agent', 'other']);
  });

  it('is that of the Call-ID for an offer without metadata', async () => {
    const session = await fixture.client.invite({ body: sdpBody(sdpOf(twoLines)) });
    const call = await theCall();
    expect(call.correlationId).toBe(guidFromText(session.dialog.state().callId));
    expect(call.streams).toHaveLength(2);
    expect(call.parties).toEqual([]);
  });

  longTest('is that of the header before the session id, in any spelling', async () => {
    const guid = randomUUID();
    const correlationId = `{${guid.toUpperCase()}}`;
    const sessionId = sessionIdFromGuid(randomUUID()) ?? '';
    await fixture.client.invite({ correlationId, body: bodyWith(metadataOf({ sessionId })) });
    expect((await theCall()).correlationId).toBe(guid);
  });

  it.each(['not a guid', ''])('is found beside the header %j', async (correlationId) => {
    const guid = randomUUID();
    const body = bodyWith(metadataOf({ sessionId: sessionIdFromGuid(guid) ?? '' }));
    await fixture.client.invite({ correlationId, body });
    expect((await theCall()).correlationId).toBe(guid);
  });

  longTest('has a constant derived id for a session id that is no GUID', async () => {
    const body = bodyWith(metadataOf({ sessionId: 'call 4711' }));
    await fixture.client.invite({ body });
    await fixture.client.invite({ body });
    const call = await theCall();
    expect(call.correlationId).toBe(guidFromText('call 4711'));
    expect(call.streams).toHaveLength(4);
  });

  it.each([
    ['the request URI', { uccName: ucc.toUpperCase(), headers: { 'X-UCC-Name': other } }, ucc],
    ['the header', { uccName: 'recorder', headers: { 'X-UCC-Name': 'UCC-Other' } }, other],
    [
      'the request URI before the header',
      { uccName: other, headers: { 'X-UCC-Name': ucc } },
      other,
    ],
    [
      'the header where the URI names none',
      { uccName: '4711', headers: { 'X-UCC-Name': ucc } },
      ucc,
    ],
  ])('gets its UCC from %s', async (_name, invitation, expected) => {
    await fixture.client.invite(invitation);
    expect((await theCall()).uccName).toBe(expected);
  });

  it('gets its UCC from the participants', async () => {
    const body = bodyWith(metadataOf({ aors: ['tel:+31880000000', `sip:${other}@x.example`] }));
    await fixture.client.invite({ uccName: 'recorder', body });
    expect((await theCall()).uccName).toBe(other);
  });

  it('is refused with 404 when nothing names a UCC', async () => {
    const headers = { 'X-UCC-Name': 'nobody' };
    expect(await fixture.client.refusal({ uccName: 'recorder', headers })).toBe(404);
    expect(await fixture.calls()).toEqual([]);
  });

  longTest('is searched for in the configured order', async () => {
    await fixture.configure((config) => ({
      ...config,
      uccs: [...config.uccs, { name: other, useAudioRecording: true }],
      sip: { ...config.sip, uccFrom: ['header'], correlationIdFrom: ['sessionId', 'header'] },
    }));
    const guid = randomUUID();
    const body = bodyWith(metadataOf({ sessionId: sessionIdFromGuid(guid) ?? '' }));
    const headers = { 'X-UCC-Name': other };
    await fixture.client.invite({ uccName: ucc, correlationId: randomUUID(), headers, body });
    const call = await theCall();
    expect([call.uccName, call.correlationId]).toEqual([other, guid]);
    expect(await fixture.client.refusal({ uccName: ucc })).toBe(404);
  });

  longTest("is found in a vendor's own headers and values, if configured", async () => {
    await fixture.configure((config) => ({
      ...config,
      uccs: [...config.uccs, { name: other, useAudioRecording: true }],
      sip: {
        ...config.sip,
        headers: { ucc: ['X-Queue', 'X-Line'], correlationId: ['X-Call'] },
        extensionData: { ucc: '', correlationId: 'session/extensiondata/ids/@call' },
      },
    }));
    const vendor = '<extensiondata xmlns:v="urn:v"><v:ids call="0042"/></extensiondata></session>';
    const metadata = metadataOf().replace('</session>', vendor);
    const headers = { 'X-Line': other, 'X-Correlation-Id': randomUUID() };
    await fixture.client.invite({ uccName: 'recorder', headers, body: bodyWith(metadata) });
    const call = await theCall();
    expect([call.uccName, call.correlationId]).toEqual([other, guidFromText('0042')]);
  });
});
