import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createLogger } from '../../../src/logging/logger.ts';
import { buildRtp } from '../../../src/protocols/rtp/packet.ts';
import { parseOffer } from '../../../src/protocols/sdp/parse-offer.ts';
import { RawPeer, rawRequest } from '../../protocols/sip/raw-peer.ts';
import { agent, TestHush, temporaryFolder, ucc } from '../../support/hush/hush.ts';
import {
  addDemoPeople,
  clientSecret,
  fetchToken,
  type Person,
  tenantId,
  tokenForm,
  tokenUrl,
} from '../../support/people.ts';
import { sdpOf } from '../srs-client.ts';

const sipPassword = 'the-digest-password';
const uriPassword = 'password-in-a-uri';
const wrongPassword = 'a-wrong-password-of-somebody';
const digits = '8642097531';
const card = '4111111111111111';
const passport = 'eyJhbGciOiJFUzI1NiJ9.eyJvcmlnIjoiMSJ9.c2lnbmF0dXJl';

let hush: TestHush;
let people: { agent: Person; admin: Person };
let raw: RawPeer;
let lines: string[] = [];
const rtp = createSocket('udp4');

beforeEach(async () => {
  lines = [];
  const dataDir = temporaryFolder();
  people = await addDemoPeople(dataDir);
  const logger = createLogger('trace', { write: (line) => void lines.push(line) });
  hush = await TestHush.start({
    ...{ dataDir, overrides: { logger } },
    config: (config) => ({
      ...config,
      auth: { ...config.auth, mode: 'embedded', tenantId, anonymous: false },
      sip: {
        ...config.sip,
        digest: {
          ...config.sip.digest,
          ...{ realm: 'hush', algorithms: ['SHA-256'] },
          users: [{ name: 'sbc-1', password: sipPassword }],
        },
      },
    }),
  });
  raw = await RawPeer.open(hush.peer);
});
afterEach(async () => {
  raw.close();
  rtp.close();
  await hush.remove();
});

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

function credentials(challenge: string, uri: string): { header: string; secrets: string[] } {
  const nonce = /nonce="([^"]+)"/.exec(challenge)?.[1] ?? '';
  const cnonce = randomBytes(8).toString('hex');
  const whose = sha256(`sbc-1:hush:${sipPassword}`);
  const response = sha256(`${whose}:${nonce}:00000001:${cnonce}:auth:${sha256(`INVITE:${uri}`)}`);
  const header =
    `Authorization: Digest username="sbc-1", realm="hush", nonce="${nonce}", uri="${uri}", ` +
    `algorithm=SHA-256, qop=auth, nc=00000001, cnonce="${cnonce}", response="${response}"`;
  return { header, secrets: [nonce, cnonce, response] };
}

interface RawAnswers {
  readonly correlationId: string;
  readonly ports: number[];
  readonly secrets: string[];
}

/** An INVITE under SRTP, challenged, with a secret wherever one has room. */
async function invite(callId: string): Promise<RawAnswers> {
  const key = randomBytes(30).toString('base64');
  const correlationId = randomUUID();
  const uri = `sip:${ucc}@127.0.0.1`;
  const crypto = `a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:${key}`;
  const attributes = [crypto, 'a=rtpmap:101 telephone-event/8000'];
  const line = { formats: '0 101', attributes };
  const body = sdpOf([line, line]).replaceAll('RTP/AVP', 'RTP/SAVP');
  const headers = (sequence: number, more: readonly string[]) => [
    `Contact: "${card}" <sip:src:${uriPassword}@127.0.0.1:${raw.port};postd=${digits}>`,
    ...['Require: siprec', 'Content-Type: application/sdp', `Identity: ${passport}`],
    ...[`X-Correlation-Id: ${correlationId}`, `X-Note: card 4111 1111 1111 1111, ${sequence}`],
    ...[`X-Access-Token: ${passport}`, `X-Auth: Bearer ${passport}`],
    ...more,
  ];
  const send = (sequence: number, more: readonly string[] = []) =>
    raw.send(
      rawRequest({
        ...{ method: 'INVITE', uri, port: raw.port, callId, sequence, body },
        headers: headers(sequence, more),
      }),
    );
  send(1);
  const challenge = await raw.next();
  expect(challenge).toMatch(/^SIP\/2.0 401 /);
  const { header, secrets } = credentials(challenge, uri);
  send(2, [header]);
  const answer = await raw.next();
  expect(answer).toMatch(/^SIP\/2.0 200 /);
  const toTag = /^To:.*tag=(\S+)/im.exec(answer)?.[1] ?? '';
  const dialog = { callId, toTag, port: raw.port };
  raw.send(rawRequest({ ...dialog, method: 'ACK', sequence: 2 }));
  const dtmf = { method: 'INFO', sequence: 3, body: `Signal=${digits}\r\nDuration=160` };
  const infoHeaders = ['Content-Type: application/dtmf-relay', `X-Digits: ${digits}`];
  raw.send(rawRequest({ ...dialog, ...dtmf, headers: infoHeaders }));
  expect(await raw.next()).toMatch(/^SIP\/2.0 200 /);
  const own = [...answer.matchAll(/inline:(\S+)/g)].map(([, secret = '']) => secret);
  const sdp = parseOffer(answer.slice(answer.indexOf('\r\n\r\n') + 4));
  const ports = sdp.media.map(({ port }) => port);
  return { correlationId, ports, secrets: [...secrets, ...own, key] };
}

async function telephoneEvents(port: number): Promise<void> {
  await Promise.all(
    [...digits].map((digit, sequence) => {
      const fields = { payloadType: 101, sequence, timestamp: sequence * 160, ssrc: 7 };
      const packet = buildRtp(fields, Uint8Array.of(Number(digit), 0x8a, 0, 160));
      return new Promise<void>((resolve) => {
        rtp.send(packet, port, '127.0.0.1', () => resolve());
      });
    }),
  );
}

/** Over HTTP: tokens in headers and addresses, and a card where a requester should be. */
async function command(correlationId: string): Promise<string[]> {
  const token = await fetchToken(hush.api, people.agent);
  const wrong = tokenForm({ ...people.agent, password: wrongPassword });
  await fetch(tokenUrl(hush.api), { method: 'POST', body: wrong });
  await fetch(tokenUrl(hush.api), {
    method: 'POST',
    body: tokenForm({ name: wrongPassword, password: wrongPassword }),
  });
  const pause = (RequesterSipUri: string, bearer: string) =>
    fetch(`${hush.api}/attendantservice/api/v2/recording/set`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${bearer}` },
      body: JSON.stringify({
        ...{ Action: 'Pause', RequesterSipUri, CorrelationId: correlationId, UCCName: ucc },
      }),
    });
  expect((await pause(agent, token)).status).toBe(200);
  await pause(`sip:${card}@domain.com`, token);
  await pause(`tel:${card};postd=${digits}`, token);
  await pause(agent, `${token}x`);
  await fetch(`${hush.api}/api/events?access_token=${token}x`);
  await fetch(`${hush.api}/api/calls/${card}`, { headers: { Authorization: `Bearer ${token}` } });
  return [token, people.agent.password, clientSecret];
}

test('no key, password, token, digit or card number is in the log, at no level', async () => {
  const callId = `${randomUUID()}@127.0.0.1`;
  const { correlationId, ports, secrets } = await invite(callId);
  const [port = 0] = ports;
  await telephoneEvents(port);
  const more = await command(correlationId);
  const log = lines.join('');
  // It was written down, and what was left out is where it is left out.
  expect(log).toContain('a=crypto:1 AES_CM_128_HMAC_SHA1_80 (masked)');
  expect(log).toContain('Authorization: (masked)');
  expect(log).toContain('"Pause carried out"');
  expect(log).toContain('"sign-in refused"');
  expect(log).toContain('"INFO sip:');
  const all = [...secrets, ...more, sipPassword, uriPassword, wrongPassword, digits, passport];
  expect(all.filter((secret) => secret.length < 8)).toEqual([]);
  expect(all.filter((secret) => log.includes(secret))).toEqual([]);
  for (const line of lines) expect(line.replace(/[^0-9]/g, '')).not.toContain(card);
});
