import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { guidFromText } from '../../../src/domain/identifiers/correlation-id.ts';
import { buildMultipart } from '../../../src/protocols/siprec/multipart.ts';
import { agent } from '../../support/hush/hush.ts';
import { few, longTest } from '../../support/length.ts';
import { metadataOf, metadataPart, sdpOf, sdpPart, twoLines } from '../srs-client.ts';
import { SrsFixture } from '../srs-fixture.ts';

const constant = 'hVpd7YQgRW2nD22h7q60JQ==';
const constantGuid = '855a5ded-8420-456d-a70f-6da1eeaeb425';

function bodyWith(sessionId: string, aors: readonly string[]) {
  const metadata = metadataOf({ aors }).replaceAll(
    /session_id="[^"]*"/g,
    `session_id="${sessionId}"`,
  );
  return buildMultipart([sdpPart(sdpOf(twoLines)), metadataPart(metadata)]);
}

describe('a session id shared by several calls', () => {
  const fixture = new SrsFixture();

  async function offer(sessionId: string, aors: readonly string[], correlationId?: string) {
    const body = bodyWith(sessionId, aors);
    const named = correlationId === undefined ? {} : { correlationId };
    return fixture.client.invite({ body, ...named });
  }

  async function ids(): Promise<string[]> {
    return (await fixture.calls()).map(({ correlationId }) => correlationId);
  }

  it.each(
    few(
      [
        ...[constant, '', '0', '1', 'null', '00000000-0000-0000-0000-000000000000'],
        ...['AAAAAAAAAAAAAAAAAAAAAA==', '/////////////////////w==', 'CALL-1-OF-MANY-SOURCES'],
      ],
      3,
    ),
  )('does not join two calls if it is %j', async (sessionId) => {
    const parties = [1, 2, 3].map((one) => [`sip:cust${one}@x.example`, agent]);
    const sessions = [];
    // All at once: none of them is committed when the next one comes.
    for (const aors of parties) sessions.push(offer(sessionId, aors));
    await Promise.all(sessions);
    const calls = await fixture.calls();
    expect(new Set(calls.map(({ correlationId }) => correlationId)).size).toBe(3);
    for (const { parties: own, streams } of calls) {
      expect([own.length, streams.length]).toEqual([2, 2]);
    }
    const marked = calls.filter(({ metadataIncomplete }) => metadataIncomplete !== null);
    // An empty attribute is no id that anybody gave.
    expect(marked.length).toBeGreaterThanOrEqual(sessionId === '' ? 0 : 2);
    for (const { metadataIncomplete } of marked) expect(metadataIncomplete).toEqual(['sessionId']);
  });

  it('joins the sessions of one dialogue', async () => {
    const aors = ['tel:+31612345678', agent];
    await offer(constant, aors);
    await offer(constant, ['sip:+31-612345678@sbc.example;user=phone']);
    await offer(constant, ['sip:stranger@x.example', agent]);
    await offer(constant, ['sip:stranger@x.example', agent]);
    const calls = await fixture.calls();
    expect(calls.map(({ streams }) => streams.length)).toEqual([4, 4]);
    expect(calls[0].correlationId).toBe(constantGuid);
  });

  longTest('joins the call that a header names, whatever the parties', async () => {
    const correlationId = randomUUID();
    await offer(constant, ['sip:cust1@x.example', agent], correlationId);
    await offer(constant, ['sip:cust2@x.example', agent], correlationId);
    await offer(constant, ['sip:cust3@x.example', agent]);
    expect((await ids())[0]).toBe(correlationId);
    expect(await ids()).toHaveLength(2);
  });

  longTest('ignores a header that is no id', async () => {
    const nil = '00000000-0000-0000-0000-000000000000';
    await offer('call 4711', ['sip:cust1@x.example', agent], nil);
    expect(await ids()).toEqual([guidFromText('call 4711')]);
  });

  it('passes an ended call’s state to its own dialogue only', async () => {
    const { hush } = fixture;
    const first = await offer(constant, ['sip:cust1@x.example', agent]);
    expect((await hush.command('Pause', constantGuid)).RecordingState).toBe(3);
    expect((await hush.command('Delete', constantGuid)).SavingState).toBe(2);
    const gone = hush.event(({ type }) => type === 'callEnded');
    await first.dialog.bye();
    await gone;
    await offer(constant, ['sip:cust2@x.example', agent]);
    const [stranger] = await fixture.calls();
    expect(stranger).toMatchObject({
      recordingState: 'Started',
      savingState: 'None',
      pausedBy: [],
    });
    expect(stranger.correlationId).not.toBe(constantGuid);
    await offer(constant, ['sip:cust1@y.example', 'sip:other-agent@domain.com']);
    const own = (await fixture.calls()).find((call) => call.correlationId === constantGuid);
    expect(own).toMatchObject({ recordingState: 'Paused', savingState: 'Delete' });
  });
});
