import { describe, expect, it } from 'vitest';
import { partyKey, partyKeys } from '../../src/domain/identifiers/party-keys.ts';
import type { CallRecord } from '../../src/domain/model/call-record.ts';
import { gapReasons } from '../../src/domain/model/gap.ts';
import { MarkingState, SavingState } from '../../src/domain/model/recording-state.ts';
import type { RecordingFilter, RecordingPlace } from '../../src/domain/ports/recording-search.ts';
import { searchRecordings } from '../../src/store/recording-search.ts';
import { seededRandom } from '../../src/torture/random.ts';
import { databaseKinds } from './database-servers.ts';
import { StoreFixture } from './databases.ts';
import { aCall, at } from './samples.ts';

const random = seededRandom(11);
const uccs = ['sales', 'support', 'back-office'];
const people = ['sip:Eva@a.example', 'sip:eva@b.example', 'tel:+31-88-1', 'sip:003188 1@sbc:5060'];
const CALLS = 240;
const FILTERS = 120;

function pick<Value>(values: readonly Value[]): Value {
  return values[Math.floor(random() * values.length)] as Value;
}

function maybe<Value>(name: string, value: () => Value): Record<string, Value> {
  return random() < 0.25 ? { [name]: value() } : {};
}

function randomCall(): CallRecord {
  const parties = people
    .filter(() => random() < 0.4)
    .map((aor) => ({ aor, name: null, role: pick(['agent', 'other'] as const) }));
  const uccName = pick(uccs);
  const joined = uccs.filter((name) => name !== uccName && random() < 0.2);
  const dialogue = { ...aCall().dialogue, uccs: [uccName, ...joined] };
  return aCall({
    parties,
    uccName,
    dialogue,
    beganAt: at + Math.floor(random() * 60),
    recorded: random() < 0.9,
    status: pick(['kept', 'destroyed'] as const),
    markingState: pick([MarkingState.None, MarkingState.Mark, MarkingState.Unmark]),
    savingState: pick([SavingState.None, SavingState.Save, SavingState.Delete]),
    lengthMs: pick([null, 0, 10, 20]),
    gaps: pick([
      null,
      { lengthMs: 5, reasons: gapReasons.filter(() => random() < 0.3) },
      { lengthMs: 2 ** 33, reasons: ['erased'] },
    ]),
    legalHold: random() < 0.2 ? { reason: 'case', owner: 'zoe', placedAt: at } : null,
  });
}

function randomFilter(): RecordingFilter {
  return {
    limit: 1 + Math.floor(random() * 30),
    ...maybe('uccs', () => uccs.filter(() => random() < 0.6)),
    ...maybe('agent', () => partyKey(pick([...people, 'eva', '+31881', '0031 88-1', 'nobody']))),
    ...maybe('party', () => partyKey(pick([...people, 'EVA', '+31881']))),
    ...maybe('from', () => at + Math.floor(random() * 60)),
    ...maybe('to', () => at + Math.floor(random() * 60)),
    ...maybe('marked', () => random() < 0.5),
    ...maybe('saving', () => pick(Object.values(SavingState))),
    ...maybe('status', () => pick(['kept', 'destroyed'] as const)),
    ...maybe('onLegalHold', () => random() < 0.5),
    ...maybe('minLengthMs', () => 10),
    ...maybe('maxLengthMs', () => 10),
    ...maybe('minGapMs', () => 6),
    ...maybe('gapReason', () => pick(gapReasons)),
  };
}

function meets(call: CallRecord, filter: RecordingFilter): boolean {
  const isTheirs = (key: string | undefined, roles: readonly string[]): boolean =>
    key === undefined ||
    call.parties.some(({ aor, role }) => roles.includes(role) && partyKeys(aor).includes(key));
  const { lengthMs, gaps, beganAt } = call;
  return [
    call.recorded,
    filter.uccs?.some((name) => call.dialogue.uccs.includes(name)) ?? true,
    filter.correlationId === undefined || call.correlationId === filter.correlationId,
    isTheirs(filter.agent, ['agent']),
    isTheirs(filter.party, ['agent', 'other']),
    beganAt >= (filter.from ?? 0) && beganAt < (filter.to ?? Infinity),
    filter.marked === undefined || (call.markingState === MarkingState.Mark) === filter.marked,
    filter.saving === undefined || call.savingState === filter.saving,
    filter.status === undefined || call.status === filter.status,
    filter.onLegalHold === undefined || (call.legalHold !== null) === filter.onLegalHold,
    filter.minLengthMs === undefined || (lengthMs !== null && lengthMs >= filter.minLengthMs),
    filter.maxLengthMs === undefined || (lengthMs !== null && lengthMs <= filter.maxLengthMs),
    filter.minGapMs === undefined || (gaps !== null && gaps.lengthMs >= filter.minGapMs),
    filter.gapReason === undefined || gaps?.reasons.includes(filter.gapReason),
  ].every(Boolean);
}

describe.each(databaseKinds)('a search on $name', (kind) => {
  const fixture = new StoreFixture(kind);

  it.each([10_000, 25])('returns the matches, scanning %i rows a page', async (scanned) => {
    const calls = Array.from({ length: CALLS }, randomCall);
    await Promise.all(
      calls.map((call) => fixture.store.commit({ call, partiesOf: call, uccsOf: call })),
    );
    const newestFirst = [...calls].sort((a, b) => b.beganAt - a.beganAt || (a.id < b.id ? 1 : -1));
    let found = 0;
    for (let index = 0; index < FILTERS; index += 1) {
      const filter = {
        ...randomFilter(),
        ...(index % 10 === 0 ? { correlationId: pick(calls).correlationId } : {}),
      };
      const expected = newestFirst.filter((call) => meets(call, filter));
      const pages = await allPages(filter, scanned);
      expect(pages, JSON.stringify(filter)).toEqual(expected.map(({ id }) => id));
      found += pages.length;
    }
    expect(found).toBeGreaterThan(CALLS);
  });

  async function allPages(filter: RecordingFilter, scanned: number): Promise<string[]> {
    const ids: string[] = [];
    let before: RecordingPlace | null = null;
    do {
      const { records, next } = await searchRecordings(
        fixture.database.reader,
        { ...filter, ...(before ? { before } : {}) },
        scanned,
      );
      expect(records.length).toBeLessThanOrEqual(filter.limit);
      ids.push(...records.map(({ id }) => id));
      before = next;
    } while (before);
    return ids;
  }
});

describe('the keys of a party', () => {
  it.each([
    ['sip:Eva@A.example:5060;transport=tcp', ['eva@a.example', 'eva']],
    ['tel:+31-88-000.0000', ['+31880000000']],
    ['0031 88 000 0000', ['+31880000000']],
    ['sip:+31880000000@sbc.example;user=phone', ['+31880000000']],
    ['sips:o%27neil:secret@x', ["o'neil@x", "o'neil"]],
    ['sip:sbc.example', ['sbc.example']],
    ['sip:12@pbx', ['12@pbx', '12']],
  ])('of %s', (aor, keys) => {
    expect(partyKeys(aor)).toEqual(keys);
  });
});
