/** @module A real API server holds the records of an agent to the state that each write names. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Member, startMember } from '../../test/testbed/index.ts';
import { httpClient, loadKubeconfig, type MemberApi } from '../cluster/index.ts';
import { realEnv } from '../testing/env.ts';
import { applyItem, configMap, withdrawItem } from '../testing/items.ts';
import { createRecords } from './records.ts';

const env = realEnv();
let dir: string;
let member: Member;
let api: MemberApi;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'hanse-records-e2e-'));
  member = await startMember({ name: 'eu', dataDir: dir, nodes: [] });
  api = httpClient(await loadKubeconfig(member.kubeconfig, env));
});
afterAll(async () => {
  await api?.close();
  await member?.stop();
  if (dir !== undefined) await rm(dir, { recursive: true, force: true });
});

test('records of an agent are made, followed and dropped, and an older state of one takes nothing from a newer one', async () => {
  const item = applyItem(104, configMap('settings', { a: '1' }));
  const withdrawal = withdrawItem(118, item);
  const kept = async () => (await createRecords(api, 'eu').load()).items;
  const early = createRecords(api, 'eu');
  await early.keep({ ...item, seq: 90 });
  const next = createRecords(api, 'eu');
  await next.load();
  await next.keep(withdrawal);
  await early.keep(item);
  expect(await kept()).toEqual([withdrawal]);
  const stale = createRecords(api, 'eu');
  await stale.load();
  await next.keep({ ...item, seq: 120 });
  await stale.drop(item.id);
  expect(await kept()).toEqual([{ ...item, seq: 120 }]);
  await next.drop(item.id);
  expect(await kept()).toEqual([]);
  await next.keep({ ...item, seq: 130 });
  expect(await kept()).toEqual([{ ...item, seq: 130 }]);
});
