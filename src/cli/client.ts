import type { Command } from 'commander';
import { ConfigError } from '../config/config-error.ts';
import { print, printJson } from './output.ts';
import { configured } from './store-config.ts';
import { type OfflineStoreOptions, offlineEntry, withStore } from './with-store.ts';

/** `hush client add|list|remove`: the programs that may ask the embedded issuer for tokens. */
export function clientCommand(program: Command): void {
  const client = program.command('client').description('programs that may ask for tokens');
  configured(client.command('add'))
    .argument('<id>', 'for example coreapi')
    .description('add a client, or give it a new secret; prints the secret, this once')
    .action((id: string, options: OfflineStoreOptions) => add(id, options));
  configured(client.command('list'))
    .description('list the clients')
    .action((options: OfflineStoreOptions) =>
      withStore(options, async ({ register }) => {
        const clients = await register.clients();
        const rows = clients.map(({ id, createdAt }) => ({ id, since: isoDay(createdAt) }));
        print(rows, options);
      }),
    );
  configured(client.command('remove'))
    .argument('<id>')
    .description('remove a client: its tokens end within seconds')
    .action((id: string, options: OfflineStoreOptions) =>
      withStore(options, async (offline) => {
        if (await offline.register.removeClient(id, offlineEntry(offline))) return;
        throw new ConfigError(`there is no client ${id}`, 'see what there is: hush client list');
      }),
    );
}

async function add(id: string, options: OfflineStoreOptions): Promise<void> {
  const { secret } = await withStore({ ...options, mayMake: true }, (offline) =>
    offline.register.saveClient(id, offlineEntry(offline)),
  );
  if (options.json) {
    printJson({ id, secret });
    return;
  }
  process.stderr.write(`The secret of ${id}, which is shown this once:\n`);
  process.stdout.write(`${secret}\n`);
}

export function isoDay(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}
