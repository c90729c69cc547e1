import type { Command } from 'commander';
import { createHush } from '../../client/src/hush.ts';
import { ConfigError } from '../config/config-error.ts';
import { forgetLogin, keepLogin, loginFile } from './kept-login.ts';
import { askSignIn } from './password.ts';
import { answered, type RemoteOptions, urlOf, urlOption } from './remote.ts';

type LoginOptions = Pick<RemoteOptions, 'url'>;

/** `hush login`, `hush logout`: a token for the other commands, kept for this person alone. */
export function loginCommands(program: Command): void {
  urlOption(program.command('login'))
    .description('sign in by name and password; other commands then need no token for 12 hours')
    .action(login);
  urlOption(program.command('logout'))
    .description('forget what hush login kept')
    .action((options: LoginOptions) => {
      if (!forgetLogin(urlOf(options)))
        throw new ConfigError(`nobody is signed in at ${urlOf(options)}`);
    });
}

async function login(options: LoginOptions): Promise<void> {
  const url = urlOf(options);
  const { name, password } = await askSignIn();
  if (name === '' || password === '') throw new ConfigError('a name and a password are needed');
  const body = { username: name, password, renewable: true };
  const { token, expiresInMs, renewalToken } = await answered(
    createHush({ url }).request('POST /api/sign-in', { body }),
  );
  if (renewalToken === undefined) {
    throw new ConfigError(
      `${url} keeps nobody signed in`,
      'give a token: --token-file or HUSH_TOKEN',
    );
  }
  keepLogin(url, { name, token, expiresAt: Date.now() + expiresInMs, renewalToken });
  process.stderr.write(`Signed in as ${name}; kept in ${loginFile()}\n`);
}
