import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ucc } from '../../support/hush/hush.ts';
import { ContractBench, errorText, later, offerOf, stateText } from './contract-support.ts';

let bench: ContractBench;

beforeAll(async () => {
  bench = await ContractBench.open();
});
afterAll(() => bench.close());

const states = { Uninitialized: 0, Started: 1, Stopped: 2, Paused: 3 } as const;
type State = keyof typeof states;

/** Actions that bring a call of which UCC to the state. */
const ways: Record<State, { uccName: string; actions: readonly string[] }> = {
  Uninitialized: { uccName: later, actions: [] },
  Started: { uccName: ucc, actions: [] },
  Stopped: { uccName: ucc, actions: ['Stop'] },
  Paused: { uccName: ucc, actions: ['Pause'] },
};

async function callIn(state: State): Promise<{ uccName: string; id: string }> {
  const { uccName, actions } = ways[state];
  const id = await bench.call(uccName);
  for (const Action of actions) await bench.set({ Action, CorrelationId: id, UCCName: uccName });
  expect((await bench.state(uccName, id)).text).toBe(stateText(id, [states[state], 0, 0], uccName));
  return { uccName, id };
}

/** Results of Start, Stop and Pause per state; null is refused. */
const table: readonly [State, Record<'Start' | 'Stop' | 'Pause', State | null>][] = [
  ['Uninitialized', { Start: 'Started', Stop: 'Uninitialized', Pause: null }],
  ['Started', { Start: null, Stop: 'Stopped', Pause: 'Paused' }],
  ['Stopped', { Start: 'Started', Stop: 'Stopped', Pause: null }],
  ['Paused', { Start: 'Started', Stop: 'Stopped', Pause: null }],
];

describe.each(table)('a call in state %s', (state, outcomes) => {
  test.each(Object.entries(outcomes))('%s makes it %s', async (action, after) => {
    const { uccName, id } = await callIn(state);
    const { text } = await bench.set({ Action: action, CorrelationId: id, UCCName: uccName });
    const verb = action === 'Start' ? 'started' : 'paused';
    const refused = `Recorder state is ${state}, this state cannot be ${verb}`;
    expect(text).toBe(
      after === null
        ? errorText(id, [2, refused], uccName)
        : stateText(id, [states[after], 0, 0], uccName),
    );
    const expected = stateText(id, [states[after ?? state], 0, 0], uccName);
    expect((await bench.state(uccName, id)).text).toBe(expected);
  });

  test('Save, Delete, Mark and UnMark are legal and keep the state', async () => {
    const { uccName, id } = await callIn(state);
    let [marking, saving] = [0, 0];
    for (const [action, mark, save] of [
      ['Mark', 1, null],
      ['Save', null, 1],
      ['UnMark', 2, null],
      ['Delete', null, 2],
      ['Delete', null, 2],
      ['Save', null, 1],
      ['UnMark', 2, null],
      ['Mark', 1, null],
    ] as const) {
      marking = mark ?? marking;
      saving = save ?? saving;
      const { text } = await bench.set({ Action: action, CorrelationId: id, UCCName: uccName });
      expect(text).toBe(stateText(id, [states[state], marking, saving], uccName));
    }
  });
});

describe('the initial state of a call', () => {
  test('is Started from its first media, even if that starts later than the call', async () => {
    const { correlationId, dialog } = await bench.callWithoutMedia(ucc);
    const response = await dialog.invite(offerOf([30_002, 30_004], 2));
    expect(response.statusCode).toBe(200);
    expect((await bench.state(ucc, correlationId)).text).toBe(stateText(correlationId, [1, 0, 0]));
    const pause = await bench.set({ Action: 'Pause', CorrelationId: correlationId });
    expect(pause.text).toBe(stateText(correlationId, [3, 0, 0]));
  });

  test('is Uninitialized with RecordFromStart false, with late media or not', async () => {
    const { correlationId, dialog } = await bench.callWithoutMedia(later);
    await dialog.invite(offerOf([30_006, 30_008], 2));
    expect((await bench.state(later, correlationId)).text).toBe(
      stateText(correlationId, [0, 0, 0], later),
    );
  });

  test('a Start after Stop appends to the same recording, after a gap', async () => {
    const placed = await bench.caller.call(bench.hush);
    const { correlationId } = placed;
    await placed.frames(10);
    await bench.set({ Action: 'Stop', CorrelationId: correlationId });
    await placed.frames(25);
    await bench.set({ Action: 'Start', CorrelationId: correlationId });
    await placed.frames(40);
    await placed.call.end();
    const { callId } = await bench.hush.settled(correlationId);
    const { items } = await bench.hush.get(`/api/recordings?correlationId=${correlationId}`);
    expect(items).toHaveLength(1);
    const { tracks } = await bench.hush.get(`/api/recordings/${callId}`);
    expect(tracks).toHaveLength(2);
    for (const track of tracks) {
      const stops = track.gaps.filter((gap: { reason: string }) => gap.reason === 'stop');
      expect(stops).toHaveLength(1);
    }
  });
});
