import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { agent, ucc } from '../../support/hush/hush.ts';
import { ContractBench, errorText, later, locked, off, stateText } from './contract-support.ts';

let bench: ContractBench;
const calls: Record<string, string> = {};

beforeAll(async () => {
  bench = await ContractBench.open();
  for (const name of [ucc, later, locked, off]) calls[name] = await bench.call(name);
  calls['without media'] = (await bench.callWithoutMedia()).correlationId;
  calls.unknown = randomUUID();
  calls.paused = await bench.call();
  await bench.set({ Action: 'Pause', CorrelationId: calls.paused });
  calls.stopped = await bench.call();
  await bench.set({ Action: 'Stop', CorrelationId: calls.stopped });
});
afterAll(() => bench.close());

const unavailable = 'Recorder was not available, command could not be executed';

interface Row {
  readonly number: number;
  readonly of: string;
  readonly type: number;
  readonly message: (correlationId: string) => string;
  readonly uccName?: string;
  /** Key of `calls`. */
  readonly call: string;
  readonly command?: Record<string, unknown>;
}

const stateRows: readonly Row[] = [
  {
    number: 1,
    of: 'UseAudioRecording off',
    type: 1,
    call: off,
    uccName: off,
    message: () => unavailable,
  },
  {
    number: 2,
    of: 'unknown UCC',
    type: 2,
    call: ucc,
    uccName: 'no-Body',
    message: () => 'Ucc name (no-Body) was not recognized',
  },
  {
    number: 3,
    of: 'no such call',
    type: 2,
    call: 'unknown',
    message: (id) => `No Audio session with correlation Id:'${id}' was found.`,
  },
  {
    number: 3,
    of: 'a call of another UCC',
    type: 2,
    call: ucc,
    uccName: later,
    message: (id) => `No Audio session with correlation Id:'${id}' was found.`,
  },
  {
    number: 4,
    of: 'no media offered yet',
    type: 2,
    call: 'without media',
    message: (id) => `No Api Audio session with correlation Id:'${id}' was found.`,
  },
];

const stranger = 'sip:stranger@domain.com';
const notMember = `Requester with SipUri:'${stranger}' is not an agent or supervisor for Ucc with name: '${ucc}'.`;
const commandRows: readonly Row[] = [
  ...stateRows.filter(({ number }) => number < 4),
  {
    number: 1,
    of: 'no media offered yet',
    type: 1,
    call: 'without media',
    message: () => unavailable,
  },
  {
    number: 5,
    of: 'edit switched off',
    type: 1,
    call: locked,
    uccName: locked,
    message: () => `Ucc with name:'${locked}' AgentCanEditAudioRecording setting is disabled.`,
  },
  {
    number: 6,
    of: 'neither agent nor supervisor',
    type: 1,
    call: ucc,
    command: { RequesterSipUri: stranger },
    message: () => notMember,
  },
  ...[undefined, null, '', 'Resume', 0, 8, -1, 1.5, '8', '1.5', true, [1], {}].map((Action) => ({
    number: 7,
    of: `Action ${JSON.stringify(Action)}`,
    type: 2,
    call: ucc,
    command: { Action },
    message: () => 'No action was detected in command',
  })),
  ...[
    undefined,
    null,
    '',
    '   ',
    5,
    'agent@domain.com',
    'http://domain.com',
    'sip:',
    'tel:',
    'sip:a b@domain.com',
    'mailto:agent@domain.com',
  ].map((uri) => ({
    number: 8,
    of: `requester ${JSON.stringify(uri)}`,
    type: 2,
    call: ucc,
    command: { RequesterSipUri: uri },
    message: () => `Requester with SipUri:'${typeof uri === 'string' ? uri : ''}' is invalid.`,
  })),
  {
    number: 9,
    of: 'Start while Started',
    type: 2,
    call: ucc,
    command: { Action: 'Start' },
    message: () => 'Recorder state is Started, this state cannot be started',
  },
  {
    number: 10,
    of: 'Pause while Uninitialized',
    type: 2,
    call: later,
    uccName: later,
    command: { Action: 'Pause' },
    message: () => 'Recorder state is Uninitialized, this state cannot be paused',
  },
  {
    number: 10,
    of: 'Pause while Stopped',
    type: 2,
    call: 'stopped',
    command: { Action: 'Pause' },
    message: () => 'Recorder state is Stopped, this state cannot be paused',
  },
  {
    number: 10,
    of: 'Pause while Paused',
    type: 2,
    call: 'paused',
    command: { Action: 'Pause' },
    message: () => 'Recorder state is Paused, this state cannot be paused',
  },
];

describe('messages of state requests', () => {
  test.each(stateRows)('message $number: $of', async ({ call, uccName = ucc, type, message }) => {
    const id = calls[call] ?? '';
    const { status, text } = await bench.state(uccName, id);
    expect({ status, text }).toEqual({
      status: 200,
      text: errorText(id, [type, message(id)], uccName),
    });
  });
});

describe('messages of commands', () => {
  test.each(commandRows)('message $number: $of', async (row) => {
    const { call, uccName = ucc, type, message, command } = row;
    const id = calls[call] ?? '';
    const request = { Action: 'Mark', CorrelationId: id, UCCName: uccName, ...command };
    const { status, text } = await bench.set(request);
    expect({ status, text }).toEqual({
      status: 200,
      text: errorText(id, [type, message(id)], uccName),
    });
  });

  test('refused commands change nothing', async () => {
    const { text } = await bench.state(ucc, calls[ucc] ?? '');
    expect(text).toBe(stateText(calls[ucc] ?? '', [1, 0, 0]));
  });

  test.each([
    ['no property at all', {}, null, null, 'Ucc name () was not recognized'],
    ['a UCC name that is no text', { UCCName: 5 }, null, null, 'Ucc name () was not recognized'],
    [
      'no correlation id',
      { UCCName: ucc, Action: 1, RequesterSipUri: agent },
      null,
      ucc,
      "No Audio session with correlation Id:'' was found.",
    ],
  ])('%s', async (_, body, correlationId, uccName, message) => {
    const { text } = await bench.hush
      .post('/attendantservice/api/recording/set', body)
      .then(async (response) => ({ text: await response.text() }));
    expect(text).toBe(errorText(correlationId, [2, message], uccName));
  });
});

describe('messages repeat values unchanged', () => {
  test.each(["it's", '{sipUri}', '$&', '<b>"', '名'])('UCC name %s', async (uccName) => {
    const id = randomUUID();
    const { text } = await bench.set({ Action: 1, CorrelationId: id, UCCName: uccName });
    expect(text).toBe(errorText(id, [2, `Ucc name (${uccName}) was not recognized`], uccName));
  });
});
