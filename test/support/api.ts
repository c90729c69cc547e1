import { agent, type ContractAnswer, ucc } from './hush/hush.ts';

export type CommandClient = (action: string, correlationId: string) => Promise<ContractAnswer>;

/** Sends commands over v1, as the demo UCC's agent. */
export function commandClient(api: string): CommandClient {
  return async (action, correlationId) => {
    const response = await fetch(`${api}/attendantservice/api/recording/set`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({
        Action: action,
        RequesterSipUri: agent,
        CorrelationId: correlationId,
        UCCName: ucc,
      }),
    });
    return (await response.json()) as ContractAnswer;
  };
}

export interface RecordingAnswer {
  readonly id: string;
  readonly status: string;
  readonly lengthMs: number | null;
  readonly tracks: readonly {
    readonly track: number;
    readonly packets: Record<string, number>;
    readonly gaps: readonly { startMs: number; lengthMs: number; reason: string }[];
  }[];
}

/** Returns the recording of an ended call; polls until it is settled. */
export async function recordingOf(api: string, correlationId: string): Promise<RecordingAnswer> {
  for (;;) {
    const response = await fetch(`${api}/api/recordings/${correlationId}`);
    const recording = (await response.json()) as RecordingAnswer;
    if (response.status === 200 && !['live', 'finishing'].includes(recording.status))
      return recording;
  }
}
