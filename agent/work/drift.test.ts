/** @module Rules of what others change or take away, and of what is not ours, told on a model cluster. */
import { describe, expect, test } from 'vitest';
import { applyItem, configMap, withdrawItem } from '../testing/items.ts';
import { never } from '../testing/never.ts';
import { workBench } from '../testing/work-bench.ts';

const a = '/configmaps/shop/a';

describe('what is not ours', () => {
  const existing = () => {
    const bench = workBench();
    bench.member.put(a, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', namespace: 'shop' }, data: { a: 'theirs' } });
    return bench;
  };
  const cases = [
    ['Never', 'Conflict', 'NotOwned', 'theirs'],
    ['IfUnowned', 'Conflict', 'FieldManagerConflict', 'theirs'],
    ['Always', 'Applied', undefined, '1'],
  ] as const;
  test.each(cases)('adopt: %s → %s %s', (adopt, phase, reason, value) => {
    const bench = existing();
    bench.item(applyItem(1, configMap('a'), { adopt }));
    expect(bench.statuses.get('ConfigMap-shop-a')).toMatchObject({ phase, ...(reason === undefined ? {} : { reason }) });
    expect(bench.member.objects.get(a)?.data).toEqual({ a: value });
  });

  test('is adopted without force when nothing differs', () => {
    const bench = existing();
    bench.item(applyItem(1, configMap('a', { a: 'theirs' }), { adopt: 'IfUnowned' }));
    expect(bench.statuses.get('ConfigMap-shop-a')?.phase).toBe('Applied');
  });

  test('is left in place when its work is withdrawn', () => {
    const bench = existing();
    const item = applyItem(1, configMap('a'));
    bench.item(item);
    bench.item(withdrawItem(2, item));
    expect(bench.statuses.get(item.id)).toMatchObject({ phase: 'Withdrawn', reason: 'NotOwned' });
    expect(bench.member.objects.has(a)).toBe(true);
  });

  test('is looked at again, and applied once it is out of the way', () => {
    const bench = existing();
    bench.item(applyItem(1, configMap('a')));
    bench.member.objects.delete(a);
    bench.member.managers.delete(a);
    bench.pass(60_000);
    expect(bench.statuses.get('ConfigMap-shop-a')?.phase).toBe('Applied');
  });
});

describe('drift', () => {
  const drifting = () => {
    const bench = workBench();
    bench.item(applyItem(1, configMap('a')));
    const meddle = (value: string): void => {
      bench.member.meddle(a, (object) => {
        object.data = { a: value };
      });
      bench.observe(a);
    };
    return { bench, meddle, data: () => bench.member.objects.get(a)?.data };
  };

  test('is set back at once', () => {
    const { meddle, data } = drifting();
    meddle('changed');
    expect(data()).toEqual({ a: '1' });
  });

  test('a deleted object is made again', () => {
    const { bench } = drifting();
    bench.member.objects.delete(a);
    bench.member.managers.delete(a);
    bench.observe(a);
    expect(bench.member.objects.has(a)).toBe(true);
  });

  test('in a fight it is set back ever more slowly, and who fights is told', () => {
    const { bench, meddle } = drifting();
    const before = bench.member.writes.length;
    for (let second = 0; second < 600; second++) {
      meddle(`v${second}`);
      bench.pass(1_000);
    }
    expect(bench.member.writes.length - before).toBeLessThan(25);
    expect(bench.statuses.get('ConfigMap-shop-a')).toMatchObject({ phase: 'Applied', reason: 'DriftFight' });
    expect(bench.statuses.get('ConfigMap-shop-a')?.message).toContain('.data by kubectl-edit');
  });

  test('a change that touches nothing of ours is no fight', () => {
    const { bench } = drifting();
    bench.intercept = (effect) => {
      const object = bench.member.objects.get(a);
      if (effect.do !== 'apply' || object === undefined) return undefined;
      // Server-side apply of what is there already changes nothing.
      return { on: 'Applied', id: effect.id, op: effect.op, live: bench.state.entries.get(effect.id)?.live ?? never() };
    };
    for (let round = 0; round < 20; round++) {
      bench.member.meddle(a, (object) => {
        object.metadata.annotations = { ...object.metadata.annotations, other: String(round) };
      });
      bench.observe(a);
      bench.pass(120_000);
    }
    expect(bench.statuses.get('ConfigMap-shop-a')?.reason).toBeUndefined();
  });
});
