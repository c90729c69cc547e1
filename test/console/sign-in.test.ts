import { describe, expect, test } from 'vitest';
import { hushWithPeople } from '../support/people.ts';
import { consoleBench, signIn, violations } from './support.ts';

const at = consoleBench();

describe('signing in to the console', () => {
  test('shows each user the permitted pages, and admits nobody else', async () => {
    let offsetMs = 0;
    const { hush, people } = await hushWithPeople({ clock: { now: () => Date.now() + offsetMs } });
    await at.page.goto(hush.api);
    await signIn(at.page, { ...people.supervisor, password: 'wrong password' });
    await at.page.getByText('Wrong name or password.').waitFor();
    expect(await violations(at.page)).toEqual([]);
    await signIn(at.page, people.supervisor);
    await at.page.getByRole('link', { name: 'Recordings' }).waitFor();
    await at.page.reload();
    await at.page.getByRole('link', { name: 'Recordings' }).waitFor();
    await at.page.getByRole('button', { name: 'Sign out' }).click();
    await signIn(at.page, people.agent);
    await at.page.getByRole('link', { name: 'Live' }).waitFor();
    expect(await at.page.getByRole('link', { name: 'Recordings' }).count()).toBe(0);
    expect((await hush.get('/api/me')).status).toBe(401);
    // An expired token, as after a night's sleep, leads back to the sign-in.
    offsetMs = 13 * 3_600_000;
    await at.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))");
    await at.page.getByLabel('User').waitFor();
    await at.page.goto('about:blank');
    await hush.remove();
  });
});
