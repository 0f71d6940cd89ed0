/** @module Which faults a text on the command line runs. */
import { expect, test } from 'vitest';
import { choose, everything } from './chosen.ts';

const namesOf = (texts: string): string[] => choose(texts).faults.map(({ name }) => name);

test('a text runs the faults whose name contains it, whatever its case, in the order of the table', () => {
  expect(namesOf('HUB killed,rtt 280')).toEqual(['cluster black-holed, RTT 280 ms', 'hub killed']);
  expect(namesOf(' one-way , half-open')).toEqual([
    'half-open link between two clusters',
    'a cluster hears all and is not heard (one-way black hole)',
  ]);
});

test('the hour of bursts runs when its own word is there, alone too', () => {
  expect(choose('bursts')).toEqual({ faults: [], hasBursts: true });
  expect(choose('link to the broker,Bursts').hasBursts).toBe(true);
  expect(choose('black-holed').hasBursts).toBe(false);
  expect(everything.hasBursts).toBe(true);
});

test('a text that names nothing is refused with the names there are', () => {
  for (const texts of ['quake', 'hub killed,quake', 'hub killed,', ''])
    expect(() => choose(texts)).toThrow(/names no fault\. There are:\n {2}cluster black-holed, RTT 80 ms\n.*\n {2}bursts$/s);
});
