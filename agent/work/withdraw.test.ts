/** @module Rules of work that is withdrawn, told on a model cluster. */
import { describe, expect, test } from 'vitest';
import { applyItem, configMap, deployment, withdrawItem } from '../testing/items.ts';
import { workBench } from '../testing/work-bench.ts';

const a = '/configmaps/shop/a';
const namespace = (name: string) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });

describe('withdrawn work', () => {
  test('is deleted, reported when gone, and forgotten when the hub has read that', () => {
    const bench = workBench();
    const item = applyItem(1, configMap('a'));
    bench.item(item);
    bench.item(withdrawItem(2, item));
    bench.observe(a);
    expect(bench.statuses.get(item.id)).toMatchObject({ phase: 'Withdrawn', seq: 2 });
    expect(bench.member.records.get(item.id)?.op).toBe('withdraw');
    bench.tell({ on: 'FullReading', ids: [] });
    expect(bench.member.records.size).toBe(0);
    expect(bench.state.entries.size).toBe(0);
  });

  test('is answered again when the hub sends the withdrawal again, as it does when it lost the answer', () => {
    const bench = workBench();
    const item = applyItem(1, configMap('a'));
    bench.item(item);
    bench.item(withdrawItem(2, item));
    bench.observe(a);
    const answers = () => bench.effects.filter((effect) => effect.do === 'publish' && effect.status.phase === 'Withdrawn').length;
    expect(answers()).toBe(1);
    bench.item(withdrawItem(2, item));
    expect(answers()).toBe(2);
    expect(bench.member.writes).toEqual(['apply a seq 1', 'delete a']);
  });

  test('a record kept over a restart is forgotten too when the hub has dropped it meanwhile', () => {
    const bench = workBench();
    const item = applyItem(1, configMap('a'));
    bench.item(item);
    bench.item(withdrawItem(2, item));
    bench.observe(a);
    bench.restart();
    bench.tell({ on: 'FullReading', ids: [] });
    bench.pass(600_000);
    expect(bench.member.records.size).toBe(0);
    expect(bench.state.entries.size).toBe(0);
  });

  test('an item missing from a full reading is not deleted', () => {
    const bench = workBench();
    bench.item(applyItem(1, configMap('a')));
    bench.tell({ on: 'FullReading', ids: [] });
    bench.pass(600_000);
    expect(bench.member.objects.has(a)).toBe(true);
  });

  test('what was there before us is released and left as it is, what we made is deleted', () => {
    const bench = workBench();
    bench.member.put(a, configMap('a', { a: 'theirs' }));
    const item = applyItem(1, configMap('a', { a: 'theirs' }), { adopt: 'IfUnowned' });
    bench.item(item);
    bench.item(withdrawItem(2, item));
    expect(bench.statuses.get(item.id)).toMatchObject({ phase: 'Withdrawn', reason: 'Released' });
    expect(bench.member.objects.get(a)).toMatchObject({ data: { a: 'theirs' } });
    bench.item(applyItem(3, configMap('b')));
    bench.item(withdrawItem(4, applyItem(3, configMap('b'))));
    expect(bench.member.writes.slice(-2)).toEqual(['apply b seq 3', 'delete b']);
  });

  test('what every cluster makes for itself is released, even where we made it a moment before the cluster did', () => {
    const bench = workBench();
    const item = applyItem(1, configMap('kube-root-ca.crt'));
    bench.item(item);
    bench.item(withdrawItem(2, item));
    expect(bench.statuses.get(item.id)).toMatchObject({ phase: 'Withdrawn', reason: 'Released' });
    expect(bench.member.objects.has('/configmaps/shop/kube-root-ca.crt')).toBe(true);
  });

  test('a workload that was there before us goes all the same: it would run twice', () => {
    const bench = workBench();
    const there = 'apps/deployments/shop/web';
    bench.member.put(there, deployment('web', 2));
    const item = applyItem(1, deployment('web', 2), { adopt: 'IfUnowned' });
    bench.item(item);
    expect(bench.statuses.get(item.id)).toMatchObject({ phase: 'Applied' });
    bench.item(withdrawItem(2, item));
    expect(bench.member.writes.at(-1)).toBe('delete web');
  });

  test('a namespace that was there before us is released, not deleted', () => {
    const bench = workBench();
    bench.member.put('/namespaces//shop', namespace('shop'));
    const item = applyItem(1, namespace('shop'), { adopt: 'Always' });
    bench.item(item);
    bench.item(withdrawItem(2, item));
    expect(bench.statuses.get(item.id)).toMatchObject({ phase: 'Withdrawn', reason: 'Released' });
    expect(bench.member.objects.get('/namespaces//shop')?.metadata.annotations).toBeUndefined();
  });

  test('a namespace that we made is deleted', () => {
    const bench = workBench();
    const item = applyItem(1, namespace('shop'));
    bench.item(item);
    bench.item(withdrawItem(2, item));
    expect(bench.member.writes.at(-1)).toBe('delete shop');
  });

  test('an object that waits for finalizers is told after a while', () => {
    const bench = workBench();
    const item = applyItem(1, configMap('a'));
    bench.item(item);
    bench.intercept = (effect) => {
      if (effect.do !== 'delete') return undefined;
      bench.member.meddle(a, (object) => {
        object.metadata.deletionTimestamp = '2026-01-01T00:00:00Z';
        object.metadata.finalizers = ['example.com/hold'];
      });
      return { on: 'Deleted', id: effect.id, op: effect.op };
    };
    bench.item(withdrawItem(2, item));
    bench.pass(60_000);
    expect(bench.statuses.get(item.id)).toMatchObject({ phase: 'Failed', reason: 'Terminating' });
    expect(bench.statuses.get(item.id)?.message).toContain('example.com/hold');
    bench.member.objects.delete(a);
    bench.observe(a);
    expect(bench.statuses.get(item.id)?.phase).toBe('Withdrawn');
  });

  test('and wanted again while the old one lingers is made as soon as that is seen to be gone, which tells nothing of it meanwhile', () => {
    const bench = workBench();
    const target = 'apps/deployments/shop/web';
    const item = applyItem(1, deployment('web', 2));
    bench.item(item);
    bench.intercept = (effect) => {
      if (effect.do !== 'delete') return undefined;
      bench.member.meddle(target, (object) => {
        object.metadata.deletionTimestamp = '2026-01-01T00:00:00Z';
        object.metadata.finalizers = ['example.com/hold'];
        object.status = { readyReplicas: 2 };
      });
      return { on: 'Deleted', id: effect.id, op: effect.op };
    };
    bench.item(withdrawItem(2, item));
    bench.observe(target);
    bench.item({ ...item, seq: 3 });
    bench.pass(240_000);
    bench.observe(target);
    expect(bench.statuses.get(item.id)).toMatchObject({ seq: 3, phase: 'Failed', reason: 'Terminating' });
    expect(bench.statuses.get(item.id)).not.toHaveProperty('status');
    bench.member.objects.delete(target);
    bench.observe(target);
    expect(bench.statuses.get(item.id)).toMatchObject({ seq: 3, phase: 'Applied' });
  });
});
