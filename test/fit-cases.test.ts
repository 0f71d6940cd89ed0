/** @module The count of a shape on cases thought out by hand from the rules of the scheduler and the kubelet, one rule each. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { fitDump } from '../shared/capacity/index.ts';

/** `exact` is true where it is left out; `errorOrEstimate`: anything but a number that is told as exact. */
type Want = {
  readonly total?: number;
  readonly exact?: boolean;
  readonly bounds?: readonly string[];
  readonly refusals?: Readonly<Record<string, number>>;
  readonly error?: boolean;
  readonly errorOrEstimate?: boolean;
};
type FitCase = { readonly name: string; readonly want: Want; readonly objects: readonly unknown[]; readonly pod: unknown };

const file = new URL('fixtures/fit/cases.json', import.meta.url);
const { cases } = JSON.parse(readFileSync(file, 'utf8')) as { cases: readonly FitCase[] };

test.each(cases.map((one) => [one.name, one] as const))('%s', (_, { want, objects, pod }) => {
  const answer = fitDump(objects, pod);
  if (want.error === true) return expect(answer.ok).toBe(false);
  if (want.errorOrEstimate === true) return expect(answer.ok && answer.value.exact).toBe(false);
  if (!answer.ok) throw new Error(answer.message);
  const { total, exact, nodes, refusals } = answer.value;
  expect({ total: Number(total), exact }).toEqual({ total: want.total, exact: want.exact ?? true });
  expect(nodes.reduce((sum, { count }) => sum + count, 0n)).toBe(total);
  if (want.bounds !== undefined) expect(nodes.map(({ bound }) => bound)).toEqual(want.bounds);
  if (want.refusals !== undefined) expect(refusals).toEqual(want.refusals);
});
