/** @module What a detector keeps for its next life, and what that makes of it. */
import { describe, expect, test } from 'vitest';
import { hubName, type Membership } from '../wire/mesh.ts';
import { step } from './detector.ts';
import { type DetectorMemory, memoryOf, restoreMemory } from './memory.ts';
import { newDetector, newSubject } from './state.ts';

const agreed = { voters: ['b', 'c'], domains: 2, needed: 2, observers: 3 };
const memory: DetectorMemory = {
  epoch: 4,
  verdicts: [
    { target: 'x', cause: 'Cluster', phase: 'Standing', sinceMs: 900_000, epoch: 4, ...agreed },
    { target: 'y', cause: 'Cluster', phase: 'Returning', sinceMs: 800_000, epoch: 3, ...agreed },
  ],
  penalties: [{ name: 'x', points: 2_000, atMs: 900_000 }],
  removals: [{ name: 'x', atMs: 900_000, isOut: true }],
  addressesKnown: ['UX Gateway http://x/'],
};
const bornWith = (kept: DetectorMemory, nowMs: number, wallMs: number) => {
  const state = newDetector('a', 'boot', { monotonicMs: () => nowMs, random: () => 0 });
  restoreMemory(state, kept, { nowMs, wallMs });
  return state;
};

test('what is kept is what was restored, whatever the monotonic clock shows', () => {
  expect(memoryOf(bornWith(memory, 50, 1_000_000), { nowMs: 10_050, wallMs: 1_010_000 })).toEqual(memory);
});

test('a hold-down begins anew: that the cluster is well has to be seen', () => {
  expect(bornWith(memory, 50, 1_000_000).subjects.get('y')?.standing?.hold).toMatchObject({ wellMs: 0, toldMs: undefined });
});

test('a wall clock that was set back makes nothing younger than now', () => {
  const state = bornWith(memory, 50, 500_000);
  expect([state.removals[0]?.atMs, state.subjects.get('x')?.penalty.atMs]).toEqual([50, 50]);
});

test('that it heard nobody an agent finds out anew', () => {
  const state = bornWith(memory, 50, 1_000_000);
  const alone = { target: 'a', cause: 'Isolated' as const, phase: 'Standing' as const, sinceMs: 0, epoch: 4, ...agreed, hold: undefined };
  state.subjects.set('a', { ...newSubject('a'), standing: alone });
  expect(memoryOf(state, { nowMs: 50, wallMs: 1_000_000 }).verdicts.map(({ target }) => target)).toEqual(['x', 'y']);
});

describe('a gateway that answered the process before is known', () => {
  const membership = (epoch: number, publicKey: string, url: string): Membership => ({
    ...{ v: 1, from: hubName, bootId: 'h', seq: epoch, sentMs: 0, kind: 'members', epoch },
    members: [{ name: 'x', role: 'Cluster', publicKey, addresses: [], domain: 'x', capacity: 1, probes: [{ role: 'Gateway', url }] }],
    policy: {
      ...{ profile: 'fast', automatic: true, domainsMin: 2, clustersPercentMax: 40, capacityPercentMax: 50, windowMs: 600_000 },
      ...{ survivorsMin: 1, holdDownMs: 1_000, holdDownMsMax: 1_000, halfLifeMs: 1_000 },
    },
  });
  const url = 'http://x/';
  test.each<[string, readonly Membership[], boolean]>([
    ['where the cluster advertises it', [membership(1, 'UX', url)], true],
    ['not under another address', [membership(1, 'UX', 'http://x:8080/')], false],
    ['not when the cluster ceased to advertise it meanwhile', [membership(1, 'UX', 'http://y/'), membership(2, 'UX', url)], false],
    ['not of a cluster that joined anew under the name', [membership(1, 'UX', url), membership(2, 'UY', url)], false],
    ['not of one that joined anew while the agent was away', [membership(1, 'UY', url)], false],
  ])('%s', (_, memberships, isKnown) => {
    const state = bornWith(memory, 50, 1_000_000);
    for (const message of memberships)
      step(state, { type: 'message', channel: 'broker', message }, { monotonicMs: () => 60, random: () => 0 });
    expect(state.peers.get('x')?.probes.map(({ hasAnswered }) => hasAnswered)).toEqual([isKnown]);
    expect(memoryOf(state, { nowMs: 60, wallMs: 1_000_010 }).addressesKnown).toEqual(isKnown ? memory.addressesKnown : []);
  });
});
