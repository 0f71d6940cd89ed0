/** @module What loss tables say: who takes over, what is shed, and what no table may ever say. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { weightMax } from '../wire/traffic.ts';
import { type LossPlan, lossTables, type ServedService } from './loss-table.ts';

const service = (name: string, clusters: Record<string, [load: number, capacity: number]>, shedPriority = 0): ServedService => ({
  name,
  shedPriority,
  clusters: Object.entries(clusters).map(([cluster, [load, capacity]]) => ({ cluster, load, capacity })),
});
const plan = (services: readonly ServedService[], more: Partial<LossPlan> = {}): LossPlan => ({
  epoch: 1,
  services,
  clusterCapacity: new Map(),
  survivorsMin: 1,
  pairs: [],
  ...more,
});
/** What one service is like after a loss, as text. */
const told = (made: LossPlan, lost: string, name: string): string => {
  const table = lossTables(made).find((one) => one.lost.join('+') === lost);
  const found = table?.services.find((one) => one.name === name);
  const weights = found?.weights.map(({ cluster, weight }) => `${cluster} ${weight}`).join(', ');
  return `${weights}; shed ${found?.shed}${found?.stays ? '; stays' : ''}${table?.refusal === undefined ? '' : `; ${table.refusal}`}`;
};

const web = service('shop/web', { a: [100, 200], b: [100, 200], c: [50, 150] });

describe('after a loss', () => {
  it('the survivors take the load by what room they have', () => {
    expect(told(plan([web]), 'c', 'shop/web')).toBe('a 1000000, b 1000000, c 0; shed 0');
    expect(told(plan([web]), 'a', 'shop/web')).toBe('a 0, b 1000000, c 748251; shed 0');
  });

  it('what does not fit is told', () => {
    expect(told(plan([service('s/x', { a: [90, 100], b: [90, 100] })]), 'a', 's/x')).toBe('a 0, b 1000000; shed 80');
  });

  it('a service that only the lost cluster served stays as it was', () => {
    expect(told(plan([web, service('s/solo', { a: [10, 10] })]), 'a', 's/solo')).toBe('a 1000000; shed 10; stays');
  });

  it('a cluster without ready endpoints gets nothing', () => {
    expect(told(plan([service('s/x', { a: [10, 20], b: [10, 20], c: [0, 0] })]), 'a', 's/x')).toBe('a 0, b 1000000, c 0; shed 0');
  });

  it('the common room of a cluster goes to those that shed last', () => {
    const low = service('s/low', { a: [40, 100], b: [10, 100] }, 1);
    const high = service('s/high', { a: [40, 100], b: [10, 100] }, 2);
    const made = plan([low, high], { clusterCapacity: new Map([['b', 70]]) });
    expect(told(made, 'a', 's/high')).toBe('a 0, b 1000000; shed 0');
    expect(told(made, 'a', 's/low')).toBe('a 0, b 1000000; shed 30');
  });

  it('pairs are planned for, and a loss that leaves too few is not for agents to act on', () => {
    const made = plan([web], { pairs: [['b', 'a']], survivorsMin: 2 });
    expect(told(made, 'a+b', 'shop/web')).toBe('a 0, b 0, c 1000000; shed 100; 1 clusters would be left and 2 must: an operator decides');
    expect(lossTables(made).map((table) => table.lost.join('+'))).toEqual(['a', 'a+b', 'b', 'c']);
  });
});

it('no table has weights that are all zero, out of range, or above zero for a lost cluster that others replace', () => {
  const clusters = ['a', 'b', 'c', 'd'];
  const amounts = fc.option(fc.tuple(fc.nat({ max: 100 }), fc.nat({ max: 150 })), { nil: undefined });
  const served = fc
    .dictionary(fc.constantFrom(...clusters), amounts)
    .map((drawn) => Object.entries(drawn).flatMap(([cluster, amount]) => (amount === undefined ? [] : [[cluster, amount] as const])))
    .map((entries) =>
      service('drawn', Object.fromEntries(entries.map(([cluster, amount]): [string, [number, number]] => [cluster, amount]))),
    );
  fc.assert(
    fc.property(
      fc.array(served, { maxLength: 4 }),
      fc.array(fc.subarray(clusters, { minLength: 2 }), { maxLength: 3 }),
      (services, pairs) => {
        const named = services.filter((one) => one.clusters.length > 0).map((one, at) => ({ ...one, name: `s/${at}` }));
        for (const table of lossTables(plan(named, { pairs })))
          for (const { name, weights, stays } of table.services) {
            const origin = named.find((one) => one.name === name);
            for (const { cluster, weight } of weights) {
              expect(Number.isInteger(weight) && weight >= 0 && weight <= weightMax).toBe(true);
              if (table.lost.includes(cluster) && !stays) expect(weight).toBe(0);
            }
            if (origin?.clusters.some((one) => one.capacity > 0)) expect(weights.some(({ weight }) => weight > 0)).toBe(true);
          }
      },
    ),
  );
});
