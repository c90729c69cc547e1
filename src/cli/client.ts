import { randomBytes } from 'node:crypto';
import type { Command } from 'commander';
import { ConfigError } from '../config/config-error.ts';
import { personNamePattern } from '../domain/people.ts';
import { atTheDesk, type DeskOptions, deskEntry } from './at-the-desk.ts';
import { print } from './output.ts';

const SECRET_BYTES = 32;
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
      atTheDesk(options, async ({ people }) => {
        const clients = await people.clients();
        const rows = clients.map(({ id, createdAt }) => ({ id, since: isoDay(createdAt) }));
        print(rows, options);
      }),
    );
  client
    .command('remove')
    .argument('<id>')
    .description('remove a client: it gets no more tokens')
    .option(...configOption)
    .action((id: string, options: DeskOptions) =>
      atTheDesk(options, async (desk) => {
        const access = deskEntry(desk, 'client remove', id);
        if (await desk.people.removeClient(id, access)) return;
        throw new ConfigError(`there is no client ${id}`);
      }),
    );
}

async function add(id: string, options: DeskOptions): Promise<void> {
  if (!new RegExp(personNamePattern).test(id)) {
    throw new ConfigError('a client id has 1 to 64 letters, digits and . _ @ + -');
  }
  const secret = randomBytes(SECRET_BYTES).toString('base64url');
  await atTheDesk(options, async (desk) => {
    const secretHash = await desk.hashSecret(secret);
    const client = { id, secretHash, createdAt: Date.now() };
    await desk.people.saveClient(client, deskEntry(desk, 'client add', id));
  });
  process.stderr.write(`The secret of ${id}, which is shown this once:\n`);
  process.stdout.write(`${secret}\n`);
}

export function isoDay(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}
