/** @module Records of traffic and work of workloads do not see each other, though one bus carries both. */
import { expect, test } from 'vitest';
import { type StatusItem, trafficIdOf, trafficRef } from '../../../shared/wire/index.ts';
import { createFakeFleet } from '../testing/fake-fleet.ts';
import { splitBus } from './split-bus.ts';

const statusOf = (id: string): StatusItem => ({
  v: 1,
  cluster: 'eu',
  id,
  seq: 1,
  ref: trafficRef('shop', 'web'),
  phase: 'Applied',
  observedAtMs: 0,
});

test('each half hears answers, damage and what was published of its own kind alone', async () => {
  const { bus } = createFakeFleet({ eu: 1 }, () => 0);
  const workId = '=services=shop=web';
  const trafficId = trafficIdOf('shop', 'web');
  const heard: string[] = [];
  const handlers = { status: new Set<(item: StatusItem) => void>(), damage: new Set<(damage: { cluster: string; id: string }) => void>() };
  const { work, traffic } = splitBus({
    ...bus,
    onStatus: (handler) => {
      handlers.status.add(handler);
      return () => handlers.status.delete(handler);
    },
    onDamage: (handler) => {
      handlers.damage.add(handler);
      return () => handlers.damage.delete(handler);
    },
    publishedWork: async () => [workId, trafficId].map((id) => ({ cluster: 'eu', id, seq: 1, op: 'apply' as const })),
  });
  traffic.onAnswer(({ id }) => heard.push(`traffic ${id}`));
  traffic.onDamage(({ id }) => heard.push(`traffic damage ${id}`));
  work.onStatus(({ id }) => heard.push(`work ${id}`));
  work.onDamage(({ id }) => heard.push(`work damage ${id}`));
  // What was found before anybody listened is told to the first handler alone.
  expect(handlers.damage.size).toBe(1);
  for (const id of [workId, trafficId]) {
    for (const hear of handlers.status) hear(statusOf(id));
    for (const hear of handlers.damage) hear({ cluster: 'eu', id });
  }
  expect(heard).toEqual([`work ${workId}`, `work damage ${workId}`, `traffic ${trafficId}`, `traffic damage ${trafficId}`]);
  expect((await work.publishedWork()).map(({ id }) => id)).toEqual([workId]);
  expect((await traffic.published()).map(({ id }) => id)).toEqual([trafficId]);
});
