import type { Command } from 'commander';

/**
 * `hush demo`: the recorder with embedded defaults, and a contact centre that keeps calls in
 * progress.
 */
export function demoCommand(program: Command): void {
  program
    .command('demo')
    .description('run the recorder with a demo contact centre on this machine')
    .action(async () => {
      const { runDemo } = await import('./run-demo.ts');
      await runDemo();
    });
}
