import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildReceiverReport, isRtcp, parseRtcp } from '../../src/protocols/rtp/rtcp.ts';

/** A sender report and its CNAME, byte by byte as RFC 3550 sections 6.4.1 and 6.5 draw them. */
const compound = Buffer.from(
  [
    '80c80006',
    'decafbad',
    'e0000000' + '80000000',
    '00010000',
    '00000064' + '00003e80',
    '81ca0003',
    'decafbad',
    `0104${Buffer.from('desk').toString('hex')}0000`,
  ].join(''),
  'hex',
);
const NTP_1970 = 2_208_988_800;

describe('RTCP', () => {
  it('parses a sender report and its source', () => {
    expect(parseRtcp(compound)).toEqual({
      ssrc: 0xdecafbad,
      cname: 'desk',
      report: {
        ssrc: 0xdecafbad,
        ntpMs: (0xe0000000 - NTP_1970) * 1000 + 500,
        ntpMiddle: 0x00008000,
        timestamp: 0x10000,
      },
    });
  });

  it('parses the report of a sender without a wall clock', () => {
    const clockless = Buffer.from(compound);
    clockless.fill(0, 8, 16);
    expect(parseRtcp(clockless)?.report?.ntpMs).toBeUndefined();
  });

  it.each([
    ['nothing', Buffer.alloc(0)],
    ['a source description first', compound.subarray(28)],
    ['a packet that runs past the end', compound.subarray(0, 40)],
    ['another version', Buffer.concat([Buffer.from('40'), compound.subarray(1)])],
    ['half a packet behind it', Buffer.concat([compound, Buffer.from('80ca', 'hex')])],
  ])('%s is no compound packet', (_, datagram) => {
    expect(parseRtcp(datagram)).toBeUndefined();
  });

  it('never throws on any input', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 120 }), fc.nat(compound.length), (noise, at) => {
        const datagram = Buffer.concat([compound.subarray(0, at), noise]);
        isRtcp(datagram);
        parseRtcp(datagram);
      }),
    );
  });

  it('writes a report that reads back by its layout', () => {
    const block = {
      ...{ ssrc: 7, fractionLost: 64, lost: -2, highestSequence: 0x1_0005, jitter: 12.4 },
      ...{ lastReport: 0x8000, sinceLastReport: 65_536 },
    };
    const report = buildReceiverReport({ ssrc: 9, cname: 'hush', block });
    expect(report.subarray(0, 8).toString('hex')).toBe('81c90007' + '00000009');
    expect(report.subarray(8, 32).toString('hex')).toBe(
      '00000007' + '40fffffe' + '00010005' + '0000000c' + '00008000' + '00010000',
    );
    expect(parseRtcp(report)).toEqual({ ssrc: 9, cname: 'hush', report: undefined });
    expect(buildReceiverReport({ ssrc: 9, cname: 'hush', block: undefined })[0]).toBe(0x80);
  });
});
