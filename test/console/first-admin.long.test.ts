import pino from 'pino';
import { describe, expect } from 'vitest';
import { TestHush, temporaryFolder } from '../support/hush/hush.ts';
import { longTest } from '../support/length.ts';
import { addDemoPeople, tenantId } from '../support/people.ts';
import { consoleBench, signIn, violations } from './support.ts';

const at = consoleBench();

async function started(dataDir: string, write: (line: string) => void): Promise<TestHush> {
  return TestHush.start({
    dataDir,
    overrides: { logger: pino({ level: 'warn' }, { write }) },
    config: (config) => ({ ...config, auth: { ...config.auth, mode: 'embedded', tenantId } }),
  });
}

describe('the console with the default configuration', () => {
  longTest('creates the first admin with the code from the log, and signs in', async () => {
    let code = '';
    const hush = await started(temporaryFolder(), (line) => {
      code = (JSON.parse(line) as { code?: string }).code ?? code;
    });
    await at.page.goto(hush.api);
    // Admitted by the network, with the sign-in one click away.
    await at.page.getByText('Access by your network').waitFor();
    await at.page.getByRole('button', { name: 'Sign in' }).click();
    await at.page.getByRole('link', { name: /create the first admin/ }).click();
    await at.page.getByLabel('Code from the log').fill('00000-00000-00000-00000');
    await at.page.getByLabel('User').fill('eva');
    await at.page.locator('input[name="password"]').fill('correct horse battery');
    await at.page.getByRole('button', { name: 'Create admin' }).click();
    await at.page.getByText('That is not the code.').waitFor();
    expect(await violations(at.page)).toEqual([]);
    await at.page.getByLabel('Code from the log').fill(code);
    await at.page.getByRole('button', { name: 'Create admin' }).click();
    await at.page.getByRole('link', { name: 'People' }).waitFor();
    await at.page.getByText('eva', { exact: true }).waitFor();
    await at.page.goto('about:blank');
    await hush.remove();
  });

  longTest('who is let in by network signs in for more, or goes back', async () => {
    const dataDir = temporaryFolder();
    const people = await addDemoPeople(dataDir);
    const hush = await started(dataDir, () => undefined);
    await at.page.goto(hush.api);
    await at.page.getByRole('button', { name: 'Sign in' }).click();
    expect(await at.page.getByRole('link', { name: /first admin/ }).count()).toBe(0);
    await at.page.getByRole('button', { name: 'Back' }).click();
    await at.page.getByRole('button', { name: 'Sign in' }).click();
    await signIn(at.page, people.supervisor);
    await at.page.getByRole('link', { name: 'Recordings' }).waitFor();
    await at.page.getByRole('button', { name: 'Sign out' }).click();
    await at.page.getByText('Access by your network').waitFor();
    await at.page.goto('about:blank');
    await hush.remove();
  });
});
