import { loadConfig } from '../../../src/config/load.ts';
import { RecorderProcess } from '../../../src/torture/recorder-process.ts';
import type { OtherUccs } from '../../../src/torture/scenarios/scenario.ts';
import { Target } from '../../../src/torture/target.ts';
import { agent, temporaryFolder, ucc } from '../hush/hush.ts';
import { commandLine, HushProcess, type HushProcessOptions } from '../hush/hush-process.ts';
import { freeRtpPorts } from '../ports.ts';

/** A Hush whose process the torture kit may stall, kill and restart. */
export interface TortureBench {
  readonly sip: HushProcess['peer'];
  readonly api: string;
  readonly target: Target;
  readonly recorder: RecorderProcess;
  readonly uccs: OtherUccs;
  readonly hasLeases: true;
  readonly guardMs: number;
  readonly dataDir: string;
  close(): Promise<void>;
}

export const tortureUccs = {
  other: 'ucc-other',
  forgetful: 'ucc-forgetful',
  lookback: { uccName: 'ucc-lookback', lookbackMs: 2_000 },
} as const satisfies OtherUccs;

export const moreTortureUccs = [
  { name: tortureUccs.other },
  { name: tortureUccs.forgetful, saveRecordingByDefault: false },
  { name: tortureUccs.lookback.uccName, pauseLookbackMs: tortureUccs.lookback.lookbackMs },
];

/** Returns the audio that a Hush with these settings leaves out after a Start. */
export function resumeGuardMs(): number {
  return loadConfig({}).recording.resumeGuardMs;
}

const RTP_PORTS = 2_000;

export async function openTortureBench(
  more: Partial<HushProcessOptions> = {},
): Promise<TortureBench> {
  const dataDir = temporaryFolder();
  const rtpPorts = await freeRtpPorts(RTP_PORTS);
  // The test is about alarms.
  process.env.HUSH_LOG_LEVEL = 'silent';
  const recording = { resumeGuardMs: resumeGuardMs() };
  const base = { moreUccs: moreTortureUccs, crashable: true, recording, ...more, dataDir };
  const options = { ...base, rtpPorts };
  const hush = await HushProcess.start(options);
  const ports = { sipUdpPort: hush.peer.port, httpPort: Number(new URL(hush.api).port) };
  const target = new Target({
    api: hush.api,
    uccName: ucc,
    requester: agent,
    token: undefined,
    audioUrl: undefined,
  });
  // It has ports of its own: a conflict with those of the first must not be what stops it.
  const second = { ...base, rtpPorts: await freeRtpPorts() };
  const recorder = new RecorderProcess({
    pid: hush.pid,
    restart: shellCommand(commandLine({ ...options, ...ports })),
    second: shellCommand(commandLine(second)),
    crashWorker: 'kill -USR2 {pid}',
    stallThread: 'kill -WINCH {pid}',
    handsOver: more.shutdown === 'handover',
    isUp: () => target.isUp(),
  });
  return {
    sip: hush.peer,
    api: hush.api,
    target,
    recorder,
    dataDir,
    uccs: tortureUccs,
    hasLeases: true,
    guardMs: resumeGuardMs(),
    close: async () => {
      await recorder.end();
      // Already gone if it was killed.
      if (recorder.pid === hush.pid) await hush.end('SIGTERM');
    },
  };
}

function shellCommand(args: readonly string[]): string {
  return [process.execPath, ...args.map((arg) => `'${arg}'`)].join(' ');
}
