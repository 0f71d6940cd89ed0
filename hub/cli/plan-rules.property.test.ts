/**
 * @module Offline plans of random fleets, as `hanse plan --offline --batch` makes them, held to rules that are checked from plain numbers by code of
 * their own. A red run names its seed: `HANSE_PLAN_SEEDS=FROM-TO npm test -- hub/cli/plan-rules` runs others.
 */
import { expect, test } from 'vitest';
import { planBatch } from './plan.ts';
import { batchCase, type Fleet, randomFleet } from './plan-testing-cases.ts';
import { faultsIn, type ToldCase } from './plan-testing-rules.ts';
import { stepFaults } from './plan-testing-steps.ts';

const [from = 1, to = 250] = (process.env.HANSE_PLAN_SEEDS ?? '').split('-').filter(Boolean).map(Number);

/** What the command prints, read again. */
const plan = (fleet: Fleet): ToldCase => {
  const [result] = JSON.parse(JSON.stringify(planBatch({ cases: [batchCase('one', fleet)] }, 0).results)) as [ToldCase];
  return result;
};

test(`of fleets ${from} to ${to} every plan keeps the rules`, { timeout: 3_600_000 }, () => {
  const faults: Record<string, readonly string[]> = {};
  for (let seed = from; seed <= to; seed++) {
    const fleet = randomFleet(seed);
    const told = plan(fleet);
    const found = [...faultsIn(fleet, told), ...stepFaults(fleet, told, plan)];
    if (found.length > 0) faults[seed] = found;
  }
  expect(faults).toEqual({});
});
