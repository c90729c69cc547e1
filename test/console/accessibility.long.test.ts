import { describe, expect, test } from 'vitest';
import { record } from '../http/api-support.ts';
import { few, longTest } from '../support/length.ts';
import { consoleBench, violations } from './support.ts';

const at = consoleBench();

const looks = [
  ['light', 1280],
  ['dark', 360],
] as const;

const pages = [
  ['live', 'Recording'],
  ['recordings', 'Search'],
  ['health', 'free of'],
  ['uccs', 'Days to keep recordings'],
  ['people', 'None yet'],
  ['demo', 'The call is being recorded.'],
] as const;

describe('every page', () => {
  test.each(few(pages, 1))(
    '%s has nothing that axe objects to, light and wide or dark and narrow',
    async (path, loaded) => {
      // Colours do not depend on the width, nor what fits on the colours.
      for (const [colorScheme, width] of looks) {
        await at.page.emulateMedia({ colorScheme });
        await at.page.setViewportSize({ width, height: 800 });
        await at.open(path);
        await at.page.getByText(loaded).first().waitFor();
        expect(await at.page.title()).toMatch(/^[A-Z].* · Hush$/);
        expect(await violations(at.page), `${colorScheme} ${width}`).toEqual([]);
        // Nothing but a table's own box scrolls sideways.
        const overflow = 'document.documentElement.scrollWidth - innerWidth';
        expect(await at.page.evaluate(overflow), `${width}`).toBeLessThanOrEqual(0);
      }
    },
  );

  longTest('a recording has nothing that axe objects to', { retry: 2 }, async () => {
    const { id } = await record(at.bench, { frames: 60 });
    const interval = { startMs: 200, endMs: 800, reason: 'a look at it' };
    await at.bench.hush.post(`/api/recordings/${id}/erasures`, interval);
    for (const colorScheme of ['light', 'dark'] as const) {
      await at.page.emulateMedia({ colorScheme });
      await at.open(`recordings/${id}`);
      await at.page
        .getByText(/^erased \d/)
        .first()
        .waitFor();
      expect(await violations(at.page), colorScheme).toEqual([]);
    }
  });
});
