/** @module What is told of containers that somebody else put beside ours. */
import { expect, test } from 'vitest';
import type { KubeObject } from '../../shared/kube/object.ts';
import { podTemplateOf } from '../../shared/placement/workload-fields.ts';
import { applyItem, deployment } from '../testing/items.ts';
import { workBench } from '../testing/work-bench.ts';
import { besideOf, containersOf } from './beside.ts';
import { liveOf } from './live.ts';

/** As a server merges an apply into what is there: by the names of the containers. */
const merged = (object: KubeObject, others: readonly string[]): KubeObject => {
  const next = structuredClone(object);
  const spec = podTemplateOf(next)?.spec as { containers: { name: string }[] };
  spec.containers.push(...others.map((name) => ({ name })));
  return next;
};

test('a workload that was taken over with its containers is applied, and which run beside ours is told until they are gone', () => {
  const bench = workBench();
  let others: readonly string[] = ['nginx', 'log'];
  bench.intercept = (effect) =>
    effect.do === 'apply' ? { on: 'Applied', id: effect.id, op: effect.op, live: liveOf(merged(effect.object, others)) } : undefined;
  const item = applyItem(1, deployment('web', 3), { adopt: 'IfUnowned' });
  bench.item(item);
  expect(bench.statuses.get(item.id)).toMatchObject({
    phase: 'Applied',
    reason: 'ForeignContainers',
    message: expect.stringContaining('does not have: nginx, log'),
  });
  others = [];
  bench.item({ ...item, seq: 2 });
  bench.pass(1_000);
  expect(bench.statuses.get(item.id)).toMatchObject({ seq: 2, phase: 'Applied' });
  expect(bench.statuses.get(item.id)).not.toHaveProperty('reason');
});

test('nothing is told of a Pod: what a cluster puts into pods is its own affair', () => {
  const pod: KubeObject = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'a' },
    spec: { containers: [{ name: 'a' }, { name: 'proxy' }] },
  };
  expect(containersOf(pod)).toBeUndefined();
  expect(besideOf({ item: applyItem(1, { ...pod, spec: { containers: [{ name: 'a' }] } }), live: liveOf(pod) })).toEqual({});
});
