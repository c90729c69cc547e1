import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { DigestAlgorithm, SipRequest } from '../../../src/protocols/sip/message/types.ts';
import { DigestAuthenticator } from '../../../src/protocols/sip/user-agent/digest-authenticator.ts';

const user = { name: 'Mufasa', password: 'Circle of Life' };
const rules = {
  realm: 'hush',
  users: [user],
  algorithms: ['SHA-512-256', 'SHA-256'] as DigestAlgorithm[],
};
const uri = 'sip:ucc@127.0.0.1';
const address = '192.0.2.7';
const plain: SipRequest = {
  method: 'INVITE',
  requestUri: uri,
  headers: [],
  body: Buffer.from('v=0'),
};

interface Answer {
  readonly nonce: string;
  readonly algorithm?: string;
  readonly hash?: string;
  readonly nc?: string;
  readonly qop?: string;
  readonly name?: string;
  readonly password?: string;
  readonly uri?: string;
}

/** As RFC 7616 section 3.4 has a client answer. */
function answered(answer: Answer, request: SipRequest = plain): SipRequest {
  const { nonce, algorithm = 'SHA-256', hash = 'sha256', nc = '00000001', qop = 'auth' } = answer;
  const { name = user.name, password = user.password, uri: at = uri } = answer;
  const digest = (text: string | Buffer) => createHash(hash).update(text).digest('hex');
  const body = qop === 'auth-int' ? `:${digest(request.body)}` : '';
  const response = digest(
    [
      digest(`${name}:hush:${password}`),
      ...[nonce, nc, 'cnonce', qop],
      digest(`${request.method}:${at}${body}`),
    ].join(':'),
  );
  const value =
    `Digest username="${name}", realm="hush", nonce="${nonce}", uri="${at}", qop=${qop}, ` +
    `nc=${nc}, cnonce="cnonce", response="${response}", algorithm=${algorithm}`;
  return { ...request, headers: [{ name: 'Authorization', value }] };
}

describe('digest authentication', () => {
  let now = 1_000;
  const fresh = () => new DigestAuthenticator(rules, () => now);

  function challenge(authenticator: DigestAuthenticator, request = plain, from = address) {
    const verdict = authenticator.authenticate(request, from);
    if (verdict.ok || verdict.blocked) throw new Error('it was let in, or not looked at');
    const values = verdict.challenges.map(({ value }) => value);
    const nonce = /nonce="([^"]+)"/.exec(values[0] ?? '')?.[1] ?? '';
    return { nonce, wrong: verdict.wrong, values };
  }

  it('offers the strongest algorithm first', () => {
    const { values, wrong } = challenge(fresh());
    expect(values.map((value) => /algorithm=(\S+)/.exec(value)?.[1])).toEqual(rules.algorithms);
    expect(wrong).toBe(false);
  });

  it.each([
    ['SHA-256', 'sha256', 'auth'],
    ['SHA-512-256', 'sha512-256', 'auth'],
    ['SHA-256', 'sha256', 'auth-int'],
  ])('accepts a correct answer by %s (%s, %s)', (algorithm, hash, qop) => {
    const authenticator = fresh();
    const { nonce } = challenge(authenticator);
    const answer = answered({ nonce, algorithm, hash, qop });
    expect(authenticator.authenticate(answer, address)).toEqual({ ok: true });
  });

  it('accepts an answer once, and the next count after it', () => {
    const authenticator = fresh();
    const { nonce } = challenge(authenticator);
    expect(authenticator.authenticate(answered({ nonce }), address).ok).toBe(true);
    expect(challenge(authenticator, answered({ nonce })).values[0]).toContain('stale=true');
    const next = answered({ nonce, nc: '00000002' });
    expect(authenticator.authenticate(next, address).ok).toBe(true);
  });

  it('challenges again when the challenge is old', () => {
    const authenticator = fresh();
    const { nonce } = challenge(authenticator);
    now += 300_001;
    const { values, wrong } = challenge(authenticator, answered({ nonce }));
    expect([values[0]?.includes('stale=true'), wrong]).toEqual([true, false]);
  });

  it.each([
    ['another password', { password: 'Circle of life' }],
    ['an unknown user', { name: 'Scar' }],
    ['an algorithm that was not offered', { algorithm: 'MD5', hash: 'md5' }],
    ['another request URI', { uri: 'sip:other@127.0.0.1' }],
    ['no protection against replay', { qop: '' }],
  ])('refuses %s', (_, change) => {
    const authenticator = fresh();
    const { nonce } = challenge(authenticator);
    expect(challenge(authenticator, answered({ nonce, ...change })).wrong).toBe(true);
  });

  it.each([
    ['of another process', { nonce: Buffer.alloc(32).toString('base64url') }, address],
    ['given to another address', {}, '192.0.2.8'],
  ])('challenges again for a challenge %s', (_, change, from) => {
    const authenticator = fresh();
    const { nonce } = challenge(authenticator);
    const again = challenge(authenticator, answered({ nonce, ...change }), from);
    expect([again.values[0]?.includes('stale=true'), again.wrong]).toEqual([true, false]);
  });

  it('refuses another body', () => {
    const authenticator = fresh();
    const { nonce } = challenge(authenticator);
    const whole = answered({ nonce, qop: 'auth-int' });
    expect(challenge(authenticator, { ...whole, body: Buffer.from('v=1') }).wrong).toBe(true);
  });

  it('reveals nothing about a password to another address', () => {
    const authenticator = fresh();
    const { nonce } = challenge(authenticator);
    const wrong = answered({ nonce, password: 'Circle of life' });
    const told = [answered({ nonce }), wrong].map((one) => {
      const { values, wrong: isWrong } = challenge(authenticator, one, '192.0.2.8');
      return [values[0]?.includes('stale=true'), isWrong];
    });
    expect(told).toEqual([
      [true, false],
      [true, false],
    ]);
  });

  it('checks no answer that its guard blocks', () => {
    const told: string[] = [];
    let isOpen = true;
    const guard = {
      mayTry: () => isOpen,
      failed: (from: string, name: string) => void told.push(`failed ${from} ${name}`),
      proved: (from: string, name: string) => void told.push(`proved ${from} ${name}`),
    };
    const authenticator = new DigestAuthenticator(rules, () => now, guard);
    const { nonce } = challenge(authenticator);
    authenticator.authenticate(answered({ nonce, password: 'no' }), address);
    authenticator.authenticate(answered({ nonce, name: 'Scar' }), address);
    authenticator.authenticate(answered({ nonce }), address);
    const expected = [`failed ${address} Mufasa`, `failed ${address} `, `proved ${address} Mufasa`];
    expect(told).toEqual(expected);
    isOpen = false;
    const verdict = authenticator.authenticate(answered({ nonce, nc: '00000002' }), address);
    expect(verdict).toEqual({ ok: false, blocked: true });
    expect(told).toEqual(expected);
  });

  it('reads any header once', () => {
    const authenticator = fresh();
    const cost = (characters: number): number => {
      const headers = [{ name: 'Authorization', value: `Digest ${'a'.repeat(characters)}` }];
      const begun = performance.now();
      for (let count = 0; count < 50; count += 1) {
        challenge(authenticator, { ...plain, headers });
      }
      return performance.now() - begun;
    };
    cost(4_000);
    // Twenty times as much text would cost 400 times as much, were it read anew at each letter.
    expect(cost(4_000)).toBeLessThan(100 * Math.max(1, cost(200)));
  });
});
