import { Command } from 'commander';
import { clientCommand } from './cli/client.ts';
import { demoCommand } from './cli/demo.ts';
import { serveCommand } from './cli/serve.ts';
import { tortureCommand } from './cli/torture.ts';
import { userCommand } from './cli/user.ts';
import { ConfigError } from './config/config-error.ts';

const program = new Command('hush').description(
  'A call recorder for contact centres that can prove what it did not hear',
);
serveCommand(program);
demoCommand(program);
clientCommand(program);
userCommand(program);
tortureCommand(program);

try {
  await program.parseAsync();
} catch (cause) {
  const expected =
    cause instanceof ConfigError || (cause as NodeJS.ErrnoException).code !== undefined;
  console.error(expected ? `hush: ${(cause as Error).message}` : cause);
  process.exitCode = 1;
}
