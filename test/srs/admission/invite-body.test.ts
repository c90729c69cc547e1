import { expect, test } from 'vitest';
import { participantForLabel } from '../../../src/protocols/siprec/stream-participants.ts';
import { readInviteBody } from '../../../src/srs/invite-body.ts';
import { good } from '../../protocols/siprec/sample-metadata.ts';

const [pan, another] = ['4053900126488419', '4111111111111111'];

function read(metadata: string, labels: readonly string[]) {
  const media = labels.flatMap((label) => ['m=audio 4000 RTP/AVP 0', `a=label:${label}`]);
  const sdp = ['v=0', 'o=- 1 1 IN IP4 127.0.0.1', 's=-', 'c=IN IP4 127.0.0.1', 't=0 0', ...media];
  const parts = [
    `--x\r\nContent-Type: application/sdp\r\n\r\n${sdp.join('\r\n')}\r\n`,
    `--x\r\nContent-Type: application/rs-metadata+xml\r\n\r\n${metadata}\r\n`,
    '--x--\r\n',
  ];
  const headers = [{ name: 'Content-Type', value: 'multipart/mixed;boundary=x' }];
  const body = Buffer.from(parts.join(''));
  return readInviteBody({ method: 'INVITE', requestUri: 'sip:ucc@127.0.0.1', headers, body });
}

test('labels that hold card numbers tell streams apart without them', () => {
  const metadata = good
    .replace('<label>1<', `<label>${pan}<`)
    .replace('<label>2<', `<label>${another}<`);
  const body = read(metadata, [pan, another]);
  const labels = body.offer?.media.map(({ label }) => label ?? '') ?? [];
  expect(new Set(labels).size).toBe(2);
  expect(JSON.stringify(body)).not.toMatch(/4053900126488419|4111111111111111/);
  const senders = labels.map((label) => {
    return body.metadata && participantForLabel(body.metadata, label)?.aor;
  });
  expect(senders).toEqual(['sip:agent@domain.com', 'tel:+31880000000']);
});

test('invisible characters are removed from names and labels', () => {
  const metadata = good
    .replace('>Ann<', '>\u200bA\u2028n\ufeff\u{e0041}n<')
    .replace('<label>1<', '<label>1\u200b<');
  const body = read(metadata, ['1\ufeff', '2']);
  expect(body.metadata?.participants[0]?.name).toBe('Ann');
  expect(body.metadata?.streams.map(({ label }) => label)).toEqual(['1', '2']);
  expect(body.offer?.media.map(({ label }) => label)).toEqual(['1', '2']);
});
