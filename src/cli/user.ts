import type { Command } from 'commander';
import { ConfigError } from '../config/config-error.ts';
import { type Role, roles } from '../domain/access.ts';
import { personNamePattern, type User } from '../domain/people.ts';
import { parseRequesterUri } from '../domain/sip-uri.ts';
import { uccKey, uccNamePattern } from '../domain/ucc.ts';
import { atTheDesk, type DeskOptions, deskEntry } from './at-the-desk.ts';
import { isoDay } from './client.ts';
import { print } from './output.ts';
import { askPassword } from './password.ts';

const configOption = ['-c, --config <file>', 'YAML file with settings'] as const;

interface AddOptions extends DeskOptions {
  readonly role: string[];
  readonly ucc?: string[];
  readonly sipUri?: string;
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
    .action((name: string, options: DeskOptions) => changePassword(name, options));
  user
    .command('list')
    .description('list the users')
    .option(...configOption)
    .option('--json', 'for scripts')
    .action((options: DeskOptions) =>
      atTheDesk(options, async ({ people }) => print((await people.users()).map(view), options)),
    );
  user
    .command('remove')
    .argument('<name>')
    .description('remove a user; tokens already given out count until they expire')
    .option(...configOption)
    .action((name: string, options: DeskOptions) =>
      atTheDesk(options, async (desk) => {
        const access = deskEntry(desk, 'user remove', name);
        if (await desk.people.removeUser(name, access)) return;
        throw new ConfigError(`there is no user ${name}`);
      }),
    );
}

async function add(name: string, options: AddOptions): Promise<void> {
  const settings = settingsOf(name, options);
  await atTheDesk(options, async (desk) => {
    if (await desk.people.user(name)) throw new ConfigError(`there is a user ${name} already`);
    const passwordHash = await desk.hashPassword(await askPassword());
    const user = { ...settings, passwordHash, createdAt: Date.now() };
    await desk.people.saveUser(user, deskEntry(desk, 'user add', name));
  });
}

async function changePassword(name: string, options: DeskOptions): Promise<void> {
  await atTheDesk(options, async (desk) => {
    const user = await desk.people.user(name);
    if (!user) throw new ConfigError(`there is no user ${name}`);
    const passwordHash = await desk.hashPassword(await askPassword());
    await desk.people.saveUser({ ...user, passwordHash }, deskEntry(desk, 'user passwd', name));
  });
}

/** @throws ConfigError for what would make no user */
function settingsOf(name: string, { role: named, ucc = [], sipUri }: AddOptions) {
  if (!new RegExp(personNamePattern).test(name)) {
    throw new ConfigError('a user name has 1 to 64 letters, digits and . _ @ + -');
  }
  const unknown = named.find((role) => !(roles as readonly string[]).includes(role));
  if (unknown !== undefined) throw new ConfigError(`${unknown} is no role: ${roles.join(', ')}`);
  const held = roles.filter((role) => named.includes(role)) as Role[];
  const badUcc = ucc.find((one) => one !== '*' && !new RegExp(uccNamePattern).test(one));
  if (badUcc !== undefined) throw new ConfigError(`${badUcc} is no name of a UCC`);
  const uri = sipUri === undefined ? null : (parseRequesterUri(sipUri) ?? undefined);
  if (uri === undefined) throw new ConfigError(`${sipUri} is no SIP or tel URI`);
  if (held.includes('agent') && uri === null) {
    throw new ConfigError('an agent commands as itself only: give its --sip-uri');
  }
  return { name: name.toLowerCase(), roles: held, uccs: ucc.map(uccKey), sipUri: uri };
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
