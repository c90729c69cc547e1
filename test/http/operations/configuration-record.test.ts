import { expect, test } from 'vitest';
import type { Config } from '../../../src/config/schema.ts';
import { agent, TestHush, ucc } from '../../support/hush/hush.ts';

test('a UCC in the file is audited when the file changes it, and only then', async () => {
  const first = await TestHush.start();
  const { dataDir } = first;
  const [row] = (await first.get(`/api/audit-log?action=ucc save ${ucc}`)).items;
  expect(row).toMatchObject({ who: 'configuration', surface: 'config', before: null });
  expect(row.after).toMatchObject({ useAudioRecording: true, agents: [agent] });
  await first.stop();
  const again = await TestHush.start({ dataDir });
  expect((await again.get(`/api/audit-log?action=ucc save ${ucc}`)).items).toHaveLength(1);
  expect((await again.get(`/api/audit-log?action=ucc change ${ucc}`)).items).toEqual([]);
  await again.stop();
  const changed = await TestHush.start({
    dataDir,
    config: (config) => ({ ...config, uccs: [{ name: ucc, retentionDays: 1 }] }),
  });
  const { items } = await changed.get(`/api/audit-log?action=ucc change ${ucc}`);
  expect(items).toEqual([
    expect.objectContaining({
      reason: 'configuration file',
      before: { retentionDays: 0 },
      after: { retentionDays: 1 },
    }),
  ]);
  await changed.remove();
});

const configured = async (dataDir: string, change: (config: Config) => Config) => {
  const hush = await TestHush.start({ dataDir, config: change });
  const { items } = await hush.get('/api/audit-log?action=configuration change');
  await hush.stop();
  return items;
};

test('every other setting is audited at the start that finds it changed', async () => {
  const first = await TestHush.start();
  const { dataDir } = first;
  await first.stop();
  const digest = (password: string, timeoutMs: number) => (config: Config) => ({
    ...config,
    http: { ...config.http, closeTimeoutMs: timeoutMs },
    sip: { ...config.sip, digest: { ...config.sip.digest, users: [{ name: 'sbc', password }] } },
  });
  const secret = 'a long enough password';
  const [row, ...others] = await configured(dataDir, digest(secret, 4_321));
  expect(others).toEqual([]);
  expect(row).toMatchObject({
    who: 'configuration',
    surface: 'config',
    reason: 'configuration file',
    before: { 'sip.digest.users': [] },
    after: {
      'http.closeTimeout': '4321ms',
      secrets: 'changed',
      'sip.digest.users': ['{"name":"sbc"}'],
    },
  });
  expect(JSON.stringify(row)).not.toContain(secret);
  expect(await configured(dataDir, digest(secret, 4_321))).toHaveLength(1);
  const [newest] = await configured(dataDir, digest('another long password', 4_321));
  expect(newest.after).toMatchObject({ secrets: 'changed' });
  expect(newest.after).not.toHaveProperty('sip.digest.users');
});
