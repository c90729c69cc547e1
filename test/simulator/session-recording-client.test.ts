import { afterEach, beforeEach, expect, test } from 'vitest';
import type { SipUserAgent } from '../../src/protocols/sip/message/types.ts';
import { createSipUserAgent } from '../../src/protocols/sip/user-agent/user-agent.ts';
import { participantForLabel } from '../../src/protocols/siprec/stream-participants.ts';
import { markerFrame, readMarkerFrame } from '../../src/simulator/marker-audio.ts';
import {
  type PlaceCallOptions,
  SessionRecordingClient,
} from '../../src/simulator/session-recording-client.ts';
import type { SimulatedCall } from '../../src/simulator/simulated-call.ts';
import { limits, RecordingServer } from './recording-server.ts';
import type { RtpReceiver } from './rtp-receiver.ts';

let server: RecordingServer;
let agent: SipUserAgent;
let client: SessionRecordingClient;

beforeEach(async () => {
  server = await RecordingServer.start();
  agent = await createSipUserAgent({
    host: '127.0.0.1',
    udpPort: 0,
    userAgent: 'simulator',
    limits,
    onInvite: (invite) => invite.reject({ statusCode: 603 }),
  });
  client = new SessionRecordingClient(agent);
});

afterEach(async () => {
  await client.close();
  await agent.close();
  await server.stop();
});

function place(options: Partial<PlaceCallOptions> = {}): Promise<SimulatedCall> {
  return client.placeCall({
    peer: { address: '127.0.0.1', port: server.port, transport: 'UDP' },
    requestUri: `sip:support@127.0.0.1:${server.port}`,
    participants: [
      { aor: 'sip:agent@example.com', name: 'Agent', source: (i) => markerFrame(1, i) },
      { aor: 'tel:+4912345', source: (i) => markerFrame(2, i), label: '007' },
    ],
    ...options,
  });
}

function lastIndex(receiver: RtpReceiver | undefined): number {
  const payload = receiver?.packets.at(-1)?.payload;
  return (payload && readMarkerFrame(payload)?.index) ?? -1;
}

test('a call: headers, metadata, two labelled streams, BYE', async () => {
  const call = await place({ headers: [{ name: 'X-UCC-Name', value: 'support' }] });
  for (const [i, receiver] of server.receivers.entries()) {
    const packets = await receiver.count(5);
    expect(readMarkerFrame(packets[4]?.payload ?? Buffer.alloc(0))).toEqual({
      streamTag: i + 1,
      index: 4,
    });
    expect(packets.every((packet) => packet.payloadType === 0)).toBe(true);
    expect(call.streams[i]?.remote?.port).toBe(receiver.port);
  }
  expect(server.parts.map((part) => [part.contentType, part.disposition])).toEqual([
    ['application/sdp', undefined],
    ['application/rs-metadata+xml', 'recording-session'],
  ]);
  const headers = server.requests[0]?.headers ?? [];
  expect(headers).toContainEqual({ name: 'X-UCC-Name', value: 'support' });
  expect(headers).toContainEqual({ name: 'Require', value: 'siprec' });
  const { metadata } = server;
  expect(metadata?.communicationSessionIds).toEqual([call.communicationSessionId]);
  expect(metadata && participantForLabel(metadata, '007')?.aor).toBe('tel:+4912345');
  expect(server.offers[0]?.media.map((one) => [one.label, one.direction])).toEqual([
    ['1', 'sendonly'],
    ['007', 'sendonly'],
  ]);
  await call.end();
  await call.end();
  expect(call.state).toBe('ended');
  expect(server.byes).toBe(1);
});

test('metadata first, A-law, on hold from the start', async () => {
  const call = await place({ metadataFirst: true, codec: 'PCMA', direction: 'inactive' });
  expect(server.parts[0]?.contentType).toBe('application/rs-metadata+xml');
  expect(call.streams.map((stream) => stream.sent)).toEqual([0, 0]);
  await call.resume();
  const packets = await server.receivers[0]?.count(2);
  expect(packets?.every((packet) => packet.payloadType === 8)).toBe(true);
});

test('hold and resume: silent between, frames and timestamps go on', async () => {
  const call = await place();
  const [receiver] = server.receivers;
  await receiver?.count(3);
  await call.hold();
  expect(server.offers.at(-1)?.media[0]?.direction).toBe('inactive');
  const heldAt = call.streams[0]?.sent ?? 0;
  await call.updateDirection('inactive');
  expect(call.streams[0]?.sent).toBe(heldAt);
  await call.updateDirection('sendonly');
  expect(server.requests.map((request) => request.method)).toEqual([
    'INVITE',
    'INVITE',
    'UPDATE',
    'UPDATE',
  ]);
  await receiver?.count(heldAt + 3);
  for (const packet of receiver?.packets ?? []) {
    const first = receiver?.packets[0];
    const index = readMarkerFrame(packet.payload)?.index ?? -1;
    expect((packet.timestamp - (first?.timestamp ?? 0)) >>> 0).toBe(index * 160);
  }
});

test('a client that holds by null address and goes on sending', async () => {
  const call = await place();
  const [receiver] = server.receivers;
  await receiver?.count(2);
  await call.hold({ keepSending: true, style: 'nullAddress' });
  const media = server.offers.at(-1)?.media[0];
  expect([media?.connectionAddress, media?.direction]).toEqual(['0.0.0.0', 'inactive']);
  const before = receiver?.packets.length ?? 0;
  await receiver?.count(before + 3);
  expect(lastIndex(receiver)).toBeGreaterThanOrEqual(before + 2);
});

test('BYE from the server stops the audio', async () => {
  const call = await place();
  await server.receivers[0]?.count(2);
  const ended = new Promise((resolve) => call.onEnded(resolve));
  await server.dialog?.bye();
  expect(await ended).toBe('server');
  const sent = call.streams.map((stream) => stream.sent);
  const other = await place();
  await server.receivers[0]?.count((sent[0] ?? 0) + 3);
  expect(call.streams.map((stream) => stream.sent)).toEqual(sent);
  await expect(call.hold()).rejects.toThrow('not up');
  await other.end();
});

test('a refused call leaves nothing behind', async () => {
  server.refuseWith = 503;
  await expect(place()).rejects.toMatchObject({ statusCode: 503 });
});
