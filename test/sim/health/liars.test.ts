/** @module What one member that lies cannot do to the others: keep them from a verdict, or make one of its own. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { DetectorEffect } from '../../../shared/health/index.ts';
import { hubName } from '../../../shared/wire/mesh.ts';
import { createFleet, type Fleet } from './fleet.ts';

const [dead, liar] = ['c0', 'c3'];
const usual = { rttMs: 80, jitterMs: 5, lossShare: 0, burstMs: 2_850, hasDirect: true, hasHub: true, hasGateways: true, policy: {} };

/** From now on each message of a member shows a number of decisions that is `step` above that of the one before. */
const lieOfEpochs = (fleet: Fleet, name: string, step: number): void => {
  let told = 0;
  fleet.node(name).lie = (effect: DetectorEffect) => {
    if (effect.type !== 'send' || !('epoch' in effect.message)) return [effect];
    told = Math.min(Number.MAX_SAFE_INTEGER, told + step);
    return [{ ...effect, message: { ...effect.message, epoch: told } }];
  };
};
const restart = (fleet: Fleet, name: string, forgets: boolean): void => {
  fleet.stopAgent(name);
  fleet.run(fleet.nowMs() + 1_000);
  fleet.startAgent(name, forgets);
  fleet.run(fleet.nowMs() + 4_000);
};

const starts = fc.array(fc.record({ name: fc.constantFrom(dead, 'c1', 'c2', liar, hubName), forgets: fc.boolean() }), { maxLength: 5 });
const steps = fc.constantFrom(1, 9_000, 10 ** 9, Number.MAX_SAFE_INTEGER);

test('whatever number of decisions one member tells, and whoever is started anew meanwhile, all others agree on a death and count it as their own', () => {
  fc.assert(
    fc.property(fc.nat(1_000), steps, starts, (seed, step, restarts) => {
      const fleet = createFleet({ ...usual, seed, clusters: 4 });
      fleet.run(5_000);
      lieOfEpochs(fleet, liar, step);
      fleet.run(15_000);
      for (const { name, forgets } of restarts) restart(fleet, name, forgets || name === hubName);
      fleet.run(fleet.nowMs() + 10_000);
      fleet.stopAgent(dead);
      fleet.node(dead).gateway = 'gone';
      fleet.run(fleet.nowMs() + 6_000);
      const standing = ['c1', 'c2', hubName].map((name) => [name, fleet.node(name).state.subjects.get(dead)?.standing?.cause]);
      expect(standing).toEqual(['c1', 'c2', hubName].map((name) => [name, 'Cluster']));
      for (const name of ['c1', 'c2', hubName]) expect(fleet.node(name).state.epoch).toBe(1);
    }),
    { numRuns: 20 },
  );
});

test('who is started anew without its memory learns from the others how many decisions there were', () => {
  const fleet = createFleet({ ...usual, seed: 7, clusters: 5 });
  fleet.run(15_000);
  for (const death of [1, 2, 3]) {
    fleet.stopAgent(dead);
    fleet.node(dead).gateway = 'gone';
    fleet.run(fleet.nowMs() + 6_000);
    expect(fleet.node('c1').state.epoch).toBe(death);
    fleet.node(dead).gateway = 'well';
    fleet.startAgent(dead);
    fleet.run(fleet.nowMs() + 90_000);
  }
  restart(fleet, 'c2', true);
  expect(fleet.node('c2').state.epoch).toBe(3);
});
