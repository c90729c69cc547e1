import type { Config } from '../../../src/config/schema.ts';
import { agent, supervisor, TestHush } from '../../support/hush/hush.ts';
import { freeRtpPorts } from '../../support/ports.ts';

/** Starts a whole Hush with these UCCs, all of which record and may be edited. */
export async function startHush(
  uccNames: readonly string[],
  http: Partial<Config['http']> = {},
): Promise<TestHush> {
  const rtpPorts = await freeRtpPorts();
  return await TestHush.start({
    config: (config) => ({
      ...config,
      http: { ...config.http, ...http },
      rtp: { ...config.rtp, ...rtpPorts },
      // Calls here are silent on purpose: alarms would interfere with the counted events.
      recording: { ...config.recording, mediaStartMs: 600_000 },
      uccs: uccNames.map((name) => ({
        name,
        agents: [agent],
        supervisors: [supervisor],
        useAudioRecording: true,
        agentCanEditAudioRecording: true,
      })),
    }),
  });
}
