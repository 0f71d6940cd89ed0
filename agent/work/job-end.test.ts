/** @module A Job that is over and gone in the member is not run once more, whoever restarts; told on a model cluster. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type TestServer, testServer } from '../../shared/kube/server/testing/test-server.ts';
import type { StatusItem } from '../../shared/wire/index.ts';
import { applyItem, withdrawItem } from '../testing/items.ts';
import { refusal } from '../testing/model-member.ts';
import { never } from '../testing/never.ts';
import { workBench } from '../testing/work-bench.ts';
import { createRecords } from './records.ts';

const target = 'batch/jobs/shop/sum';
const item = applyItem(1, { apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'sum', namespace: 'shop' }, spec: {} });

describe('a Job that is gone', () => {
  const goneWith = (conditions: readonly object[]) => {
    const bench = workBench();
    bench.item(item);
    bench.member.meddle(target, (object) => {
      object.status = { succeeded: 1, conditions };
    });
    bench.observe(target);
    bench.member.objects.delete(target);
    bench.member.managers.delete(target);
    bench.observe(target);
    bench.pass(60_000);
    return bench;
  };

  test.each(['Complete', 'Failed'])('after it was seen %s is not made again, and its end stays told', (type) => {
    const bench = goneWith([{ type, status: 'True' }]);
    bench.tell({ on: 'Vanished', target, asOf: '99999' });
    expect(bench.member.objects.has(target)).toBe(false);
    bench.tell({ on: 'Wanted' });
    expect(bench.statuses.get(item.id)).toMatchObject({ phase: 'Applied', seq: 1, status: { succeeded: 1, conditions: [{ type }] } });
  });

  test.each([[[]], [[{ type: 'Complete', status: 'False' }]]])('before it was over is made again (%j)', (conditions) => {
    expect(goneWith(conditions).member.objects.has(target)).toBe(true);
  });

  test('after it was over is not made again by an apply that was under way', () => {
    const bench = workBench();
    bench.item(item);
    const change = (labels: Record<string, string>): void => {
      bench.member.meddle(target, (object) => {
        object.metadata.labels = labels;
        object.status = { conditions: [{ type: 'Complete', status: 'True' }] };
      });
    };
    change({});
    bench.observe(target);
    change({ mine: 'no' });
    bench.intercept = (effect) => {
      if (effect.do === 'apply') bench.member.objects.delete(target);
      return undefined;
    };
    bench.observe(target);
    bench.observe(target);
    bench.pass(60_000);
    expect(bench.effects.at(-1)?.do).not.toBe('apply');
    expect(bench.member.objects.has(target)).toBe(false);
    expect(bench.state.entries.get(item.id)?.stage).toBe('Settled');
  });

  test('after it was over is made again by newer work, and its withdrawal finds it gone', () => {
    const bench = goneWith([{ type: 'Complete', status: 'True' }]);
    bench.item({ ...item, seq: 2 });
    bench.pass(60_000);
    expect(bench.member.objects.has(target)).toBe(true);
    const other = goneWith([{ type: 'Complete', status: 'True' }]);
    other.item(withdrawItem(2, item));
    expect(other.statuses.get(item.id)?.phase).toBe('Withdrawn');
  });

  test.each(['Complete', 'Failed'])(
    'after it was seen %s is not made again by an agent that starts anew, and its end stays told',
    (type) => {
      const bench = goneWith([{ type, status: 'True' }]);
      bench.statuses.clear();
      bench.restart();
      bench.item(item);
      bench.pass(60_000);
      expect(bench.member.objects.has(target)).toBe(false);
      expect(bench.statuses.get(item.id)).toMatchObject({ phase: 'Applied', seq: 1, status: { succeeded: 1, conditions: [{ type }] } });
    },
  );

  test('before an agent that starts anew has seen its end is made again: nobody knows that it was over', () => {
    const bench = workBench();
    bench.item(item);
    bench.member.objects.delete(target);
    bench.restart();
    expect(bench.member.objects.has(target)).toBe(true);
  });

  test('is made again by newer work, also after another restart', () => {
    const bench = goneWith([{ type: 'Complete', status: 'True' }]);
    bench.restart();
    bench.item({ ...item, seq: 2 });
    expect(bench.member.objects.has(target)).toBe(true);
    bench.member.objects.delete(target);
    bench.restart();
    expect(bench.member.objects.has(target)).toBe(true);
  });

  test('costs one record when it ends, and no apply; one that cannot be kept is tried again, and the record of its work stays', () => {
    const bench = workBench();
    bench.item(item);
    bench.effects.length = 0;
    bench.intercept = (effect) => {
      bench.intercept = () => undefined;
      return effect.do === 'record' ? { on: 'Recorded', id: effect.id, op: effect.op, failure: refusal(0, 'Unreachable') } : undefined;
    };
    const object = bench.member.objects.get(target) ?? never();
    bench.member.objects.set(target, { ...object, status: { conditions: [{ type: 'Complete', status: 'True' }] } });
    bench.observe(target);
    bench.pass(60_000);
    const calls = bench.effects.flatMap((effect) => ('op' in effect ? [effect.do] : []));
    expect(calls).toEqual(['record', 'record']);
    expect([bench.member.records.has(item.id), bench.member.ends.get(item.id)?.seq]).toEqual([true, 1]);
  });
});

describe('the end of a Job', () => {
  let server: TestServer;
  beforeEach(async () => {
    server = await testServer();
  });
  afterEach(() => server.close());

  test('is kept in the member beside its work, and no longer than that', async () => {
    const records = createRecords(server.api.client, 'eu');
    const end: StatusItem = {
      v: 1,
      cluster: 'eu',
      id: item.id,
      seq: 1,
      ref: item.ref,
      phase: 'Applied',
      generation: 1,
      status: { succeeded: 1, conditions: [{ type: 'Complete', status: 'True' }] },
      observedAtMs: 1,
    };
    await records.keep(item, end);
    expect(await records.load()).toMatchObject({ items: [item], ends: [end], broken: [] });
    await records.keep({ ...item, seq: 2 });
    expect(await records.load()).toMatchObject({ items: [{ seq: 2 }], ends: [] });
  });
});
