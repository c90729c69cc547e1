import { describe, expect, it } from 'vitest';
import { Call } from '../../../src/domain/call/call.ts';
import { presenceSince } from '../../../src/domain/call/stream-presence.ts';
import { restoredStream, sessionRecord } from '../../../src/domain/lifecycle/offered-media.ts';
import { trackRecord } from '../../../src/domain/lifecycle/track-records.ts';
import { parseOffer } from '../../../src/protocols/sdp/parse-offer.ts';
import { chooseMedia } from '../../../src/srs/offer-answer.ts';
import { aTrack } from '../../store/samples.ts';
import { plainPcmu } from '../../support/agreements.ts';

const rules = { srtp: 'optional', keysOf: () => null } as const;
const unnamed = { address: null, port: null };

/** The sources of an offer whose session names 192.0.2.1. */
function sourcesOf(...media: string[]) {
  const session = ['v=0', 'o=- 1 1 IN IP4 192.0.2.1', 's=-', 'c=IN IP4 192.0.2.1', 't=0 0'];
  const offer = parseOffer(`${[...session, ...media].join('\r\n')}\r\n`);
  return chooseMedia(offer, undefined, rules).map(({ stream }) => stream.agreed.source);
}

describe('the source of a stream', () => {
  it('is the address and the port of its own m-line', () => {
    const own = ['m=audio 4002 RTP/AVP 0', 'c=IN IP4 192.0.2.7'];
    expect(sourcesOf('m=audio 4000 RTP/AVP 0', ...own, 'm=audio 4004 RTP/AVP 0')).toEqual([
      { address: '192.0.2.1', port: 4000 },
      { address: '192.0.2.7', port: 4002 },
      { address: '192.0.2.1', port: 4004 },
    ]);
    expect(sourcesOf('m=audio 4000 RTP/AVP 0', 'c=IN IP6 2001:db8::7')).toEqual([
      { address: '2001:db8::7', port: 4000 },
    ]);
  });

  it('stays while the line is on hold, and is none when hold removes the address', () => {
    const line = 'm=audio 4000 RTP/AVP 0';
    expect(sourcesOf(line, 'a=inactive')).toEqual([{ address: '192.0.2.1', port: 4000 }]);
    expect(sourcesOf(line, 'c=IN IP4 0.0.0.0')).toEqual([unnamed]);
    expect(sourcesOf(line, 'c=IN IP6 ::')).toEqual([unnamed]);
  });

  it('is none when the client names a host, which is not resolved', () => {
    expect(sourcesOf('m=audio 4000 RTP/AVP 0', 'c=IN IP4 sbc.example')).toEqual([unnamed]);
  });

  it('outlives the process, and is none in records of an older version', () => {
    const call = Call.begin({ id: 'c', correlationId: 'k', uccName: 'u', at: 0 });
    const source = { address: '192.0.2.1', port: 4000 };
    const stream = {
      ...{ track: 0, port: 5000, sessionId: 's', label: '1', aor: null, role: 'other' as const },
      ...{ clockRate: 8000, mixed: false, suppressDtmf: false, held: false, began: undefined },
      told: aTrack('c', {}),
      presence: presenceSince(0, false),
      agreed: { ...plainPcmu, source },
    };
    call.streams.set(0, stream);
    const vault = {
      seal: () => '',
      open: () => Buffer.alloc(0),
      renew: (sealed: string) => sealed,
    };
    const lines = [{ track: 0, index: 0 }];
    const saved = sessionRecord(call, 's', { lines, signalling: {}, vault });
    const restored = JSON.parse(JSON.stringify(saved)) as typeof saved;
    const of = { record: trackRecord('c', stream), vault };
    const [first] = restored.streams;
    if (!first) throw new Error('the stream was not saved');
    expect(restoredStream(restored, first, of).agreed.source).toEqual(source);
    const { source: _, ...older } = first.agreed;
    const before = restoredStream(restored, { ...first, agreed: older }, of);
    expect(before.agreed.source).toEqual(unnamed);
  });
});
