import { randomBytes, randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createLogger } from '../../../src/logging/logger.ts';
import { RawPeer, rawRequest } from '../../protocols/sip/raw-peer.ts';
import { ucc } from '../../support/hush/hush.ts';
import { few, longTest } from '../../support/length.ts';
import { type Invitation, metadataPart, sdpBody, sdpOf } from '../srs-client.ts';
import { SrsFixture } from '../srs-fixture.ts';

interface Line {
  readonly msg: string;
  readonly reason?: string;
  readonly status?: number;
  readonly uri?: string;
  readonly alarm?: { readonly kind: string; readonly detail: string };
  readonly refusals?: Record<string, number>;
}

const client = { Require: 'siprec' };
const other = (contentType: string) => ({ contentType, content: Buffer.from('...') });

describe('an INVITE that is refused', () => {
  let lines: string[] = [];
  const fixture = new SrsFixture(() => {
    lines = [];
    const logger = createLogger('info', { write: (line) => void lines.push(line) });
    return { overrides: { logger } };
  });
  const logged = () => lines.map((line) => JSON.parse(line) as Line);
  const refused = () => logged().filter(({ msg }) => msg === 'INVITE refused');
  const alarms = () => logged().flatMap(({ alarm }) => alarm?.detail ?? []);
  const counted = (reason: string) =>
    fixture.metric(`hush_sip_invites_refused_total{reason="${reason}"}`);

  const cases: readonly [string, number, Invitation][] = [
    ['noCodec', 488, { body: sdpBody(sdpOf([{ formats: '18' }])) }],
    ['noProfile', 488, { body: sdpBody(sdpOf([{}]).replace('RTP/AVP', 'UDP/TLS/RTP/SAVP')) }],
    ['noAudio', 488, { body: sdpBody(sdpOf([{}]).replace('m=audio', 'm=video')) }],
    ['sdpMalformed', 400, { body: sdpBody('v=0\r\nnothing') }],
    ['sdpTooLarge', 413, { body: sdpBody(`v=0\r\n${'a=x\r\n'.repeat(2_000)}`) }],
    ['tooManyMedia', 488, { body: sdpBody(sdpOf(Array.from({ length: 65 }, () => ({})))) }],
    ['bodyType', 415, { body: other('text/plain') }],
    ['uccUnknown', 404, { uccName: 'nobody' }],
    ['extensionRequired', 420, { headers: { Require: 'siprec, other' } }],
    ['sessionTimer', 422, { headers: { Supported: 'timer', 'Session-Expires': '1' } }],
  ];
  it.each(few(cases, 3))('for %s is logged, counted', async (reason, status, invitation) => {
    const headers = { ...client, ...invitation.headers };
    expect(await fixture.client.refusal({ ...invitation, headers })).toBe(status);
    expect(refused()).toMatchObject([{ reason, status }]);
    expect(await counted(reason)).toBe(1);
    const told = reason === 'sessionTimer' ? 0 : 1;
    expect(alarms()).toHaveLength(told);
  });

  it('tells of a full recorder once, by the alarm that names the call', async () => {
    await fixture.configure((config) => ({ ...config, sip: { ...config.sip, maxCalls: 1 } }));
    await fixture.client.invite();
    expect(await fixture.client.refusal({ headers: client })).toBe(486);
    expect(await counted('maxCalls')).toBe(1);
    expect(await fixture.metric('hush_alarms_total{kind="recorderUnavailable"}')).toBe(1);
    expect(await fixture.metric('hush_alarms_total{kind="inviteRefused"}')).toBe(0);
  });

  it('names the call where it is known by then', async () => {
    const correlationId = randomUUID();
    const headers = { ...client, Supported: 'timer', 'Session-Expires': '1' };
    expect(await fixture.client.refusal({ correlationId, headers })).toBe(422);
    expect(refused()).toMatchObject([{ correlationId, uccName: ucc }]);
  });

  it('of a stranger, who says nothing of recording, raises no alarm', async () => {
    const raw = await RawPeer.open(fixture.hush.peer);
    const headers = [`Contact: <sip:a@127.0.0.1:${raw.port}>`, 'Content-Type: application/sdp'];
    const uri = 'sip:100@127.0.0.1';
    raw.send(rawRequest({ method: 'INVITE', uri, port: raw.port, headers, body: sdpOf([{}]) }));
    expect(await raw.next()).toMatch(/^SIP\/2.0 404 /);
    raw.close();
    expect(refused()).toMatchObject([{ reason: 'uccUnknown', uri }]);
    expect(alarms()).toEqual([]);
  });

  it('counts as a client where it brings metadata', async () => {
    const { content, contentType } = metadataPart('<recording xmlns="x"/>');
    const body = { contentType, content: Buffer.from(String(content)) };
    expect(await fixture.client.refusal({ uccName: 'nobody', body })).toBe(404);
    expect(alarms()).toHaveLength(1);
  });

  longTest(
    'floods neither log nor alarms: what has no line of its own is counted in one',
    async () => {
      const body = sdpBody(sdpOf([{ formats: '18' }]));
      const raw = await RawPeer.open(fixture.hush.peer);
      const headers = [
        ...[`Contact: <sip:src@127.0.0.1:${raw.port}>`, 'Require: siprec'],
        'Content-Type: application/sdp',
      ];
      const flood = 50;
      for (let count = 0; count < flood; count += 1) {
        const callId = randomBytes(8).toString('hex');
        const fields = { method: 'INVITE', port: raw.port, callId, fromTag: callId };
        const content = body.content.toString();
        raw.send(rawRequest({ ...fields, headers, body: content }));
        const answer = await raw.next();
        expect(answer).toMatch(/^SIP\/2.0 (?:488|503) /);
        const branch = /branch=([^;\s]+)/.exec(answer)?.[1] ?? '';
        raw.send(rawRequest({ ...fields, method: 'ACK', branch }));
      }
      raw.close();
      const total = (await counted('noCodec')) + (await counted('rateLimited'));
      expect(total).toBe(flood);
      expect(refused().length).toBeLessThanOrEqual(40);
      expect(alarms().length).toBeLessThanOrEqual(2);
      await fixture.hush.stop();
      const [rest] = logged().filter(({ msg }) => msg === 'further INVITEs refused');
      const folded = Object.values(rest?.refusals ?? {}).reduce((sum, count) => sum + count, 0);
      expect(refused().length + folded).toBe(flood);
    },
  );
});
