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
      // Whoever only asks a running Hush something does not wait for all of this.
      const { loadConfig } = await import('../config/load.ts');
      const { createServer } = await import('../server.ts');
      const sources = { environment: process.env, ...(file === undefined ? {} : { file }) };
      const loaded = loadConfig(sources);
      const server = await createServer(loaded, { adopt });
      server.onOwnershipLost((reason) => {
        console.error(`hush: ${reason}`);
        process.exitCode = exitCodes.failed;
        // What does not close in time, ends.
        setTimeout(() => process.exit(exitCodes.failed), LOST_EXIT_MS).unref();
      });
      const stop = loaded.shutdown === 'handover' ? server.handOver : server.stop;
      const started = () => void process.on('SIGHUP', () => server.reload());
      await runServer(server, { stop, started });
    });
}
