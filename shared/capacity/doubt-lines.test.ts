/** @module Rules of the lines that tell doubts: few of them, however many nodes there are. */
import { expect, test } from 'vitest';
import { doubtLines } from './doubt-lines.ts';

const of = (count: number, doubt: (at: number) => string): string[] => Array.from({ length: count }, (_, at) => doubt(at));

test.each<[string, string[], string[]]>([
  ['one node by its name', ['Node n: x: y'], ['Node n: x: y']],
  ['many nodes by some names and their number', of(2_000, (at) => `Node n${at}: x`), ['Node n0, n1, n2, n3, n4 and 1995 more: x']],
  ['kinds apart', ['Node a: x', 'NodeResourceTopology a: x', 'Node b: x'], ['Node a, b: x', 'NodeResourceTopology a: x']],
  ['wordings apart, in order', ['Node a: y', 'Node a: x', 'Node b: y'], ['Node a, b: y', 'Node a: x']],
  ['what is of no node as it is', ['no Node is in the dump'], ['no Node is in the dump']],
])('doubts tell %s', (_, doubts, lines) => {
  expect(doubtLines(doubts)).toEqual(lines);
});

test('doubts that all differ are told up to a limit, and the rest is counted', () => {
  const lines = doubtLines(of(2_000, (at) => `Node n${at}: its zones have ${at}`));
  expect([lines.length, lines.at(-1)]).toEqual([65, '1936 doubts more']);
});
