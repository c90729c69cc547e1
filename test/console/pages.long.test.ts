import { describe, expect, test } from 'vitest';
import { record } from '../http/api-support.ts';
import { agent } from '../support/hush/hush.ts';
import { longTest } from '../support/length.ts';
import { consoleBench, violations } from './support.ts';

const at = consoleBench();

const stateOf = async (): Promise<string> =>
  (await at.bench.hush.get(`/api/calls/${at.live.correlationId}`)).recordingState;

/** Returns samples of the WAV that the page plays, left, of an interval in ms. */
async function heard(id: string, start: number, end: number): Promise<Int16Array> {
  const wav = await at.bench.hush.audio(id);
  const pcm = new Int16Array(wav.buffer.slice(wav.byteOffset + 44, wav.byteOffset + wav.length));
  return pcm.subarray(start * 16, end * 16).filter((_, index) => index % 2 === 0);
}

describe('the console', () => {
  longTest(
    'live: a call is paused by a button and started by a key, on behalf of an agent',
    async () => {
      await at.open('live');
      const row = at.page.locator('tr[data-call]').first();
      await row.waitFor();
      expect(await row.textContent()).toContain('Recording');
      await row.getByRole('button', { name: 'Pause' }).click();
      await at.page.getByText('Enter the requester').waitFor();
      expect(await stateOf()).toBe('Started');
      await at.page.getByLabel('On behalf of').fill(agent);
      await row.getByRole('button', { name: 'Pause' }).click();
      await row.getByText('Paused').waitFor();
      expect(await stateOf()).toBe('Paused');
      await row.focus();
      await at.page.keyboard.press('s');
      await row.getByText('Recording').waitFor();
      expect(await stateOf()).toBe('Started');
      // Commands of others show as well.
      await at.bench.hush.command('Pause', at.live.correlationId);
      await row.getByText('Paused').waitFor();
      await at.bench.hush.command('Start', at.live.correlationId);
      await row.getByText('Recording').waitFor();
    },
  );

  longTest('a call: heard and metered while it is recorded, and its story told', async () => {
    const placed = await at.bench.caller.call(at.bench.hush);
    await placed.frames(3);
    const { id } = await at.bench.hush.get(`/api/calls/${placed.correlationId}`);
    await at.open(`calls/${id}`);
    const meter = at.page.getByRole('meter').first();
    await expect
      .poll(() => meter.getAttribute('aria-valuetext'), { timeout: 10_000 })
      .toMatch(/^-\d/);
    const answered = at.page.waitForResponse(/\/api\/calls\/[^/]+\/audio$/);
    await at.page.getByRole('button', { name: 'Listen', exact: true }).click();
    expect((await answered).status()).toBe(200);
    await at.page.getByRole('button', { name: 'Stop listening' }).waitFor();
    await at.page.getByLabel('On behalf of').fill(agent);
    await at.page.getByRole('button', { name: 'Pause' }).click();
    await at.page.getByText(/^Paused \d/).waitFor();
    await at.page.getByText('Pause, in effect after').waitFor();
    await expect
      .poll(() => meter.getAttribute('aria-valuetext'), { timeout: 10_000 })
      .toBe('not recorded');
    expect(await violations(at.page)).toEqual([]);
    await placed.call.end();
    await at.page.getByRole('link', { name: 'Open the recording' }).click();
    await at.page.getByText('Listened to live').waitFor();
  });

  longTest('recordings: found, opened, and what is missing told with its reason', async () => {
    const placed = await at.bench.caller.call(at.bench.hush);
    await placed.frames(30);
    await at.bench.hush.command('Pause', placed.correlationId);
    await placed.frames(80);
    await at.bench.hush.command('Start', placed.correlationId);
    await at.bench.hush.command('Mark', placed.correlationId);
    await placed.frames(110);
    await placed.call.end();
    const { callId } = await at.bench.hush.settled(placed.correlationId);
    await at.open('recordings');
    await at.page.getByLabel('Marked only').check();
    await at.page.getByRole('button', { name: 'Search' }).click();
    await at.page.locator(`a[href="#/recordings/${callId}"]`).click();
    await at.page.getByTestId('wave').locator('div').first().waitFor();
    const gaps = at.page.locator('section', { hasText: 'Gaps and their reasons' });
    expect(await gaps.textContent()).toContain('paused');
    await at.page.getByText('Pause, in effect').waitFor();
    expect(await at.page.getByRole('button', { name: /Mark 0:0/ }).count()).toBe(1);
    // The gap is silent, even when playback crosses it.
    const [gap] = (await at.bench.hush.get(`/api/recordings/${callId}`)).tracks[0].gaps;
    const silence = await heard(callId, gap.startMs + 1, gap.startMs + gap.lengthMs - 1);
    expect(silence.length).toBeGreaterThan(2_000);
    expect(silence.every((sample) => sample === 0)).toBe(true);
    await at.page.getByRole('button', { name: 'Play' }).click();
    await expect
      .poll(() => at.page.getByTestId('time').textContent(), { timeout: 10_000 })
      .toMatch(/0:0[1-9] /);
    // Listening is part of the history, and the address leads back to the same position.
    await at.page.getByRole('button', { name: 'Copy a link' }).click();
    await at.page.getByText('in the address bar').waitFor();
    expect(at.page.url()).toMatch(/\?t=\d+\.\d$/);
    await at.page.reload();
    await at.page.getByText('Played or exported').first().waitFor();
  });

  longTest('an interval is erased by dragging over it', async () => {
    const { id } = await record(at.bench, { frames: 120 });
    await at.open(`recordings/${id}`);
    const wave = at.page.getByTestId('wave');
    await wave.locator('div').first().waitFor();
    await expect.poll(async () => (await wave.boundingBox())?.height ?? 0).toBeGreaterThan(100);
    const box = await wave.boundingBox();
    if (!box) throw new Error('no wave');
    const y = box.y + 30;
    await at.page.mouse.move(box.x + box.width * 0.25, y);
    await at.page.mouse.down();
    await at.page.mouse.move(box.x + box.width * 0.4, y, { steps: 5 });
    await at.page.mouse.move(box.x + box.width * 0.5, y, { steps: 5 });
    await at.page.mouse.up();
    await at.page.getByRole('button', { name: /Erase the selected part 0:0/ }).click();
    await at.page.getByLabel('Reason (kept permanently)').fill('card number read out');
    await at.page
      .getByRole('dialog')
      .getByRole('button', { name: 'Erase the selected part' })
      .click();
    await at.page
      .locator('section', { hasText: 'Gaps and their reasons' })
      .getByText('erased')
      .first()
      .waitFor();
    const { gaps } = await at.bench.hush.get(`/api/recordings/${id}`);
    expect(gaps.reasons).toEqual(['erased']);
    expect(gaps.lengthMs).toBeGreaterThan(400);
    const [gap] = (await at.bench.hush.get(`/api/recordings/${id}`)).tracks[0].gaps;
    expect(
      (await heard(id, gap.startMs, gap.startMs + gap.lengthMs)).every((one) => one === 0),
    ).toBe(true);
  });

  test('demo: the payment page pauses by itself, and the recording has a gap', async () => {
    const placed = await at.bench.caller.call(at.bench.hush);
    await placed.frames(20);
    await at.open('demo');
    await at.page.getByText('The call is being recorded.').waitFor();
    await at.page.getByLabel('Card number').focus();
    await at.page.getByText('The recording is paused.').waitFor();
    await at.page.getByText(/^Paused \d/).waitFor();
    await at.page.getByLabel('Card number').fill('4111 1111 1111 1111');
    await placed.frames((placed.streams[0]?.sent.length ?? 0) + 30);
    await at.page.getByRole('button', { name: 'Pay' }).click();
    await at.page.getByText('Paid.').waitFor();
    await placed.frames((placed.streams[0]?.sent.length ?? 0) + 30);
    await placed.call.end();
    await at.page.getByTestId('wave').waitFor();
    await at.page.getByText('paused by a page').first().waitFor();
  });

  longTest('health and UCCs: what needs a person, and settings that count', async () => {
    await at.open('health');
    await at.page.getByText('● Ready').waitFor();
    await at.page.getByText('free of').waitFor();
    await at.page.getByRole('button', { name: 'Check', exact: true }).click();
    await at.page.getByText('All files are present').waitFor();
    await at.page.getByRole('columnheader', { name: 'Unconfirmed pauses' }).waitFor();
    await at.open('uccs');
    await at.page.getByLabel('Days to keep recordings').fill('90');
    await at.page.getByRole('button', { name: 'Save' }).click();
    await at.page.getByText('give a reason').waitFor();
    await at.page.getByLabel('Reason (required').fill('policy 7');
    await at.page.getByRole('button', { name: 'Save' }).click();
    await at.page.getByText('Saved. Changes apply').waitFor();
    const [ucc] = (await at.bench.hush.get('/api/uccs')).items;
    expect([ucc.retentionDays, ucc.useAudioRecording]).toEqual([90, true]);
    expect([ucc.maxPauseMs, ucc.onPauseExpiry]).toEqual([900_000, 'keep']);
    await at.page.getByRole('button', { name: 'Add a UCC' }).click();
    await at.page.getByLabel('Name').fill('UCC-Sales');
    await at.page.getByRole('dialog').getByRole('button', { name: 'Add a UCC' }).click();
    await at.page.getByRole('heading', { name: 'ucc-sales' }).waitFor();
    expect(await at.bench.hush.get('/api/uccs/ucc-sales')).toMatchObject({
      useAudioRecording: true,
      agentCanEditAudioRecording: true,
      recordFromStart: true,
    });
  });
});
