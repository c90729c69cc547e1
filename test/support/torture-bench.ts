import { Target } from '../../src/torture/target.ts';
import { Victim } from '../../src/torture/victim.ts';
import { agent, temporaryFolder, ucc } from './hush.ts';
import { commandLine, HushProcess, type HushProcessOptions } from './hush-process.ts';
import { freeRtpPorts } from './ports.ts';

/** A Hush whose process the torture kit may stall, kill and start again. */
export interface TortureBench {
  readonly sip: HushProcess['peer'];
  readonly target: Target;
  readonly victim: Victim;
  readonly dataDir: string;
  close(): Promise<void>;
}

export async function openTortureBench(
  more: Partial<HushProcessOptions> = {},
): Promise<TortureBench> {
  const dataDir = temporaryFolder();
  const rtpPorts = await freeRtpPorts(1_000);
  // Alarms are what this is about.
  process.env.HUSH_LOG_LEVEL = 'silent';
  const options = { ...more, dataDir, rtpPorts, crashable: true };
  const hush = await HushProcess.start(options);
  const ports = { sipUdpPort: hush.peer.port, httpPort: Number(new URL(hush.api).port) };
  const target = new Target({
    ...{ api: hush.api, uccName: ucc, requester: agent },
    ...{ token: undefined, audioUrl: undefined },
  });
  const args = commandLine({ ...options, ...ports }).map((arg) => `'${arg}'`);
  const victim = new Victim({
    pid: hush.pid,
    restart: [process.execPath, ...args].join(' '),
    crashWorker: 'kill -USR2 {pid}',
    isUp: () => target.isUp(),
  });
  return {
    ...{ sip: hush.peer, target, victim, dataDir },
    close: async () => {
      await victim.end();
      // Gone already where it was killed.
      if (victim.pid === hush.pid) await hush.end('SIGTERM');
    },
  };
}
