/** @module The pod table is what a plain map would be, only small. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createPodTable, type PodFacts, shapeKey } from './pod-table.ts';

const facts = fc.record({
  node: fc.constantFrom('', 'n1', 'n2'),
  shape: fc.constantFrom([['cpu', 100]] as const, [['cpu', 200]] as const, [] as const),
  controller: fc.constantFrom(undefined, { uid: 'u', group: 'apps', kind: 'ReplicaSet', namespace: 'shop', name: 'web' }),
  terminating: fc.boolean(),
  ready: fc.boolean(),
  createdSeconds: fc.nat(1_000),
  extra: fc.constantFrom(undefined, { kind: undefined, gpus: { asked: 1, uses: [{ id: 'g', memoryMiB: 1, cores: 1 }] }, namespace: 'a' }),
});
const command = fc.oneof(
  fc.record({ do: fc.constant('put' as const), key: fc.nat(300), facts }),
  fc.record({ do: fc.constant('remove' as const), key: fc.nat(300) }),
  fc.record({ do: fc.constant('reading' as const), keys: fc.uniqueArray(fc.nat(300)), facts }),
);

const text = (row: PodFacts): string =>
  `${row.node}|${shapeKey(row.shape)}|${row.controller?.uid ?? ''}|${row.terminating}|${row.ready}|${row.createdSeconds}|${row.extra?.gpus?.asked}`;

test('any order of puts, removals and full readings leaves what a map holds', () => {
  fc.assert(
    fc.property(fc.array(command, { maxLength: 200 }), (commands) => {
      const table = createPodTable();
      const model = new Map<string, PodFacts>();
      for (const step of commands) {
        if (step.do === 'put') {
          const known = model.get(`k${step.key}`);
          const changed = table.put(`k${step.key}`, step.facts);
          if (known !== undefined && text({ ...known, createdSeconds: 0 }) === text({ ...step.facts, createdSeconds: 0 }))
            expect(changed).toBe(false);
          model.set(`k${step.key}`, step.facts);
        } else if (step.do === 'remove') expect(table.remove(`k${step.key}`)).toBe(model.delete(`k${step.key}`));
        else {
          table.begin();
          model.clear();
          for (const key of step.keys) {
            table.put(`k${key}`, step.facts);
            model.set(`k${key}`, step.facts);
          }
          table.finish();
        }
      }
      const rows: string[] = [];
      table.forEach((row) => {
        rows.push(text(row));
      });
      expect(rows.sort()).toEqual([...model.values()].map(text).sort());
      expect(table.size()).toBe(model.size);
    }),
  );
});

test('pods beyond the limit are left out, and that is known', () => {
  const table = createPodTable(1);
  const one: PodFacts = {
    node: '',
    shape: [],
    controller: undefined,
    terminating: false,
    ready: false,
    extra: undefined,
    createdSeconds: 0,
  };
  table.put('a', one);
  expect(table.overflowed()).toBe(false);
  table.put('b', one);
  expect([table.overflowed(), table.size()]).toEqual([true, 1]);
  expect(table.put('a', { ...one, node: 'n1' })).toBe(true);
});
