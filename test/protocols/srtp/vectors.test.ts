import { expect, test } from 'vitest';
import { GcmProtection } from '../../../src/protocols/srtp/gcm.ts';
import { SrtpReceiver } from '../../../src/protocols/srtp/receiver.ts';
import { SrtpSender } from '../../../src/protocols/srtp/sender.ts';
import { deriveSessionKeys } from '../../../src/protocols/srtp/session-keys.ts';

function hex(text: string): Buffer {
  return Buffer.from(text.replaceAll(/\s/g, ''), 'hex');
}

test('session keys match RFC 3711 appendix B.3', () => {
  const master = hex('E1F97A0D3E018BE0D64FA32C06DE4139 0EC675AD498AFEEBB6960B3AABE6');
  const keys = deriveSessionKeys('AES_CM_128_HMAC_SHA1_80', master, 'srtp');
  expect(keys.key).toEqual(hex('C61E7A93744F39EE10734AFE3FF7A087'));
  expect(keys.salt).toEqual(hex('30CBBC08863D8C85D49DB34A9AE1'));
  expect(keys.authenticationKey).toEqual(hex('CEBE321F6FF7716B6FD4AB49AF256A156D38BAA4'));
});

test('the reference packet of libsrtp is read and written, AES_CM_128_HMAC_SHA1_80', () => {
  const master = hex('e1f97a0d3e018be0d64fa32c06de4139 0ec675ad498afeebb6960b3aabe6');
  const plain = hex('800f1234decafbadcafebabe abababababababababababababababab');
  const sent = hex(`800f1234decafbadcafebabe 4e55dc4ce79978d88ca4d215949d2402
    b78d6acc99ea179b8dbb`);
  expect(new SrtpSender('AES_CM_128_HMAC_SHA1_80', master).protect(plain)).toEqual(sent);
  expect(new SrtpReceiver('AES_CM_128_HMAC_SHA1_80', master).unprotect(sent)).toBe(plain.length);
  expect(sent.subarray(0, plain.length)).toEqual(plain);
});

const galliaText = Buffer.from('Gallia est omnis divisa in partes tres').toString('hex');

test.each([
  {
    name: 'RFC 7714 section 16.1.1, AEAD_AES_128_GCM',
    key: '000102030405060708090a0b0c0d0e0f',
    sent: `f24de3a3fb34de6cacba861c9d7e4bca be633bd50d294e6f42a5f47a51c7d19b
      36de3adf8833899d7f27beb16a9152cf 765ee4390cce`,
  },
  {
    name: 'RFC 7714 section 16.2.1, AEAD_AES_256_GCM',
    key: '000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f',
    sent: `32b1de78a822fe12ef9f78fa332e33aa b18012389a58e2f3b50b2a0276ffae0f
      1ba63799b87b7aa3db36dfffd6b0f9bb 7878d7a76c13`,
  },
])('$name', ({ key, sent }) => {
  const header = hex('8040f17b8041f8d35501a0b2');
  const plain = hex(galliaText);
  const packet = Buffer.concat([header, hex(sent)]);
  const end = header.length + plain.length;
  const protection = new GcmProtection({
    key: hex(key),
    authenticationKey: Buffer.alloc(0),
    salt: hex('517569642070726f2071756f'),
  });
  const span = { start: header.length, end, tag: end, word: -1, encrypted: true };
  const place = { ssrc: 0x5501a0b2, high: 0, low: 0xf17b };
  expect(protection.open(packet, span, place)).toBe(true);
  expect(packet.subarray(12, end).toString('latin1')).toBe(plain.toString('latin1'));
  protection.seal(packet, span, place);
  expect(packet.subarray(12)).toEqual(hex(sent));
});
