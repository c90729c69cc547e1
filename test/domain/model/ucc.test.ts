import { describe, expect, test } from 'vitest';
import {
  isAgent,
  isMember,
  newUcc,
  uccDefaults,
  uccKey,
  uccNamePattern,
  withSettings,
} from '../../../src/domain/model/ucc.ts';

const ucc = newUcc('UCC-Demo', {
  agents: ['sip:agent@domain.com', 'tel:+31880001122'],
  supervisors: [' SIP:Boss@domain.com '],
});

test('a new UCC has the defaults, and its name in lower case', () => {
  expect(newUcc('UCC-Demo')).toEqual({ ...uccDefaults, name: 'ucc-demo' });
  expect(uccKey('UCC-Demo')).toBe('ucc-demo');
});

test('given settings replace, omitted ones stay', () => {
  const changed = withSettings(ucc, { recordFromStart: false, agents: [] });
  expect(changed).toEqual({ ...ucc, recordFromStart: false, agents: [] });
});

test('every member is listed once, trimmed', () => {
  expect(ucc.supervisors).toEqual(['SIP:Boss@domain.com']);
  const agents = ['sip:a@b', ' sip:a@b', 'SIP:A@B', 'sip:c@d'];
  expect(newUcc('x', { agents }).agents).toEqual(['SIP:A@B', 'sip:c@d']);
});

describe('members', () => {
  test.each([
    ['sip:agent@domain.com', true, true],
    [' SIP:AGENT@DOMAIN.COM', true, true],
    ['tel:+31880001122', true, true],
    ['sip:boss@domain.com', false, true],
    ['sips:agent@domain.com', true, true],
    ['sip:agent@domain.com;x=y', true, true],
    ['', false, false],
  ])('%j: agent %s, member %s', (uri, agent, member) => {
    expect([isAgent(ucc, uri), isMember(ucc, uri)]).toEqual([agent, member]);
  });
});

test.each([
  ...['a', 'A1', '0', 'ucc-demo.name_1', 'x'.repeat(64)].map((name) => [name, true] as const),
  ...['', '-a', '.a', 'a b', 'a/b', 'é', 'a@b', 'x'.repeat(65)].map(
    (name) => [name, false] as const,
  ),
])('the name %j: %s', (name, fits) => {
  expect(new RegExp(uccNamePattern).test(name)).toBe(fits);
});
