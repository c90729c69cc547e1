import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { isNoId } from '../../../src/srs/call-identity.ts';
import { Dialogues } from '../../../src/srs/dialogues.ts';

const members = ['sip:ag1@x', 'sip:ag2@x', 'tel:+31880000001'];
const guid = '855a5ded-8420-456d-a70f-6da1eeaeb425';

function dialogue(parties: readonly string[], changes: object = {}) {
  const base = { sessionGuid: guid, uccName: 'ucc', address: '192.0.2.1', correlationId: guid };
  return { ...base, parties, ...changes };
}

function dialogues() {
  return new Dialogues<string>({
    isUcc: (name) => name === 'ucc',
    isMember: (_ucc, uri) => members.includes(uri),
  });
}

const one: readonly [string, string[], string[]][] = [
  ['the same parties', ['sip:cust@x', 'sip:ag1@x'], ['sip:cust@x', 'sip:ag1@x']],
  ['a transfer to another agent', ['sip:cust@x', 'sip:ag1@x'], ['sip:cust@x', 'sip:ag2@x']],
  ['one party spelled another way', ['tel:+31612345678'], ['sip:+31-612345678@sbc;user=phone']],
  ['a user of another of the client’s addresses', ['sip:cust@a.example'], ['sip:cust@b.example']],
  ['one more party', ['sip:cust@x', 'sip:ag1@x'], ['sip:cust@x', 'sip:ag1@x', 'sip:third@x']],
  ['the agent’s leg alone', ['sip:cust@x', 'sip:ag1@x'], ['sip:ag1@x']],
];
const two: readonly [string, string[], string[]][] = [
  ['nobody in common', ['sip:cust1@x', 'sip:ag1@x'], ['sip:cust2@x', 'sip:ag2@x']],
  ['an agent in common', ['sip:cust1@x', 'sip:ag1@x'], ['sip:cust2@x', 'sip:ag1@x']],
  ['the queue in common', ['sip:cust1@x', 'sip:ucc@x'], ['sip:cust2@x', 'sip:ucc@x']],
  ['somebody unknown in common', ['sip:cust1@x', 'sip:a@b'], ['sip:cust2@x', 'sip:a@b']],
  [
    'withheld numbers',
    ['sip:anonymous@anonymous.invalid', 'sip:ag1@x'],
    ['sip:Anonymous@y', 'sip:ag2@x'],
  ],
  ['agents alone, others', ['sip:ag1@x'], ['sip:ag2@x']],
];

describe('two sessions in progress of one session id', () => {
  test.each(one)('are one dialogue with %s', (_name, first, second) => {
    for (const [known, offered] of [
      [first, second],
      [second, first],
    ] as const) {
      const registry = dialogues();
      registry.add('a', () => dialogue(known));
      expect(registry.find(dialogue(offered))).toMatchObject({ correlationId: guid });
    }
  });

  test.each(two)('are two with %s', (_name, first, second) => {
    for (const [known, offered] of [
      [first, second],
      [second, first],
    ] as const) {
      const registry = dialogues();
      registry.add('a', () => dialogue(known));
      expect(registry.find(dialogue(offered))).toBe('taken');
    }
  });

  test('are one dialogue if one names nobody and the id is a real UUID', () => {
    const registry = dialogues();
    registry.add('a', () => dialogue(['sip:cust@x']));
    expect(registry.find(dialogue([]))).toMatchObject({ correlationId: guid });
    expect(registry.find(dialogue([], { address: '192.0.2.2' }))).toBe('taken');
    const counted = { sessionGuid: '00000000-0000-0000-0000-00000000d0d7' };
    registry.add('b', () => dialogue([], counted));
    expect(registry.find(dialogue([], counted))).toBe('shared');
  });

  test('join their own dialogue, though others have the id', () => {
    const registry = dialogues();
    const own = randomUUID();
    registry.add('a', () => dialogue(['sip:cust1@x']));
    registry.add('b', () => dialogue(['sip:cust2@x'], { correlationId: own }));
    expect(registry.find(dialogue(['sip:cust2@x']))).toMatchObject({ correlationId: own });
    expect(registry.find(dialogue(['sip:cust3@x']))).toBe('taken');
    registry.remove('a');
    expect(registry.find(dialogue(['sip:cust3@x']))).toBe('shared');
    registry.remove('b');
    expect(registry.find(dialogue(['sip:cust3@x']))).toBeUndefined();
  });

  test('are compared by the parties known by now', () => {
    const registry = dialogues();
    const parties = ['sip:first@x'];
    registry.add('a', () => dialogue([...parties]));
    expect(registry.find(dialogue(['sip:cust@x']))).toBe('taken');
    parties.splice(0, 1, 'sip:cust@x');
    expect(registry.find(dialogue(['sip:cust@x']))).toMatchObject({ correlationId: guid });
  });
});

describe('a session after one that has ended', () => {
  test.each([
    ...one,
    ['somebody unknown in common', ['sip:cust@x', 'sip:ag8@x'], ['sip:cust@x', 'sip:ag9@x']],
  ] as typeof one)('continues with %s', (_name, first, second) => {
    expect(dialogues().goesOn(dialogue(first), dialogue(second))).toBe(true);
  });

  test.each([
    ['nobody in common', ['sip:cust1@x', 'sip:ag1@x'], ['sip:cust2@x', 'sip:ag2@x']],
    ['an agent in common', ['sip:cust1@x', 'sip:ag1@x'], ['sip:cust2@x', 'sip:ag1@x']],
  ] as typeof two)('begins a new dialogue with %s', (_name, first, second) => {
    expect(dialogues().goesOn(dialogue(first), dialogue(second))).toBe(false);
  });
});

test.each([
  ...['', ' ', '0', '1', '-1', '000', '42', '(null)', 'None', 'undefined', 'unknown'],
  ...['00000000-0000-0000-0000-000000000000', 'ffffffff-ffff-ffff-ffff-ffffffffffff'],
  ...['{00000000-0000-0000-0000-000000000000}', '00000000000000000000000000000000'],
  ...['AAAAAAAAAAAAAAAAAAAAAA==', '/////////////////////w==', 'AAAAAAAAAAAAAAAAAAAAAQ=='],
  ...['00000000-0000-0000-0000-000000000001', '0000-0000-0000-0000-0000000000000000', 'xxxx'],
])('%j is no session id', (id) => {
  expect(isNoId(id)).toBe(true);
});

test.each([
  ...['hVpd7YQgRW2nD22h7q60JQ==', guid, 'call 4711', '00FA080001000758A20EF0', 'x-1701'],
  ...['0000-0000-0000-0000-00000000d0d71a52', 'urn:uuid:a9b6b3a4-3f0f-4c2c-9a75-000000000001'],
])('%j is a session id', (id) => {
  expect(isNoId(id)).toBe(false);
});
