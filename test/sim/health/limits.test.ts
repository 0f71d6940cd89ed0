/** @module What keeps voters from finding a death that the limits allow: nothing that others have not agreed on, nor that they have. */
import { expect, test } from 'vitest';
import { createFleet, type Fleet, type FleetOptions } from './fleet.ts';

const warm = (options: Partial<FleetOptions> = {}): Fleet => {
  const usual = { rttMs: 80, jitterMs: 5, lossShare: 0, burstMs: 2_850, clusters: 5, hasDirect: true, hasHub: true, hasGateways: true };
  const fleet = createFleet({ seed: 7, ...usual, policy: {}, ...options });
  fleet.run(15_000);
  return fleet;
};
const kill = (fleet: Fleet, name: string, forMs: number): void => {
  fleet.stopAgent(name);
  fleet.node(name).gateway = 'gone';
  fleet.run(fleet.nowMs() + forMs);
};
const standing = (fleet: Fleet, by: string, target: string): string | undefined =>
  fleet.node(by).state.subjects.get(target)?.standing?.cause;

test('observers that alone do not reach each other have a vote for a real death, and for no second one', () => {
  const fleet = warm({ clusters: 4, policy: { clustersPercentMax: 30 } });
  // What is cut between two the broker still carries: they hear each other, and each misses the other's gateway.
  for (const [from, to] of [
    ['c0', 'c1'],
    ['c1', 'c0'],
  ] as const)
    fleet.network.setCut(from, to, true);
  fleet.run(fleet.nowMs() + 30_000);
  expect(fleet.node('c0').state.votes).toMatchObject([{ target: 'c1', opinion: 'DataPlane' }]);
  kill(fleet, 'c2', 8_000);
  for (const by of ['c0', 'c1', 'c3']) expect([by, standing(fleet, by, 'c2')]).toEqual([by, 'Cluster']);
  // Now another misses that gateway too: the place is taken.
  fleet.network.setCut('c3', 'c1', true);
  fleet.network.setCut('c1', 'c3', true);
  fleet.run(fleet.nowMs() + 30_000);
  for (const by of ['c0', 'c3']) expect([by, standing(fleet, by, 'c1')]).toEqual([by, undefined]);
  expect(fleet.obstacles.some(({ by, target, obstacle }) => by === 'c0' && target === 'c1' && obstacle === 'Clusters')).toBe(true);
});

test('many deaths that are in force leave room in the ballots for the next one', () => {
  const fleet = warm({ clusters: 20, policy: { clustersPercentMax: 60, capacityPercentMax: 60 } });
  const dead = ['c1', 'c2', 'c3', 'c4', 'c5', 'c6', 'c7'];
  for (const name of dead) kill(fleet, name, 6_000);
  for (const by of ['c0', 'c9']) expect(dead.map((name) => standing(fleet, by, name))).toEqual(dead.map(() => 'Cluster'));
});
