import { beforeEach, describe, expect, test } from 'vitest';
import { MetadataAlarms } from '../../../src/domain/assurance/metadata-alarms.ts';
import { Call } from '../../../src/domain/call/call.ts';
import { CallRegistry } from '../../../src/domain/call/call-registry.ts';

const HOUR_MS = 3_600_000;

describe('alarms of metadata', () => {
  let said: string[];
  let nowMs: number;
  let alarms: MetadataAlarms;

  beforeEach(() => {
    said = [];
    nowMs = 0;
    const calls = new CallRegistry();
    for (const id of ['a', 'b', 'c']) {
      calls.add(Call.begin({ id, correlationId: `of ${id}`, uccName: 'ucc', at: 0 }));
    }
    alarms = new MetadataAlarms({
      calls,
      alarms: {
        raise: ({ kind, callId, detail }) => said.push(`${kind} ${callId}: ${detail}`),
        clear: (call, kind) => said.push(`cleared ${kind} ${call.id}`),
      },
      nowMs: () => nowMs,
    });
  });

  const bad = (callId: string, address = '192.0.2.1') =>
    alarms.read({ callId, address, faults: ['malformed', 'charset'] });
  const good = (callId: string, address = '192.0.2.1') =>
    alarms.read({ callId, address, faults: [] });

  test('are raised once for each client, with its address and the reasons', () => {
    bad('a');
    bad('a');
    bad('b');
    bad('c', '192.0.2.2');
    expect(said).toHaveLength(2);
    expect(said[0]).toBe(
      'metadataIncomplete a: metadata of 192.0.2.1 could not be read as it should be: malformed, charset',
    );
    expect(said[1]).toContain('c: metadata of 192.0.2.2');
  });

  test('are cleared by complete metadata of their own call only', () => {
    bad('a');
    good('b');
    good('a', '192.0.2.2');
    expect(said).toHaveLength(1);
    good('a');
    expect(said.at(-1)).toBe('cleared metadataIncomplete a');
  });

  test('are raised again an hour later, once complete metadata has come in between', () => {
    bad('a');
    good('b');
    bad('c');
    nowMs = HOUR_MS;
    bad('c');
    expect(said).toHaveLength(1);
    good('b');
    bad('c');
    expect(said).toHaveLength(2);
  });

  test('are not raised for a call that has ended', () => {
    bad('gone');
    bad('a');
    expect(said).toEqual([expect.stringContaining('metadataIncomplete a:')]);
  });
});
