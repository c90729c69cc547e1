import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { agent, supervisor, ucc } from '../../support/hush/hush.ts';
import { ContractBench, errorText, postJson, set, stateText } from './contract-support.ts';

let bench: ContractBench;
let correlationId: string;

beforeAll(async () => {
  bench = await ContractBench.open();
  correlationId = await bench.call();
});
afterAll(() => bench.close());

const bare = (id: string): string => id.replaceAll('-', '');
const hex = (text: string): string => `0x${text}`;
const spellings: readonly [string, (id: string) => string][] = [
  ['lower case', (id) => id],
  ['upper case', (id) => id.toUpperCase()],
  ['bare', bare],
  ['bare, upper case', (id) => bare(id).toUpperCase()],
  ['in braces', (id) => `{${id}}`],
  ['in braces, upper case', (id) => `{${id.toUpperCase()}}`],
  ['bare, in braces', (id) => `{${bare(id)}}`],
  ['in parentheses', (id) => `(${id})`],
  ['with blanks around', (id) => ` ${id} `],
  [
    'as numbers',
    (id) => {
      const [first = '', second = '', third = '', ...rest] = id.split('-');
      const bytes = rest.join('').match(/../g) ?? [];
      return `{${[first, second, third].map(hex).join(',')},{${bytes.map(hex).join(',')}}}`;
    },
  ],
];

describe('a correlation id in every GUID spelling is answered in lower case with hyphens', () => {
  test.each(spellings)('%s', async (_, spell) => {
    const spelt = spell(correlationId);
    const state = await bench.state(ucc, encodeURIComponent(spelt));
    expect(state.text).toMatch(`{"CorrelationId":"${correlationId}","RecordingState":1,`);
    const command = await bench.set({ Action: 'Mark', CorrelationId: spelt });
    expect(command.text).toBe(stateText(correlationId, [1, 1, 0]));
  });

  test.each(spellings)('%s, on an error', async (_, spell) => {
    const id = 'a8098c1a-f86e-11da-bd1a-00112444be1e';
    const expected = `No Audio session with correlation Id:'${id}' was found.`;
    const state = await bench.state(ucc, encodeURIComponent(spell(id)));
    expect(state.text).toBe(errorText(id, [2, expected]));
    const command = await bench.set({ Action: 'Mark', CorrelationId: spell(id) });
    expect(command.text).toBe(errorText(id, [2, expected]));
  });

  test.each([
    'no guid',
    '1d6c6a58-6739-4f0c-98ff-0968292c8c3',
    '1D6C6A58-6739-4F0C-98FF-0968292C8C30-0',
    '{1d6c6a58-6739-4f0c-98ff-0968292c8c30',
    '"\\',
  ])('an invalid GUID is echoed unchanged: %s', async (id) => {
    const expected = errorText(id, [2, `No Audio session with correlation Id:'${id}' was found.`]);
    expect((await bench.state(ucc, encodeURIComponent(id))).text).toBe(expected);
    expect((await bench.set({ Action: 'Mark', CorrelationId: id })).text).toBe(expected);
  });
});

/** Each action once, legal in this order, and the states after it. */
const actions = [
  ['Pause', 3, [3, 0, 0]],
  ['Start', 1, [1, 0, 0]],
  ['Stop', 2, [2, 0, 0]],
  ['Save', 4, [2, 0, 1]],
  ['Delete', 5, [2, 0, 2]],
  ['Mark', 6, [2, 1, 2]],
  ['UnMark', 7, [2, 2, 2]],
] as const;

describe('Action as a number, a name in any case, or a number in a string', () => {
  test.each<[string, (name: string, number: number) => unknown]>([
    ['number', (_, number) => number],
    ['name', (name) => name],
    ['name in lower case', (name) => name.toLowerCase()],
    ['name in upper case', (name) => name.toUpperCase()],
    ['number in a string', (_, number) => String(number)],
  ])('%s', async (_, spell) => {
    const id = await bench.call();
    for (const [name, number, states] of actions) {
      const { text } = await bench.set({ Action: spell(name, number), CorrelationId: id });
      expect(text, name).toBe(stateText(id, states));
    }
  });
});

describe('property names match without regard to case', () => {
  test.each<[string, (name: string) => string]>([
    ['as documented', (name) => name],
    ['lower', (name) => name.toLowerCase()],
    ['upper', (name) => name.toUpperCase()],
    ['camel', (name) => name.charAt(0).toLowerCase() + name.slice(1)],
  ])('%s', async (_, spell) => {
    const command = {
      [spell('Action')]: 'UnMark',
      [spell('RequesterSipUri')]: agent,
      [spell('CorrelationId')]: correlationId,
      [spell('UCCName')]: ucc,
      unknown: 'is passed over',
    };
    const { text } = await postJson(bench.hush.api, set, command);
    expect(text).toBe(stateText(correlationId, [1, 2, 0]));
  });
});

describe('UCC names compare without regard to case and are answered as requested', () => {
  test.each([ucc, ucc.toUpperCase(), 'Ucc-Demo-Name'])('%s', async (uccName) => {
    const command = await bench.set({
      Action: 'UnMark',
      CorrelationId: correlationId,
      UCCName: uccName,
    });
    expect(command.text).toBe(stateText(correlationId, [1, 2, 0], uccName));
    const state = await bench.state(uccName, correlationId);
    expect(state.text).toBe(stateText(correlationId, [1, 2, 0], uccName));
    const refused = await bench.set({ CorrelationId: correlationId, UCCName: uccName });
    expect(refused.text).toBe(
      errorText(correlationId, [2, 'No action was detected in command'], uccName),
    );
  });
});

describe('requesters of commands', () => {
  test.each([
    agent,
    supervisor,
    agent.toUpperCase(),
    `  ${agent}\t`,
    'sips:vault@domain.com',
    'SIPS:Vault@Domain.com',
    // One party by any scheme, host and spelling that names it (docs/operate/siprec.md).
    'sip:vault@domain.com:5060;transport=tcp',
    'sips:agent@domain.com',
    'tel:+31880001122',
    ' tel:+31880001122 ',
    'tel:+31-88-000-1122',
    'sip:%2B31880001122@10.0.0.7;user=phone',
  ])('%j is a member', async (uri) => {
    const members = [agent, 'sips:vault@domain.com', 'tel:+31880001122'];
    await bench.patch(ucc, { agents: members });
    const { text } = await bench.set({
      Action: 'UnMark',
      CorrelationId: correlationId,
      RequesterSipUri: uri,
    });
    expect(text).toBe(stateText(correlationId, [1, 2, 0]));
  });

  test.each([
    ['  sip:other@domain.com ', 'sip:other@domain.com'],
    ['sip:agent@domain.com:5070', 'sip:agent@domain.com:5070'],
    ['tel:+31880001122;ext=1', 'tel:+31880001122;ext=1'],
    ['tel:+31880009999', 'tel:+31880009999'],
    ['sip:domain.com', 'sip:domain.com'],
  ])('%j is valid, but no member', async (uri, named) => {
    const { text } = await bench.set({
      Action: 'UnMark',
      CorrelationId: correlationId,
      RequesterSipUri: uri,
    });
    const message = `Requester with SipUri:'${named}' is not an agent or supervisor for Ucc with name: '${ucc}'.`;
    expect(text).toBe(errorText(correlationId, [1, message]));
  });

  test.each(['  agent@domain.com ', 'SIP agent'])(
    '%j is invalid, and echoed unchanged',
    async (uri) => {
      const { text } = await bench.set({
        Action: 'UnMark',
        CorrelationId: correlationId,
        RequesterSipUri: uri,
      });
      expect(text).toBe(
        errorText(correlationId, [2, `Requester with SipUri:'${uri}' is invalid.`]),
      );
    },
  );
});
