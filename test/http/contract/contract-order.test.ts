import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { agent, ucc } from '../../support/hush/hush.ts';
import { ContractBench, errorText, locked, off, offAndLocked } from './contract-support.ts';

/*
 * Every set of the contract's conditions that can be true at once is asked for; the first condition
 * of the set has to answer.
 */
type Faults = ReadonlySet<number>;

const stranger = 'sip:stranger@domain.com';
const unavailable = 'Recorder was not available, command could not be executed';

interface Request {
  readonly uccName: string;
  readonly correlationId: string;
  readonly action: string | undefined;
  readonly requester: string;
}

let bench: ContractBench;
/** Calls per UCC: a Started one (if possible), one that is not, and one without media. */
const calls = new Map<string, { running: string; idle: string; silent: string }>();

beforeAll(async () => {
  bench = await ContractBench.open();
  for (const uccName of [ucc, locked, off, offAndLocked]) {
    const running = await bench.call(uccName);
    await bench.patch(uccName, { recordFromStart: false });
    const idle = await bench.call(uccName);
    const { correlationId: silent } = await bench.callWithoutMedia(uccName);
    calls.set(uccName, { running, idle, silent });
  }
});
afterAll(() => bench.close());

/** Pairs of conditions that are never true of one command. */
const exclusive: readonly (readonly [number, number])[] = [
  // An unknown UCC has no settings.
  ...([
    [1, 5],
    [1, 7],
  ] as const),
  // A missing action is neither Start nor Pause.
  ...([
    [2, 9],
    [2, 10],
    [9, 10],
  ] as const),
  // An unknown call has neither media nor state.
  ...([
    [4, 8],
    [4, 9],
    [4, 10],
  ] as const),
  // Without recording, or without media, a call is not Started.
  ...([
    [7, 9],
    [8, 9],
  ] as const),
];

function setsOf(conditions: readonly number[]): Faults[] {
  const all = Array.from({ length: 2 ** conditions.length - 1 }, (_, index) => {
    const bits = index + 1;
    return new Set(conditions.filter((_condition, bit) => (bits >> bit) % 2 === 1));
  });
  return all.filter((set) => !exclusive.some(([one, other]) => set.has(one) && set.has(other)));
}

function byFirst(sets: readonly Faults[]): [number, Faults[]][] {
  const groups = Map.groupBy(sets, (set) => Math.min(...set));
  return [...groups].sort(([one], [other]) => one - other);
}

function uccOf(faults: Faults): string {
  if (faults.has(1)) return 'nobody';
  if (faults.has(5)) return faults.has(7) ? offAndLocked : locked;
  return faults.has(7) ? off : ucc;
}

function requestWith(faults: Faults): Request {
  const uccName = uccOf(faults);
  const { running, idle, silent } = calls.get(faults.has(1) ? ucc : uccName) ?? fail();
  const correlationId = faults.has(4)
    ? randomUUID()
    : faults.has(8)
      ? silent
      : faults.has(10)
        ? idle
        : running;
  const legal = faults.has(9) ? 'Start' : faults.has(10) ? 'Pause' : 'Mark';
  const action = faults.has(2) ? undefined : legal;
  const requester = faults.has(3) ? 'nonsense' : faults.has(6) ? stranger : agent;
  return { uccName, correlationId, action, requester };
}

function fail(): never {
  throw new Error('no calls of that UCC');
}

const answers: Record<number, (request: Request) => readonly [type: number, message: string]> = {
  1: ({ uccName }) => [2, `Ucc name (${uccName}) was not recognized`],
  2: () => [2, 'No action was detected in command'],
  3: ({ requester }) => [2, `Requester with SipUri:'${requester}' is invalid.`],
  4: ({ correlationId }) => [
    2,
    `No Audio session with correlation Id:'${correlationId}' was found.`,
  ],
  5: ({ uccName }) => [
    1,
    `Ucc with name:'${uccName}' AgentCanEditAudioRecording setting is disabled.`,
  ],
  6: ({ uccName, requester }) => [
    1,
    `Requester with SipUri:'${requester}' is not an agent or supervisor for Ucc with name: '${uccName}'.`,
  ],
  7: () => [1, unavailable],
  8: () => [1, unavailable],
  9: () => [2, 'Recorder state is Started, this state cannot be started'],
  10: () => [2, 'Recorder state is Uninitialized, this state cannot be paused'],
};

function expectedOf(first: number, request: Request): string {
  const answer = answers[first]?.(request) ?? fail();
  return errorText(request.correlationId, answer, request.uccName);
}

describe('a command is answered for the first condition that applies', () => {
  const groups = byFirst(setsOf([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]));

  test('every condition comes first in some set', () => {
    expect(groups.map(([first]) => first)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  });

  test.each(groups)('condition %i', async (first, sets) => {
    for (const faults of sets) {
      const request = requestWith(faults);
      const { text } = await bench.set({
        Action: request.action,
        RequesterSipUri: request.requester,
        CorrelationId: request.correlationId,
        UCCName: request.uccName,
      });
      expect(text, `conditions ${[...faults]}`).toBe(expectedOf(first, request));
    }
  });

  test('a call of one known UCC requested for another is condition 4', async () => {
    const { running } = calls.get(locked) ?? fail();
    const { text } = await bench.set({ Action: 'Mark', CorrelationId: running });
    const message = `No Audio session with correlation Id:'${running}' was found.`;
    expect(text).toBe(errorText(running, [2, message]));
  });
});

describe('a state request is answered for the first condition that applies', () => {
  test.each(byFirst(setsOf([1, 4, 7, 8])))('condition %i', async (first, sets) => {
    for (const faults of sets) {
      const request = requestWith(faults);
      const { uccName, correlationId } = request;
      const { text } = await bench.state(uccName, correlationId);
      const noMedia = `No Api Audio session with correlation Id:'${correlationId}' was found.`;
      const expected =
        first === 8 ? errorText(correlationId, [2, noMedia], uccName) : expectedOf(first, request);
      expect(text, `conditions ${[...faults]}`).toBe(expected);
    }
  });
});
