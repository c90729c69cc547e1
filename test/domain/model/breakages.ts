import type { Call } from '../../../src/domain/call/call.ts';
import { CallRegistry } from '../../../src/domain/call/call-registry.ts';
import type { Moments } from '../../../src/domain/common/moment.ts';
import { PauseGate, type PauseGatePorts } from '../../../src/domain/control/pause-gate.ts';
import type { AlarmSink } from '../../../src/domain/ports/alarm-sink.ts';
import type { RecordingLock } from '../../../src/domain/recording/recording-lock.ts';
import type { Machine } from './machine.ts';

/** Ways to break Hush on purpose: the model must notice each of them. */
export const breakages = [
  ...(['newStreamsOpen', 'resumedStreamsOpen', 'shutDoesNothing', 'holdLiftsAll'] as const),
  ...(['staleOpenObeyed', 'olderAbortShutsNewer', 'otherUccUnpaused'] as const),
  ...(['deleteOfLastPartOnly', 'startNotInherited', 'pauseNotInherited'] as const),
  ...(['intentsForgottenByCrash', 'settledOnlyOnce', 'pauseLostByClockStep'] as const),
  ...(['leaseUnreachable', 'gateOpenedBeforeCommit', 'pauseWaitsForStore', 'stopUntold'] as const),
  'startBelievedAfterCrash',
] as const;
export type Breakage = (typeof breakages)[number];

/** The wall clock in the place of the monotonic one. */
export function brokenMoments(
  breakage: Breakage | undefined,
  machine: Machine,
): Moments | undefined {
  if (breakage !== 'pauseLostByClockStep') return undefined;
  return { moment: () => ({ bootId: 'any', monotonicMs: machine.now() }) };
}

/** What a stop could not confirm is not said, as little as anything else. */
export function brokenAlarms(breakage: Breakage | undefined): AlarmSink | undefined {
  if (breakage !== 'stopUntold') return undefined;
  return {
    raise: ({ kind }) => {
      if (kind === 'fenceTimeout') throw new Error('told to fail');
    },
  };
}

/** Ids of earlier parts lead nowhere. */
export function brokenRegistry(breakage: Breakage | undefined): CallRegistry | undefined {
  if (breakage !== 'leaseUnreachable') return undefined;
  return new (class extends CallRegistry {
    override follows(): void {}
  })();
}

/** A settlement that failed once counts as done. */
export function brokenKept(
  breakage: Breakage | undefined,
  kept: RecordingLock,
): Pick<RecordingLock, 'ended'> {
  if (breakage !== 'settledOnlyOnce') return kept;
  return {
    ended: async <Result>(callId: string, change: (call: Call) => Promise<Result>) => {
      try {
        return await kept.ended(callId, change);
      } catch {
        return undefined as Result;
      }
    },
  };
}

export function pauseGateOf(breakage: Breakage | undefined, ports: PauseGatePorts): PauseGate {
  if (breakage === 'gateOpenedBeforeCommit') return new OpensFirst(ports);
  return breakage === 'pauseWaitsForStore' ? new Waits(ports) : new PauseGate(ports);
}

class OpensFirst extends PauseGate {
  readonly #recorder: PauseGatePorts['recorder'];

  constructor(ports: PauseGatePorts) {
    super(ports);
    this.#recorder = ports.recorder;
  }

  override async open(...[call, change]: Parameters<PauseGate['open']>) {
    await this.#recorder.open(call.id);
    return super.open(call, change);
  }
}

class Waits extends PauseGate {
  override early(): undefined {
    return undefined;
  }
}
