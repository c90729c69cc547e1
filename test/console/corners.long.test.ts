import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect } from 'vitest';
import { markerFrame } from '../../src/simulator/marker-audio.ts';
import { record } from '../http/api-support.ts';
import { ffprobe } from '../support/audio/ffprobe.ts';
import { ucc } from '../support/hush/hush.ts';
import { longTest } from '../support/length.ts';
import { consoleBench } from './support.ts';

const at = consoleBench();

async function waves(): Promise<void> {
  await at.page.getByTestId('wave').locator('div').first().waitFor();
}

describe('a recording', () => {
  longTest('stops playing when it is erased', async () => {
    const { id } = await record(at.bench, { frames: 200 });
    await at.open(`recordings/${id}`);
    await waves();
    await at.page.getByRole('button', { name: 'Play' }).click();
    await expect
      .poll(() => at.page.getByTestId('time').textContent(), { timeout: 10_000 })
      .toMatch(/0:0[1-9] /);
    const erased = await at.bench.hush.post(`/api/recordings/${id}/erasures`, {
      whole: true,
      reason: 'asked for',
    });
    expect(erased.ok).toBe(true);
    await at.page.getByText('This recording was destroyed').waitFor();
    expect(await at.page.getByTestId('wave').count()).toBe(0);
    expect(await at.page.getByRole('button', { name: 'Play' }).count()).toBe(0);
    await at.page.getByText('Erasure: whole recording (asked for), done').waitFor();
  });

  longTest('is exported by a download of the browser, in each format', async () => {
    const { id } = await record(at.bench, { frames: 30 });
    await at.open(`recordings/${id}`);
    for (const format of ['wav', 'opus', 'flac']) {
      await at.page.getByRole('button', { name: 'Export' }).click();
      const downloading = at.page.waitForEvent('download');
      await at.page.getByRole('menuitem', { name: format.toUpperCase() }).click();
      const download = await downloading;
      expect(download.suggestedFilename()).toBe(`${id}.${format}`);
      const found = await ffprobe(readFileSync(await download.path()));
      expect(found).toMatchObject({ channels: 2 });
    }
  });

  longTest('of one packet has a wave form, and plays to its end', async () => {
    const { id } = await record(at.bench, { frames: 1 });
    await at.open(`recordings/${id}`);
    await waves();
    await at.page.getByRole('button', { name: 'Play' }).click();
    await at.page.getByRole('button', { name: 'Play' }).waitFor();
    expect(await at.page.getByTestId('time').textContent()).toMatch(/^0:00 \/ 0:00$/);
  });

  longTest('of one stream is silent on the other side', async () => {
    const correlationId = randomUUID();
    let sent = 0;
    const call = await at.bench.caller.client.placeCall({
      peer: at.bench.hush.peer,
      requestUri: `sip:${ucc}@127.0.0.1`,
      headers: [{ name: 'X-Correlation-Id', value: correlationId }],
      participants: [
        {
          aor: 'tel:+31880000001',
          source: (index: number) => markerFrame(500, index),
          onSent: () => {
            sent += 1;
          },
        },
      ],
    });
    await expect.poll(() => sent, { timeout: 10_000 }).toBeGreaterThan(20);
    await call.end();
    const { callId } = await at.bench.hush.settled(correlationId);
    await at.open(`recordings/${callId}`);
    await waves();
    await at.page.getByText('There are no gaps.').waitFor();
    const wav = await at.bench.hush.audio(callId);
    const pcm = new Int16Array(wav.buffer.slice(wav.byteOffset + 44, wav.byteOffset + wav.length));
    const [left, right] = [0, 1].map((side) => pcm.filter((_, index) => index % 2 === side));
    expect(left?.some((sample) => sample !== 0)).toBe(true);
    expect(right?.every((sample) => sample === 0)).toBe(true);
  });

  longTest('of a call of which nothing was recorded is told to be none', async () => {
    const uccName = 'ucc-quiet';
    await fetch(`${at.bench.hush.api}/api/uccs/${uccName}`, {
      method: 'PUT',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ useAudioRecording: true, recordFromStart: false }),
    });
    const placed = await at.bench.caller.call(at.bench.hush, { uccName });
    await placed.frames(3);
    const { id } = await at.bench.hush.get(`/api/calls/${placed.correlationId}`);
    await at.open(`calls/${id}`);
    await at.page.getByText('Not recording').waitFor();
    await placed.call.end();
    await at.page.getByText('This call was not recorded.').waitFor();
    await at.page.getByText('Call ended').waitFor();
  });

  longTest('is told in the time zone of who reads it', async () => {
    const { id } = await record(at.bench, { frames: 3 });
    const { beganAt } = await at.bench.hush.get(`/api/recordings/${id}`);
    const browser = at.page.context().browser();
    for (const timezoneId of ['Asia/Tokyo', 'America/St_Johns']) {
      const context = await browser?.newContext({ timezoneId, locale: 'en-GB' });
      const page = await context?.newPage();
      await page?.goto(`${at.bench.hush.api}/#/recordings/${id}`);
      const time = new Date(beganAt).toLocaleTimeString('en-GB', { timeZone: timezoneId });
      await page?.getByText(time).first().waitFor();
      await context?.close();
    }
  });
});
