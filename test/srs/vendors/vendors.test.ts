import { describe, expect, it } from 'vitest';
import { guidFromText, parseGuid } from '../../../src/domain/identifiers/correlation-id.ts';
import { markersInWav } from '../../../src/simulator/wav-markers.ts';
import { agent } from '../../support/hush/hush.ts';
import { SrsFixture } from '../srs-fixture.ts';
import * as families from './families.ts';
import * as field from './field.ts';
import { oracle } from './oracle.ts';
import type { Vendor } from './vendor.ts';

const FRAMES = 10;
const vendors: readonly Vendor[] = [oracle, ...Object.values(families), ...Object.values(field)];

function bodyOf({ contentType, body }: Pick<Vendor, 'contentType' | 'body'>) {
  return { contentType, content: Buffer.from(body) };
}

function roleOf(aor: string | null): string {
  return aor?.startsWith(agent) ? 'agent' : 'other';
}

describe('messages of controller families', () => {
  const fixture = new SrsFixture();

  async function send(ports: readonly number[], vendor: Vendor, from: number): Promise<void> {
    for (const [tag, port] of ports.entries()) {
      if (vendor.streams[tag]?.silent) continue;
      await fixture.client.frames(port, { tag }, from, from + FRAMES);
    }
  }

  /** Which streams are heard on each side, and which of their frames. */
  async function heard(id: string): Promise<[number, number[]][][]> {
    const channels = markersInWav(await fixture.hush.audio(id));
    return channels.map((tags) =>
      [...tags].map(([tag, frames]): [number, number[]] => [tag, [...frames.keys()]]),
    );
  }

  it.each(vendors.map((vendor) => [vendor.name, vendor] as const))('%s', async (_name, vendor) => {
    const { hush, client } = fixture;
    const session = await client.invite({ body: bodyOf(vendor) });
    const [call] = await fixture.calls();
    expect(call.correlationId).toBe(parseGuid(vendor.session) ?? guidFromText(vendor.session));
    expect(new Set(call.parties.map(({ aor }: { aor: string }) => aor))).toEqual(
      new Set(vendor.parties),
    );
    expect(call.metadataIncomplete).toEqual(vendor.faults ?? null);
    expect((await hush.get(`/api/calls?agent=${agent}`)).items).toHaveLength(1);
    let first = 0;
    if (vendor.release) {
      expect(call.pausedBy).toEqual(['hold']);
      await send(session.ports, vendor, 0);
      first = FRAMES;
      const body = vendor.body.replace(...vendor.release);
      const answer = await session.dialog.invite(bodyOf({ ...vendor, body }));
      expect(answer.statusCode).toBe(200);
    }
    await send(session.ports, vendor, first);
    await session.dialog.bye();
    const { id, tracks } = await fixture.recording(call.correlationId);
    expect(tracks).toMatchObject(
      vendor.streams.map(({ aor, mixed = false, silent }) => ({
        ...{ aor, mixed, role: roleOf(aor), packets: { kept: silent ? 0 : FRAMES } },
      })),
    );
    const frames = Array.from({ length: FRAMES }, (_, index) => first + index);
    const side = (wanted: string) =>
      vendor.streams.flatMap(({ aor, mixed, silent }, tag) =>
        !silent && (mixed || roleOf(aor) === wanted) ? [[tag, frames]] : [],
      );
    // Where nobody is said to be in a stream, the first one is on the left.
    const nobody = vendor.streams.every(({ aor, mixed }) => aor === null && !mixed);
    const sides = nobody ? [[[0, frames]], [[1, frames]]] : [side('agent'), side('other')];
    expect(await heard(id)).toEqual(sides);
  });
});
