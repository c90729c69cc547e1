import type { Command } from 'commander';
import { ConfigError } from '../config/config-error.ts';
import { checkUser } from '../domain/access/account-service.ts';
import type { User } from '../domain/model/account.ts';
import { roles } from '../domain/model/principal.ts';
import { isoDay } from './client.ts';
import { print } from './output.ts';
import { askPassword } from './password.ts';
import { type OfflineStoreOptions, offlineEntry, withStore } from './with-store.ts';

const configOption = ['-c, --config <file>', 'YAML file with settings'] as const;

interface AddOptions extends OfflineStoreOptions {
  readonly role: string[];
  readonly ucc?: string[];
  readonly sipUri?: string;
}

interface RemoveOptions extends OfflineStoreOptions {
  readonly force?: boolean;
}

/** `hush user add|passwd|list|remove`: who signs in with the embedded issuer. */
export function userCommand(program: Command): void {
  const user = program.command('user').description('people and services that sign in');
  user
    .command('add')
    .argument('<name>')
    .description('add a user; the password is asked for, or read from standard input')
    .requiredOption('--role <role...>', roles.join(', '))
    .option('--ucc <name...>', 'UCCs that the user is given; * is all of them')
    .option('--sip-uri <uri>', 'whom the user speaks as: an agent needs one')
    .option(...configOption)
    .action((name: string, options: AddOptions) => add(name, options));
  user
    .command('passwd')
    .argument('<name>')
    .description('give a user a new password')
    .option(...configOption)
    .action((name: string, options: OfflineStoreOptions) => changePassword(name, options));
  user
    .command('list')
    .description('list the users')
    .option(...configOption)
    .option('--json', 'for scripts')
    .action((options: OfflineStoreOptions) =>
      withStore(options, async ({ register }) =>
        print((await register.users()).map(view), options),
      ),
    );
  user
    .command('remove')
    .argument('<name>')
    .description('remove a user: its tokens and connections end within seconds')
    .option('--force', 'also the last admin')
    .option(...configOption)
    .action((name: string, { force, ...options }: RemoveOptions) =>
      withStore(options, async (offline) => {
        const how = { evenTheLastAdmin: force === true };
        if (await offline.register.removeUser(name, offlineEntry(offline), how)) return;
        throw new ConfigError(`there is no user ${name}`);
      }),
    );
}

async function add(name: string, { role, ucc, sipUri, ...options }: AddOptions): Promise<void> {
  const settings = { roles: role, ...(ucc ? { uccs: ucc } : {}), ...(sipUri ? { sipUri } : {}) };
  await withStore(options, async (offline) => {
    // Before a password is typed in vain.
    checkUser(name, settings);
    if (await offline.register.user(name)) throw new ConfigError(`there is a user ${name} already`);
    const password = await askPassword();
    await offline.register.saveUser(name, { ...settings, password }, offlineEntry(offline));
  });
}

async function changePassword(name: string, options: OfflineStoreOptions): Promise<void> {
  await withStore(options, async (offline) => {
    if (!(await offline.register.user(name))) throw new ConfigError(`there is no user ${name}`);
    await offline.register.changePassword(name, await askPassword(), offlineEntry(offline));
  });
}

function view({ name, roles: held, uccs, sipUri, createdAt }: User): Record<string, string> {
  return {
    name,
    roles: held.join(' '),
    uccs: uccs.join(' '),
    sipUri: sipUri ?? '',
    since: isoDay(createdAt),
  };
}
