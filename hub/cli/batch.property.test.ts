/**
 * @module What the batch readers do with anything at all: every case is answered in its place, by a result or by an error that says where; the
 * answer is JSON; counts add up.
 */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { batchResults } from './fit.ts';
import { parseExactJson } from './fit-input.ts';
import { planBatch } from './plan.ts';
import { type BatchCase, batchCase, randomFleet } from './plan-testing-cases.ts';

// Hundreds of cases on a machine that may be busy with other tests.
vi.setConfig({ testTimeout: 120_000 });

const file = new URL('../../test/fixtures/fit/cases.json', import.meta.url);
const { cases: fitCases } = JSON.parse(readFileSync(file, 'utf8')) as { cases: readonly { objects: unknown[]; pod: unknown }[] };

/** What stands where something else belongs. */
const junk = fc.oneof(
  fc.constantFrom<unknown>(null, 0, -1, 1.5, 1e30, '', 'x', '-1', '12x', 'NaN', '1e30', '1 Gi', 'constructor', '__proto__', true),
  fc.constantFrom<unknown>([], {}, [null], [[]], { a: null }, { cpu: '-1' }, { cpu: null }, { matchExpressions: [null] }, '9'.repeat(400)),
  fc.jsonValue({ maxDepth: 2 }),
);

type Place = { readonly at: Record<string, unknown>; readonly key: string };

const placesIn = (value: unknown): Place[] =>
  typeof value === 'object' && value !== null
    ? Object.keys(value).flatMap((key) => [
        { at: value as Record<string, unknown>, key },
        ...placesIn((value as Record<string, unknown>)[key]),
      ])
    : [];

/** A copy with some of its parts replaced, or left out. */
const spoilt = <T>(value: T, changes: readonly { readonly where: number; readonly what: unknown; readonly isGone: boolean }[]): T => {
  const copy = structuredClone(value);
  for (const { where, what, isGone } of changes) {
    const places = placesIn(copy);
    const place = places[where % Math.max(1, places.length)];
    if (place === undefined) continue;
    if (isGone && !Array.isArray(place.at)) delete place.at[place.key];
    else place.at[place.key] = what;
  }
  return copy;
};

const changes = fc.array(fc.record({ where: fc.nat(), what: junk, isGone: fc.boolean() }), { minLength: 1, maxLength: 3 });

/** JSON as the command prints it, read again; bigints are written as digits. */
const printed = (results: readonly object[]): Record<string, unknown>[] =>
  JSON.parse(JSON.stringify(results, (_, item: unknown) => (typeof item === 'bigint' ? String(item) : item))) as Record<string, unknown>[];

/** An error names a field or an object, and is no word of the machine. */
const isClear = (error: unknown): boolean =>
  typeof error === 'string' && /[.:[]/.test(error) && !/undefined|is not a function|is not iterable|Cannot read|BigInt/.test(error);

test('fit: a spoilt case is counted, or refused with where it is spoilt', () => {
  const counted = { errors: 0, totals: 0 };
  fc.assert(
    fc.property(fc.constantFrom(...fitCases), changes, ({ objects, pod }, what) => {
      const [result = {}] = printed(batchResults({ cases: [spoilt({ name: 'one', objects, pod }, what)] }).results);
      if (result.error !== undefined) {
        counted.errors += 1;
        expect(isClear(result.error), String(result.error)).toBe(true);
        return;
      }
      counted.totals += 1;
      const nodes = result.nodes as { count: string }[];
      expect(nodes.reduce((sum, { count }) => sum + BigInt(count), 0n)).toBe(BigInt(result.total as string));
    }),
    { numRuns: 1_500 },
  );
  expect(Math.min(counted.errors, counted.totals)).toBeGreaterThan(100);
});

test('plan: a spoilt case is planned, or refused with where it is spoilt', () => {
  const counted = { errors: 0, plans: 0 };
  const fleet = fc.integer({ min: 1, max: 100_000 }).map((seed): BatchCase => batchCase('one', randomFleet(seed)));
  fc.assert(
    fc.property(fleet, changes, (one, what) => {
      const [result = {}] = printed(planBatch({ cases: [spoilt(one, what)] }, 0).results);
      if (result.error !== undefined) {
        counted.errors += 1;
        expect(isClear(result.error), String(result.error)).toBe(true);
        return;
      }
      counted.plans += 1;
      for (const { clusters, unplaced } of result.placements as { clusters: { replicas: number }[]; unplaced: number }[]) {
        expect([...clusters.map(({ replicas }) => replicas), unplaced].every((count) => Number.isSafeInteger(count) && count >= 0)).toBe(
          true,
        );
      }
    }),
    { numRuns: 600 },
  );
  expect(Math.min(counted.errors, counted.plans)).toBeGreaterThan(50);
});

test('anything at all in place of a case is answered in its place', () => {
  fc.assert(
    fc.property(fc.array(fc.jsonValue({ maxDepth: 4 }), { maxLength: 4 }), (cases) => {
      for (const { results } of [batchResults({ cases }), planBatch({ cases }, 0)]) {
        expect(printed(results)).toHaveLength(cases.length);
        for (const { error } of printed(results)) if (error !== undefined) expect(isClear(error), String(error)).toBe(true);
      }
    }),
    { numRuns: 500 },
  );
});

test('any text is read as JSON or refused as such', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
      try {
        parseExactJson(text);
      } catch (error) {
        expect(error).toBeInstanceOf(SyntaxError);
      }
    }),
    { numRuns: 500 },
  );
});

test('plan: a case without clusters or objects says which is missing', () => {
  const { results } = planBatch(
    {
      cases: [
        { name: 'a', objects: [] },
        { name: 'b', clusters: {} },
      ],
    },
    0,
  );
  expect(results).toMatchObject([
    { name: 'a', error: expect.stringContaining('cases[0].clusters: ') },
    { name: 'b', error: expect.stringContaining('cases[1].objects: ') },
  ]);
});
