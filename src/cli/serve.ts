import type { Command } from 'commander';
import { exitCodes } from './remote.ts';
import { runServer } from './run-server.ts';

interface ServeOptions {
  readonly config?: string;
  readonly adopt?: boolean;
}

/** After the ownership was lost, what is still open may take this long to close. */
const LOST_EXIT_MS = 3_000;

/**
 * `hush serve`: runs until SIGTERM or SIGINT, which finish the recordings in progress, or, under
 * `shutdown: handover`, leave them to the next process.
 */
export function serveCommand(program: Command): void {
  program
    .command('serve')
    .description('run the recorder')
    .option('-c, --config <file>', 'YAML file with settings; see hush.example.yaml')
    .option('--adopt', 'once, on a copy or a restored backup whose original is gone for good')
    .action(async ({ config: file, adopt = false }: ServeOptions) => {
      const sources = { environment: process.env, ...(file === undefined ? {} : { file }) };
      let shutdown: 'finish' | 'handover' = 'finish';
      await runServer({
        async create() {
          // Commands that only call a running Hush do not load all of this.
          const { loadConfig } = await import('../config/load.ts');
          const { createServer } = await import('../server.ts');
          const config = loadConfig(sources);
          ({ shutdown } = config);
          const server = await createServer(config, { adopt });
          server.onOwnershipLost(endProcess);
          return server;
        },
        started: (server) => void process.on('SIGHUP', () => server.reload()),
        stop: (server) => (shutdown === 'handover' ? server.handOver() : server.stop()),
      });
    });
}

function endProcess(reason: string): void {
  console.error(`hush: ${reason}`);
  process.exitCode = exitCodes.failed;
  // The process ends even when something does not close in time.
  setTimeout(() => process.exit(exitCodes.failed), LOST_EXIT_MS).unref();
}
