/** @module When it is told that a majority is for a verdict and something forbids it. */
import { expect, test } from 'vitest';
import { counting } from './testing/counting.ts';

test('that more are for it, or fewer, is no news', () => {
  const { pass, told } = counting(false);
  for (let at = 0; at < 5; at++) {
    pass('a:Cluster c:Cluster', 5_000);
    pass('a:Cluster b:Cluster c:Cluster', 5_000);
  }
  expect(told().map(({ obstacle, agreed }) => [obstacle, agreed?.cause])).toEqual([['Manual', 'Cluster']]);
});

test('what holds a death back until another domain votes too is not told, and what lasts is told with its end', () => {
  const short = counting(true);
  short.pass('a:Cluster b:Cluster', 2_000);
  short.pass('a:Cluster b:Cluster c:Cluster', 10_000);
  expect([short.told(), short.verdicts()]).toEqual([[], ['Cluster Standing']]);
  const long = counting(true);
  for (let at = 0; at < 5; at++) {
    long.pass('a:Cluster b:Cluster', 2_000);
    long.pass('a:Cluster', 2_000);
  }
  expect(long.told()).toEqual([]);
  long.pass('a:Cluster b:Cluster', 5_000);
  long.pass('a:Cluster', 5_000);
  expect(long.told().map(({ obstacle }) => obstacle)).toEqual(['OneDomain', undefined]);
});

test('a gap in what holds a death back is no end of it', () => {
  const { pass, told } = counting(true);
  for (let at = 0; at < 5; at++) {
    pass('a:Cluster b:Cluster', 10_000);
    pass('a:Cluster', 2_000);
  }
  expect(told().map(({ obstacle }) => obstacle)).toEqual(['OneDomain']);
});

test('a death in force is not told as held, though the only voter of another domain is gone, or all is left to a person', () => {
  const { pass, told, verdicts, setAutomatic } = counting(true);
  pass('a:Cluster b:Cluster c:Cluster', 5_000);
  pass('a:Cluster b:Cluster', 20_000, 'c');
  setAutomatic(false);
  pass('a:Cluster b:Cluster c:Cluster', 20_000);
  expect([told(), verdicts()]).toEqual([[], ['Cluster Standing']]);
});

test('a death is agreed on since the first votes for it, not since those against its gateway', () => {
  const { pass, told } = counting(false);
  pass('a:DataPlane b:DataPlane c:DataPlane', 10_000);
  pass('a:Cluster b:Cluster c:Cluster', 10_000);
  pass('a:Cluster c:Cluster', 10_000);
  expect(told().map(({ agreed }) => [agreed?.cause, agreed?.sinceMs])).toEqual([
    ['DataPlane', 0],
    ['Cluster', 10_000],
  ]);
});
