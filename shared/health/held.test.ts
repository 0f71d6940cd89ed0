/** @module When it is told that a majority is for a verdict and something forbids it. */
import { expect, test } from 'vitest';
import { hubName, type Member, type Membership, type MeshBallot, type Opinion } from '../wire/mesh.ts';
import { takeMembership } from './membership.ts';
import { type DetectorEffect, newDetector, type ObstacleNote } from './state.ts';
import { judgeSubject } from './verdicts.ts';

const member = (name: string): Member => ({
  ...{ name, role: 'Cluster', publicKey: name, addresses: [], capacity: 1_000, probes: [] },
  // The first two are in one domain.
  domain: name === 'b' ? 'a' : name,
});
const lost = { direct: 'lost', broker: 'lost', helpers: 'lost', gateway: 'lost', apiServer: 'lost' } as const;

/** Counts the votes on `x` of three others; `automatic: false` leaves all to a person. */
const counting = (automatic: boolean) => {
  let nowMs = 0;
  const state = newDetector(hubName, 'h', { monotonicMs: () => nowMs, random: () => 0 });
  const turn = (out: DetectorEffect[]) => ({ state, nowMs, random: () => 0, out });
  let epoch = 0;
  let held: { readonly held?: 'Manual' } = {};
  const setAutomatic = (isNow: boolean): void => {
    epoch += 1;
    held = isNow ? {} : { held: 'Manual' };
    const membership: Membership = {
      ...{ v: 1, from: hubName, bootId: 'h', seq: epoch, sentMs: 0, kind: 'members', epoch, members: ['a', 'b', 'c', 'x'].map(member) },
      policy: {
        ...{ profile: 'fast', automatic: isNow, domainsMin: 2, clustersPercentMax: 40, capacityPercentMax: 50, windowMs: 600_000 },
        ...{ survivorsMin: 1, holdDownMs: 1_000, holdDownMsMax: 1_000, halfLifeMs: 1_000 },
      },
    };
    takeMembership(turn([]), membership);
  };
  setAutomatic(automatic);
  const out: DetectorEffect[] = [];
  return {
    /** So long `votes` are in force, as in `a:Cluster b:DataPlane`; `silent` = who says nothing any more. */
    pass: (votes: string, forMs: number, silent = ''): void => {
      const said = new Map(votes.split(' ').map((word) => [word.slice(0, 1), word.slice(2) as Opinion]));
      for (const endMs = nowMs + forMs; nowMs < endMs; nowMs += 100) {
        for (const name of ['a', 'b', 'c'].filter((one) => one !== silent)) {
          const opinion = said.get(name);
          const ballot: MeshBallot = {
            ...{ v: 1, from: name, bootId: name, seq: nowMs, sentMs: nowMs, kind: 'ballot', epoch: 0 },
            ...{ votes: opinion === undefined ? [] : [{ target: 'x', opinion, silentMs: 1_000, evidence: lost, ...held }] },
            ...{ well: opinion === undefined ? ['x'] : [] },
          };
          state.ballots.set(name, { ballot, atMs: nowMs });
        }
        judgeSubject(turn(out), 'x');
      }
    },
    setAutomatic,
    told: () => out.flatMap((effect): readonly ObstacleNote[] => (effect.type === 'obstacle' ? [effect] : [])),
    verdicts: () => out.flatMap((effect) => (effect.type === 'verdict' ? [`${effect.verdict.cause} ${effect.verdict.phase}`] : [])),
  };
};

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
