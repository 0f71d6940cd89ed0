/** @module Rules of the agent's work, told on a model cluster. */
import { describe, expect, test } from 'vitest';
import { applyItem, configMap, deployment, withdrawItem } from '../testing/items.ts';
import { refusal } from '../testing/model-member.ts';
import { never } from '../testing/never.ts';
import { modelApis, workBench } from '../testing/work-bench.ts';
import { SYSTEM_NAMESPACE } from './marks.ts';

const a = '/configmaps/shop/a';
const namespace = (name: string) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });

describe('desired work', () => {
  test('is kept in the cluster before it is applied', () => {
    const bench = workBench();
    bench.item(applyItem(1, configMap('a')));
    expect(bench.effects.map(({ do: what }) => what)).toEqual(['record', 'apply', 'publish', 'watch']);
    expect(bench.statuses.get('ConfigMap-shop-a')).toMatchObject({ phase: 'Applied', seq: 1 });
  });

  test('what is in the cluster is looked up while the record is kept, and again when that look failed', () => {
    const bench = workBench();
    const address = { group: '', version: 'v1', resource: 'configmaps', namespace: 'shop', name: 'a' };
    bench.intercept = (effect) => (effect.do === 'record' ? { on: 'Recorded', id: effect.id, op: effect.op } : undefined);
    bench.item(applyItem(1, configMap('a')));
    bench.item(withdrawItem(2, applyItem(1, configMap('a'))));
    expect(bench.effects.filter((effect) => effect.do === 'record')).toMatchObject([{ look: address }, { look: address }]);
    expect(bench.effects.filter((effect) => effect.do === 'read')).toMatchObject([{ address }, { address }]);
    expect(bench.member.writes).toEqual(['apply a seq 1', 'delete a']);
  });

  test('what is known to be ours is not looked up before newer work', () => {
    const bench = workBench();
    bench.item(applyItem(1, configMap('a')));
    bench.item(applyItem(2, configMap('a', { a: '2' })));
    expect(bench.effects.filter((effect) => effect.do === 'record')[1]).not.toHaveProperty('look');
    expect(bench.effects.map(({ do: what }) => what)).not.toContain('read');
  });

  test('waits until what the cluster kept is loaded and its kinds are known', () => {
    const bench = workBench({ asleep: true });
    bench.item(applyItem(1, configMap('a')));
    bench.tell({ on: 'Served', apis: modelApis, stale: [] });
    expect(bench.effects).toEqual([]);
    bench.tell({ on: 'Loaded', items: [] });
    expect(bench.member.writes).toEqual(['apply a seq 1']);
  });

  test('comes back after a restart without a hub, and sets right what changed meanwhile', () => {
    const bench = workBench();
    bench.item(applyItem(4, configMap('a')));
    bench.member.meddle(a, (object) => {
      object.data = { a: 'changed' };
    });
    bench.restart();
    expect(bench.member.objects.get(a)?.data).toEqual({ a: '1' });
  });

  test('older work never replaces newer, also after a restart that lost the record', () => {
    const bench = workBench();
    bench.item(applyItem(7, configMap('a', { a: 'new' })));
    bench.item(applyItem(3, configMap('a', { a: 'old' })));
    bench.member.records.clear();
    bench.restart();
    bench.item(applyItem(5, configMap('a', { a: 'older' })));
    expect(bench.member.objects.get(a)?.data).toEqual({ a: 'new' });
    expect(bench.statuses.get('ConfigMap-shop-a')).toMatchObject({ phase: 'Failed', reason: 'NewerApplied' });
  });

  test('a hub that sends older work than is here hears what is here, so that it can send above it', () => {
    const bench = workBench();
    const item = applyItem(7, configMap('a'));
    bench.item(item);
    bench.statuses.clear();
    bench.tell({ on: 'Outdated', id: item.id, ref: item.ref, seq: 7 });
    expect(bench.statuses.get(item.id)).toMatchObject({ phase: 'Applied', seq: 7 });
    bench.item(withdrawItem(8, item));
    bench.observe(a);
    bench.tell({ on: 'FullReading', ids: [] });
    bench.statuses.clear();
    bench.tell({ on: 'Outdated', id: item.id, ref: item.ref, seq: 8 });
    expect(bench.statuses.get(item.id)).toMatchObject({ phase: 'Withdrawn', seq: 8 });
  });

  test('newer work that comes while older is under way is applied right after it', () => {
    const bench = workBench();
    let sent = false;
    bench.intercept = (effect) => {
      if (effect.do === 'apply' && !sent) {
        sent = true;
        bench.tell({ on: 'Item', item: applyItem(2, configMap('a', { a: 'second' })) });
      }
      return undefined;
    };
    bench.item(applyItem(1, configMap('a', { a: 'first' })));
    expect(bench.member.writes).toEqual(['apply a seq 1', 'apply a seq 2']);
  });

  test('is applied in order: namespaces, then configuration, then workloads', () => {
    const bench = workBench({ asleep: true });
    for (const object of [deployment('web', 1), configMap('a'), namespace('shop')]) bench.item(applyItem(1, object));
    bench.tell({ on: 'Served', apis: modelApis, stale: [] });
    bench.tell({ on: 'Loaded', items: [] });
    expect(bench.member.writes).toEqual(['apply shop seq 1', 'apply a seq 1', 'apply web seq 1']);
  });

  test('a failing object does not hold up the others', () => {
    const bench = workBench();
    bench.intercept = (effect) =>
      effect.do === 'apply' && effect.address.name === 'bad'
        ? { on: 'Applied', id: effect.id, op: effect.op, failure: refusal(422, 'Invalid', 'data: wrong') }
        : undefined;
    bench.item(applyItem(1, configMap('bad')));
    bench.item(applyItem(1, deployment('web', 1)));
    expect(bench.statuses.get('ConfigMap-shop-bad')).toMatchObject({ phase: 'Failed', reason: 'Invalid', message: 'data: wrong' });
    expect(bench.statuses.get('Deployment-shop-web')?.phase).toBe('Applied');
  });

  test('a missing namespace is made, and is not deleted with the object', () => {
    const bench = workBench();
    const item = applyItem(1, configMap('a', {}, 'new'));
    bench.item(item);
    expect(bench.effects).toContainEqual(expect.objectContaining({ do: 'createNamespace', namespace: 'new' }));
    expect(bench.statuses.get(item.id)?.phase).toBe('Applied');
    bench.item(withdrawItem(2, item));
    expect(bench.member.writes.at(-1)).toBe('delete a');
  });

  test('a kind that is not served is told, looked for, and applied once it is served', () => {
    const bench = workBench();
    const item = applyItem(1, { apiVersion: 'x.example/v1', kind: 'Widget', metadata: { name: 'w', namespace: 'shop' } });
    bench.item(item);
    expect(bench.statuses.get(item.id)).toMatchObject({ phase: 'Failed', reason: 'KindNotServed' });
    expect(bench.effects).toContainEqual({ do: 'discover' });
    const widget = { groupVersion: 'x.example/v1', kind: 'Widget', resource: 'widgets', namespaced: true };
    bench.tell({ on: 'Served', apis: [...modelApis, widget], stale: [] });
    expect(bench.statuses.get(item.id)?.phase).toBe('Applied');
  });

  test("never goes into the agent's own namespace", () => {
    const bench = workBench();
    bench.item(applyItem(1, configMap('a', {}, SYSTEM_NAMESPACE)));
    expect(bench.statuses.get(`ConfigMap-${SYSTEM_NAMESPACE}-a`)).toMatchObject({ phase: 'Failed', reason: 'Protected' });
    expect(bench.member.writes).toEqual([]);
  });

  test("fields yielded to the member's controllers are not applied", () => {
    const bench = workBench();
    bench.item(applyItem(1, deployment('web', 3), { yieldFields: ['spec.replicas'] }));
    expect(bench.member.objects.get('apps/deployments/shop/web')?.spec).not.toHaveProperty('replicas');
  });
});

describe('a silent API', () => {
  test('pauses all work, tries one call at a time, and goes on when it answers', () => {
    const bench = workBench();
    let calls = 0;
    bench.intercept = (effect) => {
      calls += 1;
      const failure = refusal(0, 'Timeout', 'no answer');
      return { on: effect.do === 'record' ? 'Recorded' : 'Read', id: effect.id, op: effect.op, failure };
    };
    for (let index = 0; index < 50; index++) bench.item(applyItem(1, configMap(`c${index}`)));
    bench.pass(60_000);
    expect(calls).toBeLessThan(40);
    bench.intercept = () => undefined;
    bench.pass(600_000);
    expect([...bench.statuses.values()].filter(({ phase }) => phase === 'Applied')).toHaveLength(50);
  });

  test.each([3_600_000, -3_600_000])('is tried again after its wait, whoever sets the clock by %d ms meanwhile', (byMs) => {
    const bench = workBench();
    bench.intercept = (effect) =>
      effect.do === 'apply' ? { on: 'Applied', id: effect.id, op: effect.op, failure: refusal(409, 'Conflict', 'changed') } : undefined;
    bench.item(applyItem(1, configMap('a')));
    bench.intercept = () => undefined;
    bench.clockSetMs = byMs;
    bench.tell({ on: 'Tick' });
    expect(bench.member.objects.has(a)).toBe(false);
    bench.nowMs += 600_000;
    bench.tell({ on: 'Tick' });
    expect(bench.member.objects.has(a)).toBe(true);
  });

  test('without the right to keep records work is applied all the same', () => {
    const bench = workBench();
    bench.intercept = (effect) =>
      effect.do === 'record'
        ? { on: 'Recorded', id: effect.id, op: effect.op, failure: refusal(403, 'Forbidden', 'no secrets') }
        : undefined;
    bench.item(applyItem(1, configMap('a')));
    expect(bench.statuses.get('ConfigMap-shop-a')?.phase).toBe('Applied');
    expect(bench.effects).toContainEqual(expect.objectContaining({ do: 'log', level: 'warn' }));
  });
});

describe('status', () => {
  test('the first change travels at once, a storm of changes a few times a second', () => {
    const bench = workBench();
    bench.item(applyItem(1, deployment('web', 3)));
    const target = 'apps/deployments/shop/web';
    bench.published.length = 0;
    bench.pass(1_000);
    for (let ready = 0; ready < 100; ready++) {
      const object = bench.member.objects.get(target) ?? never();
      bench.member.objects.set(target, {
        ...object,
        metadata: { ...object.metadata, resourceVersion: String(1_000 + ready) },
        status: { readyReplicas: ready },
      });
      bench.observe(target);
      bench.pass(10);
    }
    bench.pass(1_000);
    expect(bench.published.length).toBeGreaterThan(3);
    expect(bench.published.length).toBeLessThan(9);
    expect(bench.statuses.get('Deployment-shop-web')?.status).toEqual({ readyReplicas: 99 });
  });

  test('the hub gets every status again when it wants', () => {
    const bench = workBench();
    bench.item(applyItem(1, configMap('a')));
    bench.published.length = 0;
    bench.tell({ on: 'Wanted' });
    expect(bench.published.map(({ id }) => id)).toEqual(['ConfigMap-shop-a']);
  });

  test('what is here and not at the hub, as a full reading shows, the hub is told once more', () => {
    const bench = workBench();
    bench.item(applyItem(1, configMap('a')));
    bench.item(applyItem(1, configMap('b')));
    bench.published.length = 0;
    bench.tell({ on: 'FullReading', ids: ['ConfigMap-shop-b'] });
    expect(bench.published.map(({ id, phase }) => [id, phase])).toEqual([['ConfigMap-shop-a', 'Applied']]);
  });

  test('an event older than the answer to our own apply is dropped', () => {
    const bench = workBench();
    bench.item(applyItem(1, configMap('a')));
    const before = bench.member.objects.get(a) ?? never();
    bench.item(applyItem(2, configMap('a', { a: '2' })));
    const writes = bench.member.writes.length;
    bench.member.objects.set(a, before);
    bench.observe(a);
    expect(bench.member.writes.length).toBe(writes);
  });
});
