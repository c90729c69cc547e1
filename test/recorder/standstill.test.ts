import { expect, it } from 'vitest';
import { LOOK_INTERVAL_MS, Standstill } from '../../src/recorder/standstill.ts';

function looking(standstill: Standstill, from: number, until: number): void {
  for (let at = from; at <= until; at += LOOK_INTERVAL_MS) standstill.lookInTurn(at);
}

it('tells of what is read behind a standstill that it may have come since its beginning', () => {
  const standstill = new Standstill(0);
  looking(standstill, 0, 1_000);
  expect(standstill.cameAfterMs(1_000)).toBe(1_000);
  standstill.look(3_000);
  expect(standstill.cameAfterMs(3_000)).toBe(1_000);
  // What had piled up takes a while to read.
  standstill.look(3_030);
  standstill.lookInTurn(3_060);
  expect(standstill.cameAfterMs(3_060)).toBe(1_000);
  looking(standstill, 3_080, 3_200);
  expect(standstill.cameAfterMs(3_200)).toBe(3_200);
  // A packet that was held since then is still told of.
  expect(standstill.cameAfterMs(3_030)).toBe(1_000);
});

it('takes one standstill behind another for one', () => {
  const standstill = new Standstill(0);
  looking(standstill, 0, 1_000);
  standstill.look(2_000);
  standstill.look(2_500);
  expect(standstill.cameAfterMs(2_500)).toBe(1_000);
});
