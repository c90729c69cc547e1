import { assembleAccess } from './assemble/access.ts';
import { assembleArchive } from './assemble/archive.ts';
import { assembleAssurance } from './assemble/assurance.ts';
import type { Context, ServerOverrides } from './assemble/context.ts';
import { assembleControl } from './assemble/control.ts';
import { Disposal } from './assemble/disposal.ts';
import { assembleEdge } from './assemble/edge.ts';
import { assembleEvents } from './assemble/events.ts';
import { assembleRecording } from './assemble/recording.ts';
import { type HushServer, RunningServer } from './assemble/running-server.ts';
import { startError } from './assemble/start-error.ts';
import { assembleStore } from './assemble/store.ts';
import { ConfigError } from './config/config-error.ts';
import { exposureOf } from './config/exposure.ts';
import type { Config } from './config/schema.ts';
import { createLogger } from './logging/logger.ts';
import { standardOutput } from './logging/standard-output.ts';
import { subsystemLogs } from './logging/subsystem-logs.ts';
import { moment } from './recorder/clock/clock-origin.ts';
import { version } from './version.ts';

/**
 * The composition root. Assembles one capability after the other, each on those before it, and
 * disposes of them in the opposite order: when one of them fails here, when the start fails, and
 * at the end of every stop.
 * @throws ConfigError, StartError
 */
export async function createServer(
  config: Config,
  overrides: ServerOverrides = {},
): Promise<HushServer> {
  const exposure = exposureOf(config);
  if (exposure) throw new ConfigError(`${exposure.path.slice(1)} ${exposure.message}`);
  const context = newContext(config, overrides);
  context.logger.info({ version }, 'Hush is starting');
  try {
    const store = await assembleStore(context);
    const events = assembleEvents(context, store);
    const assurance = assembleAssurance(context, store, events);
    const access = assembleAccess(context, store, assurance);
    const archive = assembleArchive(context, { store, events, assurance, access });
    const recording = assembleRecording(context, { store, events, assurance, archive });
    const control = assembleControl(context, { events, assurance, access, archive, recording });
    const below = { store, events, assurance, access, archive, recording, control };
    return new RunningServer(context, below, assembleEdge(context, below));
  } catch (cause) {
    await context.disposal.close();
    throw startError(cause);
  }
}

function newContext(config: Config, overrides: ServerOverrides): Context {
  const output = overrides.logger ? undefined : standardOutput();
  const logger = overrides.logger ?? createLogger(config.log.level, output);
  return {
    config,
    overrides,
    logger,
    logs: subsystemLogs(logger),
    output,
    clock: overrides.clock ?? { now: () => Date.now() },
    moments: overrides.moments ?? { moment },
    disposal: new Disposal(logger),
    life: { phase: 'made' },
  };
}
