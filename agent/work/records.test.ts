/** @module What the agent keeps for a restart is never older than what it kept last, however late a call reaches the member. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { KubeClient } from '../../shared/kube/client/port.ts';
import { type TestServer, testServer } from '../../shared/kube/server/testing/test-server.ts';
import { isStatus } from '../../shared/kube/status-error.ts';
import { applyItem, configMap, withdrawItem } from '../testing/items.ts';
import { createRecords } from './records.ts';

let server: TestServer;
beforeEach(async () => {
  server = await testServer();
});
afterEach(() => server.close());

const item = applyItem(104, configMap('settings', { a: '1' }));
const withdrawal = withdrawItem(118, item);

type Write = 'create' | 'patch' | 'delete';

/** A client of which one kind of write reaches the server only when `release` is called. */
const slow = (real: KubeClient, write: Write) => {
  let release = (): void => undefined;
  const isReleased = new Promise<void>((resolve) => {
    release = resolve;
  });
  let sent = (): void => undefined;
  const isSent = new Promise<void>((resolve) => {
    sent = resolve;
  });
  const late = async <T>(run: () => Promise<T>): Promise<T> => {
    sent();
    await isReleased;
    return run();
  };
  const client: KubeClient = {
    ...real,
    ...(write === 'create' ? { create: (type, object, options) => late(() => real.create(type, object, options)) } : {}),
    ...(write === 'patch' ? { patch: (address, type, body, options) => late(() => real.patch(address, type, body, options)) } : {}),
    ...(write === 'delete' ? { delete: (address, options) => late(() => real.delete(address, options)) } : {}),
  };
  return { client, release: () => release(), isSent };
};

const ensureSpace = async (): Promise<void> => {
  const other = applyItem(1, configMap('other', {}));
  await createRecords(server.api.client, 'eu').keep(other);
  await createRecords(server.api.client, 'eu').drop(other.id);
};

describe('a record of work', () => {
  test.each<[string, Write]>([
    ['a first record', 'create'],
    ['a record that follows another', 'patch'],
  ])('%s that a dead agent was writing does not come over that of a later withdrawal', async (_, write) => {
    const { client } = server.api;
    await ensureSpace();
    if (write === 'patch') await createRecords(client, 'eu').keep({ ...item, seq: 90 });
    const before = slow(client, write);
    const dead = createRecords(before.client, 'eu');
    await dead.load();
    const lateWrite = dead.keep(item);
    await before.isSent;
    const next = createRecords(client, 'eu');
    await next.load();
    await next.keep(withdrawal);
    before.release();
    await lateWrite;
    expect((await createRecords(client, 'eu').load()).items).toEqual([withdrawal]);
  });

  test('a deletion that comes late does not take newer work away', async () => {
    const { client } = server.api;
    const before = slow(client, 'delete');
    const dead = createRecords(before.client, 'eu');
    await dead.keep(withdrawal);
    const lateDrop = dead.drop(item.id);
    await before.isSent;
    const next = createRecords(client, 'eu');
    await next.load();
    await next.keep({ ...item, seq: 120 });
    before.release();
    await lateDrop;
    expect((await createRecords(client, 'eu').load()).items).toEqual([{ ...item, seq: 120 }]);
  });

  test('is written over and dropped as somebody else left it, if that is no newer', async () => {
    const { client } = server.api;
    const records = createRecords(client, 'eu');
    await records.keep(item);
    const meddle = async (): Promise<void> => {
      const { items } = await client.list({ group: '', version: 'v1', resource: 'secrets', namespace: 'hanse-system' });
      for (const { metadata } of items) {
        const address = { group: '', version: 'v1', resource: 'secrets', namespace: 'hanse-system', name: metadata.name };
        await client.patch(address, 'application/merge-patch+json', { metadata: { labels: { 'example.com/seen': 'yes' } } });
      }
    };
    await meddle();
    await records.keep(withdrawal);
    expect((await records.load()).items).toEqual([withdrawal]);
    await meddle();
    await records.drop(item.id);
    expect((await records.load()).items).toEqual([]);
  });

  test('is made anew where somebody deleted it', async () => {
    const { client } = server.api;
    const records = createRecords(client, 'eu');
    await records.keep(item);
    await createRecords(client, 'eu').drop(item.id);
    await records.keep(withdrawal);
    expect((await records.load()).items).toEqual([withdrawal]);
  });

  test('says why it cannot be kept', async () => {
    const { client } = server.api;
    const full: KubeClient = { ...client, create: async () => Promise.reject(new Error('no answer')) };
    const error: unknown = await createRecords(full, 'eu')
      .keep(item)
      .catch((reason: unknown) => reason);
    expect([error instanceof Error && error.message, isStatus(error, 'Conflict')]).toEqual(['no answer', false]);
  });
});
