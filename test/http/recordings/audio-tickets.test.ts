import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { anonymous } from '../../../src/domain/access/access.ts';
import { AudioTickets } from '../../../src/http/recordings/audio-tickets.ts';
import { temporaryFolder } from '../../support/hush/hush.ts';
import { addDemoPeople, fetchToken, tenantId } from '../../support/people.ts';
import { type ApiBench, openBench, record } from '../api-support.ts';

const MINUTE_MS = 60_000;

describe('an audio ticket', () => {
  const supervisor = anonymous('supervisor');

  test('lasts while it is used, and 15 minutes longer', () => {
    let now = 0;
    const tickets = new AudioTickets(() => now);
    const ticket = tickets.issue('one', supervisor);
    for (let used = 0; used < 12; used += 1) {
      now += 14 * MINUTE_MS;
      expect(tickets.holder(ticket, 'one')).toBe(supervisor);
    }
    now += 15 * MINUTE_MS;
    expect(tickets.holder(ticket, 'one')).toBeUndefined();
  });

  test('lasts for 12 hours at most, however often it is used', () => {
    let now = 0;
    const tickets = new AudioTickets(() => now);
    const ticket = tickets.issue('one', supervisor);
    while (now < 12 * 60 * MINUTE_MS - MINUTE_MS) {
      now += MINUTE_MS;
      expect(tickets.holder(ticket, 'one')).toBe(supervisor);
    }
    now += MINUTE_MS;
    expect(tickets.holder(ticket, 'one')).toBeUndefined();
  });

  test('opens its recording alone, and the oldest ones are dropped beyond the limit', () => {
    const tickets = new AudioTickets(() => 0);
    const oldest = tickets.issue('one', supervisor);
    expect(tickets.holder(oldest, 'two')).toBeUndefined();
    expect(tickets.holder('', 'one')).toBeUndefined();
    for (let issued = 0; issued < 10_000; issued += 1) tickets.issue('two', supervisor);
    expect(tickets.holder(oldest, 'one')).toBeUndefined();
  });
});

describe('an audio ticket when a token is required', () => {
  let bench: ApiBench;
  let bearer: Record<string, string>;
  let agent: Record<string, string>;
  let ids: string[];

  beforeAll(async () => {
    const dataDir = temporaryFolder();
    const people = await addDemoPeople(dataDir);
    bench = await openBench({
      change: (config) => ({
        ...config,
        dataDir,
        auth: { ...config.auth, mode: 'embedded', tenantId, anonymous: false },
      }),
    });
    const header = (token: string) => ({ Authorization: `Bearer ${token}` });
    bearer = header(await fetchToken(bench.hush.api, people.supervisor));
    agent = header(await fetchToken(bench.hush.api, people.agent));
    ids = [(await record(bench)).id, (await record(bench)).id];
  });
  afterAll(() => bench.close());

  const ticketFor = (id: string, headers: Record<string, string>) =>
    fetch(`${bench.hush.api}/api/recordings/${id}/audio-tickets`, { method: 'POST', headers });

  test('lets an audio element play in ranges, and opens nothing else', async () => {
    const [id = '', other = ''] = ids;
    const issued = await ticketFor(id, bearer);
    expect(issued.status).toBe(201);
    expect(issued.headers.get('cache-control')).toBe('no-store');
    const { url } = (await issued.json()) as { url: string };
    const played = await fetch(bench.hush.api + url, { headers: { Range: 'bytes=0-99' } });
    expect(played.status).toBe(206);
    const ticket = url.split('?')[1] ?? '';
    for (const path of [
      `recordings/${other}/audio`,
      `recordings/${id}`,
      `recordings/${id}/peaks`,
      'calls',
    ]) {
      expect((await fetch(`${bench.hush.api}/api/${path}?${ticket}`)).status, path).toBe(401);
    }
    const wrong = `${bench.hush.api}/api/recordings/${id}/audio?ticket=${'a'.repeat(43)}`;
    expect((await fetch(wrong)).status).toBe(401);
    const { items } = (await (
      await fetch(`${bench.hush.api}/api/audit-log?limit=100`, { headers: await admin() })
    ).json()) as { items: { action: string; who: string }[] };
    const listened = items.filter(({ action }) => action === 'export');
    expect(listened.map(({ who }) => who)).toEqual(['the-supervisor']);
    expect(JSON.stringify(items)).not.toContain(ticket.replace('ticket=', ''));
  });

  test('is refused to a user who may not listen', async () => {
    expect((await ticketFor(ids[0] ?? '', agent)).status).toBe(403);
    expect((await ticketFor(ids[0] ?? '', {})).status).toBe(401);
  });

  async function admin(): Promise<Record<string, string>> {
    const person = { name: 'the-admin', password: 'the password of the-admin' };
    return { Authorization: `Bearer ${await fetchToken(bench.hush.api, person)}` };
  }
});
