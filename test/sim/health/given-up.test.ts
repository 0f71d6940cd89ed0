/** @module What the dead that the hub has given up may not do: count in every majority for ever. And what a minority may not: become one. */
import { describe, expect, test } from 'vitest';
import { hubName } from '../../../shared/wire/mesh.ts';
import { createFleet, type Fleet, type FleetOptions } from './fleet.ts';

const policy = { clustersPercentMax: 90, capacityPercentMax: 90 };
const warm = (options: Partial<FleetOptions> = {}): Fleet => {
  const usual = { rttMs: 80, jitterMs: 5, lossShare: 0, burstMs: 2_850, clusters: 5, hasDirect: true, hasHub: true, hasGateways: true };
  const fleet = createFleet({ seed: 7, ...usual, policy, ...options });
  fleet.run(15_000);
  return fleet;
};
const kill = (fleet: Fleet, ...names: readonly string[]): void => {
  for (const name of names) {
    fleet.stopAgent(name);
    fleet.node(name).gateway = 'gone';
  }
  fleet.run(fleet.nowMs() + 8_000);
};
const standing = (fleet: Fleet, by: string, target: string): string | undefined =>
  fleet.node(by).state.subjects.get(target)?.standing?.cause;
const split = (fleet: Fleet, few: readonly string[], isCut: boolean): void => {
  for (const from of [...fleet.nodes.keys(), 'broker'])
    for (const to of few)
      if (!few.includes(from)) {
        fleet.network.setCut(from, to, isCut);
        fleet.network.setCut(to, from, isCut);
      }
};

describe('what the observers agree to be dead and the hub has given up', () => {
  test('does not keep the next death from being found', () => {
    const fleet = warm();
    kill(fleet, 'c1');
    kill(fleet, 'c2');
    kill(fleet, 'c3');
    expect(standing(fleet, 'c0', 'c3')).toBeUndefined();
    fleet.giveUp(['c1', 'c2']);
    fleet.run(fleet.nowMs() + 3_000);
    expect(['c0', 'c4'].map((name) => standing(fleet, name, 'c3'))).toEqual(['Cluster', 'Cluster']);
  });

  test('does not keep a return from being seen', () => {
    const fleet = warm();
    kill(fleet, 'c1');
    kill(fleet, 'c2');
    fleet.giveUp(['c1', 'c2']);
    kill(fleet, 'c3');
    fleet.giveUp(['c1', 'c2', 'c3']);
    fleet.node('c1').gateway = 'well';
    fleet.startAgent('c1');
    fleet.run(fleet.nowMs() + 40_000);
    expect(['c0', 'c4'].map((name) => standing(fleet, name, 'c1'))).toEqual([undefined, undefined]);
  });

  test('leaves the hub as the second voice where one cluster is left to vote', () => {
    const fleet = warm({ clusters: 3, policy: { ...policy, domainsMin: 1 } });
    kill(fleet, 'c1');
    fleet.giveUp(['c1']);
    fleet.run(fleet.nowMs() + 3_000);
    kill(fleet, 'c2');
    expect(standing(fleet, 'c0', 'c2')).toBe('Cluster');
  });
});

test('two deaths at once make nobody doubt itself for ever: what the hub has given up is one doubt less', () => {
  const fleet = warm();
  kill(fleet, 'c1', 'c2');
  expect(fleet.node('c0').state.abstains).toBe('LostMany');
  fleet.giveUp(['c1']);
  fleet.run(fleet.nowMs() + 3_000);
  expect(['c1', 'c2'].map((name) => standing(fleet, 'c0', name))).toEqual(['Cluster', 'Cluster']);
});

describe('a minority that is cut off', () => {
  test.each([
    ['with the hub, which gives up the others', ['c0', 'c1', hubName]],
    ['without the hub, whose word has come before', ['c0', 'c1']],
  ])('finds none of the majority dead: %s', (_, few) => {
    const fleet = warm();
    if (!few.includes(hubName)) fleet.giveUp(['c2', 'c3', 'c4']);
    split(
      fleet,
      few.filter((name) => name !== hubName),
      true,
    );
    fleet.run(fleet.nowMs() + 10_000);
    if (few.includes(hubName))
      for (const to of few) {
        const members = fleet.node(to).state.membership;
        if (members !== undefined)
          fleet.inject(to, {
            type: 'message',
            channel: 'broker',
            message: {
              ...members,
              epoch: 9,
              members: members.members.map((one) => (few.includes(one.name) ? one : { ...one, isLost: true })),
            },
          });
      }
    fleet.run(fleet.nowMs() + 30_000);
    for (const by of ['c0', 'c1'])
      for (const name of ['c2', 'c3', 'c4']) expect([by, name, standing(fleet, by, name)]).toEqual([by, name, undefined]);
  });

  test('does so either after two of the others had died one by one: it was no majority of those that were left', () => {
    const fleet = warm();
    kill(fleet, 'c3');
    kill(fleet, 'c4');
    fleet.giveUp(['c3', 'c4']);
    fleet.run(fleet.nowMs() + 3_000);
    split(fleet, ['c0'], true);
    fleet.run(fleet.nowMs() + 30_000);
    for (const name of ['c1', 'c2']) expect(standing(fleet, 'c0', name)).toBeUndefined();
    expect(standing(fleet, 'c1', 'c0')).toBe('Cluster');
  });
});

test('who comes back counts again', () => {
  const fleet = warm();
  kill(fleet, 'c1');
  kill(fleet, 'c2');
  fleet.giveUp(['c1', 'c2']);
  for (const name of ['c1', 'c2']) {
    fleet.node(name).gateway = 'well';
    fleet.startAgent(name);
  }
  fleet.run(fleet.nowMs() + 2_000);
  fleet.giveUp([]);
  split(fleet, ['c0', 'c3'], true);
  fleet.run(fleet.nowMs() + 30_000);
  for (const by of ['c0', 'c3']) expect(standing(fleet, by, 'c4')).toBeUndefined();
});
