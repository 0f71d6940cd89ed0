/** @module What a watch can resume from is bounded, by number and by memory. */
import { expect, it } from 'vitest';
import type { Change } from './store.ts';
import { createWindow } from './window.ts';

const change = (revision: number, length: number): Change => {
  const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' }, data: { text: 'x'.repeat(length) } };
  return { revision, op: 'put', key: '/configmaps/shop/a', current: { key: '', revision, object, json: '' }, previous: undefined };
};

it.each([
  ['many small changes', 1_000, 10, 1_000_000, { floor: 875, kept: 125 }],
  ['few large ones', 100, 20_000, 100_000, { floor: 95, kept: 5 }],
  ['one that is larger than all that may be kept', 1, 500_000, 100_000, { floor: 0, kept: 1 }],
])('%s', (_, count, length, bytesMax, wanted) => {
  const window = createWindow(0, { changesMax: 100, bytesMax });
  for (let revision = 1; revision <= count; revision++) window.push(change(revision, length));
  expect(window.floor()).toBeGreaterThanOrEqual(wanted.floor);
  expect(window.since(window.floor()).length).toBeLessThanOrEqual(wanted.kept);
  expect(window.since(window.floor()).length).toBeGreaterThan(0);
  expect(() => window.since(window.floor() - 1)).toThrow();
});
