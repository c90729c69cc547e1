import { afterEach, describe, expect, it } from 'vitest';
import {
  agreedSessionTimer,
  answerSessionTimer,
} from '../../../src/protocols/sip/message/session-expires.ts';
import { TestCaller } from '../../support/calls.ts';
import { TestHush } from '../../support/hush/hush.ts';
import { longTest } from '../../support/length.ts';

const rules = { sessionExpiresSeconds: 1800, minSeconds: 90 };

function request(headers: { readonly [name: string]: string | undefined }) {
  return { headers: Object.entries(headers).map(([name, value = '']) => ({ name, value })) };
}

describe('the server’s answer (RFC 4028 section 9)', () => {
  it.each([
    ['a client that knows no timers is refreshed by us', {}, '1800;refresher=uas', 'us'],
    ['one that knows them refreshes itself', { Supported: 'timer' }, '1800;refresher=uac', 'them'],
    [
      'its own interval counts, if it is shorter',
      { Supported: 'siprec, timer', 'Session-Expires': '600' },
      '600;refresher=uac',
      'them',
    ],
    [
      'it may leave it to us',
      { Supported: 'timer', 'Session-Expires': '600;refresher=uas' },
      '600;refresher=uas',
      'us',
    ],
    [
      'its least is kept',
      { Supported: 'timer', 'Session-Expires': '2400', 'Min-SE': '2000' },
      '2000;refresher=uac',
      'them',
    ],
    [
      'a proxy asks for a client that knows none',
      { 'Session-Expires': '30' },
      '90;refresher=uas',
      'us',
    ],
    ['garbage is passed over', { 'Session-Expires': 'soon' }, '1800;refresher=uas', 'us'],
  ])('%s', (_, headers, value, refresher) => {
    const answer = answerSessionTimer(request(headers), rules);
    expect(answer).toMatchObject({ ok: true, interval: { refresher } });
    const { headers: sent } = answer as Extract<typeof answer, { ok: true }>;
    expect(sent).toContainEqual({ name: 'Session-Expires', value });
    expect(sent.some(({ name }) => name === 'Require')).toBe(refresher === 'them');
  });

  it('accepts an extension on any header line (RFC 3261 section 7.3.1)', () => {
    const lines = (...values: string[]) => values.map((value) => ({ name: 'Supported', value }));
    const headers = [
      ...lines('resource-priority,replaces', 'X-cisco-srtp-fallback', ' , Timer'),
      { name: 'Session-Expires', value: '1800;refresher=uac' },
    ];
    const answer = answerSessionTimer({ headers }, rules);
    expect(answer).toMatchObject({ ok: true, interval: { refresher: 'them' } });
    const required = ['siprec', 'timer'].map((value) => ({ name: 'Require', value }));
    const short = [...required, { name: 'Session-Expires', value: '30' }];
    expect(answerSessionTimer({ headers: short }, rules)).toMatchObject({ ok: false });
  });

  it('refuses too short an interval with 422 and Min-SE', () => {
    const short = request({ Supported: 'timer', 'Session-Expires': '60' });
    expect(answerSessionTimer(short, rules)).toMatchObject({
      ok: false,
      reply: { statusCode: 422, headers: [{ name: 'Min-SE', value: '90' }] },
    });
  });

  it('lets an answer to our refresh swap the roles', () => {
    const offered = { seconds: 600, refresher: 'us' } as const;
    expect(agreedSessionTimer(request({}), offered)).toEqual(offered);
    const theirs = request({ 'Session-Expires': '300;refresher=uas' });
    expect(agreedSessionTimer(theirs, offered)).toEqual({ seconds: 300, refresher: 'them' });
  });
});

describe('a session timer', () => {
  let hush: TestHush;
  let caller: TestCaller;
  afterEach(async () => {
    await caller.close();
    await hush.remove();
  });

  async function begin(): Promise<void> {
    const timers = { sessionExpiresMs: 1_000, minSessionExpiresMs: 1_000 };
    hush = await TestHush.start({
      config: (config) => ({ ...config, sip: { ...config.sip, ...timers } }),
    });
    caller = await TestCaller.open();
  }

  longTest('keeps a call for as long as its client answers', async () => {
    await begin();
    const { call, correlationId, frames } = await caller.call(hush);
    await frames(150);
    expect(call.state).toBe('established');
    expect((await hush.command('Mark', correlationId)).ErrorMessage).toBeNull();
    await call.end();
  });

  it('ends a call whose client died without a BYE', async () => {
    await begin();
    // It promised to refresh: that it does not is noticed without asking it.
    const headers = [{ name: 'Supported', value: 'timer' }];
    const { correlationId } = await caller.call(hush, { headers });
    await caller.userAgent.close();
    const { type } = await hush.event(
      (event) => event.correlationId === correlationId && event.type === 'callEnded',
    );
    expect(type).toBe('callEnded');
  });
});
