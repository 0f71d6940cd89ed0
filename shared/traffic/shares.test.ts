/** @module What each cluster gets when others are gone or return: by tables, and by what may never happen. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { trafficSpecFault } from '../wire/traffic.ts';
import { givenUp, type Situation, sharesNow } from './shares.ts';
import { recordOf } from './testing.ts';

const three = recordOf([
  { name: 'a', endpoints: 4 },
  { name: 'b', endpoints: 4 },
  { name: 'c', endpoints: 2 },
]);
/** Shares as text: `a 1000000, b 0`; with the percent of endpoints where it is neither none nor all. */
const told = (gone: readonly string[], percent: Record<string, number> = {}, record = three): string =>
  sharesNow(record.spec, { gone, percent: new Map(Object.entries(percent)) })
    .map(({ cluster, weight, percent: used }) => `${cluster} ${weight}${used === 0 || used === 100 ? '' : ` ${used}%`}`)
    .join(', ');

describe('shares', () => {
  it('are by capacity while nothing is lost', () => {
    expect(told([])).toBe('a 1000000, b 1000000, c 500000');
  });
  it('of a lost cluster go to the others by the table', () => {
    expect(told(['a'])).toBe('a 0, b 1000000, c 500150');
  });
  it('after a loss that no table was made for are worked out on the spot', () => {
    expect(told(['a', 'c'])).toBe('a 0, b 1000000, c 0');
  });
  it('never go below the floor of survivors: who is found dead last stays', () => {
    expect(told(['a', 'b', 'c'])).toBe('a 0, b 0, c 1000000');
    const two = recordOf(
      [
        { name: 'a', endpoints: 4 },
        { name: 'b', endpoints: 4 },
        { name: 'c', endpoints: 4 },
      ],
      { survivorsMin: 2 },
    );
    expect(told(['b', 'a'], {}, two)).toBe('a 1000000, b 0, c 1000000');
  });
  it('of a returning cluster grow by its steps, in weight and in endpoints', () => {
    expect(told([], { c: 0 })).toBe('a 1000000, b 1000000, c 0');
    expect(told([], { c: 10 })).toBe('a 1000000, b 1000000, c 50000 10%');
    expect(told([], { c: 50 })).toBe('a 1000000, b 1000000, c 250000 50%');
  });
  it('of a returning cluster are whole when nobody else is left', () => {
    expect(told(['a', 'b'], { c: 0 })).toBe('a 0, b 0, c 1000000');
  });
  it('of a cluster without endpoints are nothing, and its loss costs nobody a place', () => {
    const idle = recordOf([
      { name: 'a', endpoints: 4 },
      { name: 'b', endpoints: 0 },
    ]);
    expect(told([], {}, idle)).toBe('a 1000000, b 0');
    expect(givenUp(idle.spec, ['b', 'a'])).toEqual(['b']);
  });
  it('of a later tier are nothing until the first has no room', () => {
    const tiers = recordOf([
      { name: 'a', endpoints: 4, load: 4 },
      { name: 'b', endpoints: 4, load: 0, tier: 1 },
      { name: 'c', endpoints: 4, load: 0, tier: 2 },
    ]);
    expect(told([], {}, tiers)).toBe('a 1000000, b 0, c 0');
    expect(told(['a'], {}, tiers)).toBe('a 0, b 1000000, c 0');
    expect(told(['a', 'b'], {}, tiers)).toBe('a 0, b 0, c 1000000');
  });
});

const names = ['a', 'b', 'c', 'd'];
const drawnRecord = fc
  .tuple(
    fc.array(fc.record({ endpoints: fc.nat({ max: 5 }), load: fc.nat({ max: 9 }), tier: fc.nat({ max: 2 }) }), {
      minLength: 1,
      maxLength: 4,
    }),
    fc.integer({ min: 1, max: 3 }),
  )
  .map(([drawn, survivorsMin]) =>
    recordOf(
      drawn.map((one, at) => ({ name: names[at] ?? '', ...one })),
      { survivorsMin },
    ),
  );
const drawnSituation: fc.Arbitrary<Situation> = fc.record({
  gone: fc.shuffledSubarray(names),
  percent: fc.dictionary(fc.constantFrom(...names), fc.constantFrom(0, 10, 25, 50, 100)).map((entries) => new Map(Object.entries(entries))),
});

describe('whatever dies and returns', () => {
  it('weights are never all zero while a cluster has endpoints, and never out of range', () => {
    fc.assert(
      fc.property(drawnRecord, drawnSituation, ({ spec }, situation) => {
        const shares = sharesNow(spec, situation);
        for (const { weight } of shares) expect(Number.isInteger(weight) && weight >= 0 && weight <= 1_000_000).toBe(true);
        if (spec.sources.some(({ capacity }) => capacity > 0)) expect(shares.some(({ weight }) => weight > 0)).toBe(true);
      }),
    );
  });

  it('what gets requests has endpoints in use, and as many clusters can serve as the floor says', () => {
    fc.assert(
      fc.property(drawnRecord, drawnSituation, ({ spec }, { gone, percent }) => {
        for (const { weight, percent: used } of sharesNow(spec, { gone, percent })) expect(weight > 0).toBe(used > 0);
        const able = spec.sources.filter(({ capacity }) => capacity > 0).map(({ name }) => name);
        const left = able.filter((name) => !givenUp(spec, gone).includes(name));
        expect(left.length).toBeGreaterThanOrEqual(Math.min(able.length, spec.survivorsMin));
      }),
    );
  });

  it('a cluster that is given up gets nothing, unless nobody else can serve', () => {
    fc.assert(
      fc.property(drawnRecord, drawnSituation, ({ spec }, situation) => {
        const out = givenUp(spec, situation.gone);
        for (const { cluster, weight } of sharesNow(spec, situation)) if (out.includes(cluster)) expect(weight).toBe(0);
      }),
    );
  });

  it('more of the way back is never less of the weight', () => {
    fc.assert(
      fc.property(drawnRecord, fc.constantFrom(...names), ({ spec }, cluster) => {
        const weights = [10, 25, 50, 100].map(
          (percent) =>
            sharesNow(spec, { gone: [], percent: new Map([[cluster, percent]]) }).find((one) => one.cluster === cluster)?.weight ?? 0,
        );
        expect([...weights].sort((a, b) => a - b)).toEqual(weights);
      }),
    );
  });

  it('records are such as an agent takes', () => {
    fc.assert(
      fc.property(drawnRecord, ({ spec }) => {
        expect(trafficSpecFault(spec)).toBeUndefined();
      }),
    );
  });
});
