import { expect, test } from 'vitest';
import { auditedChange } from '../../../src/domain/access/audit-change.ts';
import { newUcc } from '../../../src/domain/model/ucc.ts';

function changeOf(before: object | undefined, after: object | undefined) {
  const { before: was, after: is } = auditedChange(before, after);
  return [was, is].map((json) => (json === null ? null : JSON.parse(json)));
}

test('a change keeps only what differs, and the added and removed entries of lists', () => {
  const before = newUcc('a', { retentionDays: 30, agents: ['sip:a@x', 'sip:b@x'] });
  const after = newUcc('a', { retentionDays: 1, agents: ['sip:b@x', 'sip:c@x'] });
  expect(changeOf(before, after)).toEqual([
    { retentionDays: 30, agents: ['sip:a@x'] },
    { retentionDays: 1, agents: ['sip:c@x'] },
  ]);
});

test('a created or deleted object has no state before or after', () => {
  expect(changeOf(undefined, { id: 'x' })).toEqual([null, { id: 'x' }]);
  expect(changeOf({ id: 'x' }, undefined)).toEqual([{ id: 'x' }, null]);
});

test('a list of ten thousand stays within its bound', () => {
  const agents = Array.from({ length: 10_000 }, (_, index) => `sip:${index}@domain.com`);
  const { after } = auditedChange({ agents: [] }, { agents });
  expect(after?.length).toBeLessThan(3_000);
  expect(after).toMatch(/"and 9\d{3} more"\]/);
});

test('card numbers and control characters are left out, phone numbers stay', () => {
  const after = { note: 'pan 4929 4212 3460 0821\n', sipUri: 'sip:31880000000@x' };
  expect(changeOf({}, after)[1]).toEqual({
    note: 'pan (card number)\u{FFFD}',
    sipUri: 'sip:31880000000@x',
  });
});
