import type { Command } from 'commander';
import { ConfigError } from '../config/config-error.ts';
import { atTheDesk, type DeskOptions, deskEntry } from './at-the-desk.ts';
import { print } from './output.ts';

const configOption = ['-c, --config <file>', 'YAML file with settings'] as const;

/** `hush client add|list|remove`: the programs that may ask the embedded issuer for tokens. */
export function clientCommand(program: Command): void {
  const client = program.command('client').description('programs that may ask for tokens');
  client
    .command('add')
    .argument('<id>', 'for example coreapi')
    .description('add a client, or give it a new secret; prints the secret, this once')
    .option(...configOption)
    .action((id: string, options: DeskOptions) => add(id, options));
  client
    .command('list')
    .description('list the clients')
    .option(...configOption)
    .option('--json', 'for scripts')
    .action((options: DeskOptions) =>
      atTheDesk(options, async ({ register }) => {
        const clients = await register.clients();
        const rows = clients.map(({ id, createdAt }) => ({ id, since: isoDay(createdAt) }));
        print(rows, options);
      }),
    );
  client
    .command('remove')
    .argument('<id>')
    .description('remove a client: its tokens end within seconds')
    .option(...configOption)
    .action((id: string, options: DeskOptions) =>
      atTheDesk(options, async (desk) => {
        if (await desk.register.removeClient(id, deskEntry(desk))) return;
        throw new ConfigError(`there is no client ${id}`);
      }),
    );
}

async function add(id: string, options: DeskOptions): Promise<void> {
  const { secret } = await atTheDesk(options, (desk) =>
    desk.register.saveClient(id, deskEntry(desk)),
  );
  process.stderr.write(`The secret of ${id}, which is shown this once:\n`);
  process.stdout.write(`${secret}\n`);
}

export function isoDay(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}
