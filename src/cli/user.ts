import type { Command } from 'commander';
import { ConfigError } from '../config/config-error.ts';
import { checkUser } from '../domain/access/account-service.ts';
import type { User } from '../domain/model/account.ts';
import { roles } from '../domain/model/principal.ts';
import { isoDay } from './client.ts';
import { print } from './output.ts';
import { askPassword } from './password.ts';
import { checkUcc, choice } from './remote.ts';
import { configured } from './store-config.ts';
import { type OfflineStoreOptions, offlineEntry, withStore } from './with-store.ts';

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
  configured(user.command('add'))
    .argument('<name>')
    .description('add a user; the password is asked for, or read from standard input')
    .addOption(choice('--role <role...>', 'what the user may do', roles).makeOptionMandatory())
    .option('--ucc <name...>', 'UCCs that the user is given; * is all of them')
    .option('--sip-uri <uri>', 'whom the user speaks as: an agent needs one')
    .action((name: string, options: AddOptions) => add(name, options));
  configured(user.command('passwd'))
    .argument('<name>')
    .description('give a user a new password')
    .action((name: string, options: OfflineStoreOptions) => changePassword(name, options));
  configured(user.command('list'))
    .description('list the users')
    .action((options: OfflineStoreOptions) =>
      withStore(options, async ({ register }) =>
        print((await register.users()).map(view), options),
      ),
    );
  configured(user.command('remove'))
    .argument('<name>')
    .description('remove a user: its tokens and connections end within seconds')
    .option('--force', 'also the last admin')
    .action((name: string, { force, ...options }: RemoveOptions) =>
      withStore(options, async (offline) => {
        const how = { evenTheLastAdmin: force === true };
        if (await offline.register.removeUser(name, offlineEntry(offline), how)) return;
        throw noSuchUser(name);
      }),
    );
}

async function add(name: string, { role, ucc, sipUri, ...options }: AddOptions): Promise<void> {
  const settings = { roles: role, ...(ucc ? { uccs: ucc } : {}), ...(sipUri ? { sipUri } : {}) };
  await withStore({ ...options, mayMake: true }, async (offline) => {
    // Before a password is typed in vain.
    checkUser(name, settings);
    const known = await offline.uccs();
    for (const one of ucc ?? []) if (one !== '*') checkUcc(one, known);
    if (await offline.register.user(name)) {
      const next = `give it a new password (hush user passwd ${name}), or choose another name`;
      throw new ConfigError(`there is a user ${name} already`, next);
    }
    const password = await askPassword();
    await offline.register.saveUser(name, { ...settings, password }, offlineEntry(offline));
  });
}

async function changePassword(name: string, options: OfflineStoreOptions): Promise<void> {
  await withStore(options, async (offline) => {
    if (!(await offline.register.user(name))) throw noSuchUser(name);
    await offline.register.changePassword(name, await askPassword(), offlineEntry(offline));
  });
}

function noSuchUser(name: string): ConfigError {
  return new ConfigError(`there is no user ${name}`, 'see who there is: hush user list');
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
