import { createSipUserAgent } from '../protocols/sip/user-agent/user-agent.ts';
import { SessionRecordingClient } from '../simulator/session-recording-client.ts';
import type { ScenarioReport } from './report.ts';
import type { Scenario, TortureOptions } from './scenarios/scenario.ts';
import { ScenarioRun } from './scenarios/scenario-run.ts';

const SIP_LIMITS = {
  maxMessageBytes: 65_535,
  maxTcpConnections: 1_000,
  tcpIdleTimeoutMs: 600_000,
  maxTransactions: 10_000,
};
const MAX_TAG = 65_535;

/** Opens a client of numbered calls; its opener closes it. */
export async function openTortureClient() {
  const userAgent = await createSipUserAgent({
    host: '127.0.0.1',
    udpPort: 0,
    tcpPort: 0,
    userAgent: 'hush torture',
    limits: SIP_LIMITS,
    onInvite: (invite) => invite.reject({ statusCode: 405 }),
  });
  const client = new SessionRecordingClient(userAgent);
  let lastTag = 0;
  return {
    client,
    nextTag: (): number => {
      lastTag = (lastTag % MAX_TAG) + 1;
      return lastTag;
    },
    close: async (): Promise<void> => {
      await client.close();
      await userAgent.close();
    },
  };
}

/**
 * Proves a recorder on its files: calls of numbered frames are paused and started amid everything
 * that happens to calls. A frame that a device sent between the answer to a Pause and the request
 * for a Start must be in no recording; one that was sent outside every pause, and arrived, must be
 * in one, in its place.
 */
export async function torture(options: TortureOptions): Promise<ScenarioReport[]> {
  const client = await openTortureClient();
  const reports = new Map<Scenario, ScenarioReport>();
  const waiting = options.scenarios.filter(({ strike }) => !strike);
  const run = async (scenario: Scenario): Promise<void> => {
    reports.set(scenario, await new ScenarioRun(options, scenario, client).report());
  };
  const lane = async (): Promise<void> => {
    for (let next = waiting.shift(); next; next = waiting.shift()) await run(next);
  };
  try {
    await Promise.all(Array.from({ length: options.parallel ?? 1 }, lane));
    for (const scenario of options.scenarios.filter(({ strike }) => strike)) await run(scenario);
  } finally {
    await client.close();
  }
  return options.scenarios.flatMap((scenario) => reports.get(scenario) ?? []);
}
