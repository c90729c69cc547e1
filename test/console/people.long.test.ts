import { describe, expect } from 'vitest';
import type { TestHush } from '../support/hush/hush.ts';
import { longTest } from '../support/length.ts';
import { hushWithPeople, type Person, tokenForm, tokenUrl } from '../support/people.ts';
import { consoleBench, signIn, violations } from './support.ts';

const at = consoleBench();

/** Starts a Hush whose users sign in, with its admin on the page `People`. */
async function asAdmin(): Promise<TestHush> {
  const {
    hush,
    people: { admin },
  } = await hushWithPeople();
  await at.page.goto(`${hush.api}/#/people`);
  await signIn(at.page, admin);
  await at.page.getByRole('heading', { name: 'Users' }).waitFor();
  return hush;
}

const section = (title: string) =>
  at.page
    .locator('section')
    .filter({ has: at.page.getByRole('heading', { name: title, exact: true }) });

describe('people', () => {
  longTest('a user is added with a role, changed, and removed', async () => {
    const hush = await asAdmin();
    const eva: Person = { name: 'eva', password: 'correct horse battery' };
    await section('Users').getByRole('button', { name: 'Add' }).click();
    const dialog = at.page.getByRole('dialog');
    await dialog.getByLabel('Name').fill(eva.name);
    await dialog.locator('input[name="password"]').fill('too short');
    await dialog.getByRole('checkbox', { name: 'Supervisor' }).check();
    await dialog.getByLabel('UCCs').fill('*');
    await dialog.getByRole('button', { name: 'Save' }).click();
    // A refusal keeps the form as it was filled in.
    await dialog.getByRole('alert').waitFor();
    await dialog.locator('input[name="password"]').fill(eva.password);
    expect(await violations(at.page)).toEqual([]);
    await dialog.getByRole('button', { name: 'Save' }).click();
    const row = section('Users').getByRole('row', { name: /eva/ });
    await row.getByText('Supervisor').waitFor();
    const token = () => fetch(tokenUrl(hush.api), { method: 'POST', body: tokenForm(eva) });
    expect((await token()).status).toBe(200);
    await row.getByRole('button', { name: 'Change' }).click();
    await dialog.getByRole('checkbox', { name: 'Auditor' }).check();
    await dialog.getByRole('checkbox', { name: 'Supervisor' }).uncheck();
    await dialog.getByRole('button', { name: 'Save' }).click();
    await row.getByText('Auditor').waitFor();
    expect(await row.getByText('Supervisor').count()).toBe(0);
    await row.getByRole('button', { name: 'Remove' }).click();
    await dialog.getByRole('button', { name: 'Remove' }).click();
    await row.waitFor({ state: 'detached' });
    expect((await token()).status).toBe(401);
    await at.page.goto('about:blank');
    await hush.remove();
  });

  longTest('shows the secret of a client once; adds and removes a webhook', async () => {
    const hush = await asAdmin();
    const dialog = at.page.getByRole('dialog');
    await section('Clients').getByRole('button', { name: 'Add' }).click();
    await dialog.getByLabel('Name').fill('crm');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await at.page.getByText('Secret of crm').waitFor();
    expect(await at.page.getByTestId('secret').textContent()).toMatch(/^[\w-]{43}$/);
    await at.page.getByRole('button', { name: 'I have copied it' }).click();
    expect(await at.page.getByTestId('secret').count()).toBe(0);
    await section('Clients').getByRole('row', { name: /crm/ }).waitFor();
    await section('Webhooks').getByText('None yet').waitFor();
    await section('Webhooks').getByRole('button', { name: 'Add' }).click();
    // The previous dialog may still be fading out.
    const adding = at.page.getByRole('dialog', { name: 'Add a webhook' });
    await adding.getByLabel('Name').fill('crm');
    await adding.getByLabel('URL').fill('https://crm.example.com/hush');
    await adding.getByRole('button', { name: 'Save' }).click();
    await at.page.getByText('Secret of crm').waitFor();
    expect(await at.page.getByTestId('secret').textContent()).toMatch(/^whsec_/);
    const row = section('Webhooks').getByRole('row', { name: /crm/ });
    await row.getByText('Enabled').waitFor();
    expect(await violations(at.page)).toEqual([]);
    await row.getByRole('button', { name: 'Remove' }).click();
    await dialog.getByRole('button', { name: 'Remove' }).click();
    await row.waitFor({ state: 'detached' });
    await at.page.goto('about:blank');
    await hush.remove();
  });
});
