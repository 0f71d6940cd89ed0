/** @module Three voters in a script, and what a detector makes of their votes on a fourth. */
import { hubName, type Member, type Membership, type MeshBallot, type MeshPolicy, type Opinion } from '../../wire/mesh.ts';
import { takeMembership } from '../membership.ts';
import { type DetectorEffect, newDetector, type ObstacleNote } from '../state.ts';
import { judgeSubject } from '../verdicts.ts';

const member = (name: string): Member => ({
  ...{ name, role: 'Cluster', publicKey: name, addresses: [], capacity: 1_000, probes: [] },
  // The first two are in one domain.
  domain: name === 'b' ? 'a' : name,
});
const lost = { direct: 'lost', broker: 'lost', helpers: 'lost', gateway: 'lost', apiServer: 'lost' } as const;

/** Counts the votes on `x` of three others; `automatic: false` leaves all to a person. */
export const counting = (automatic: boolean, policy: Partial<MeshPolicy> = {}) => {
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
        ...policy,
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
    state,
    nowMs: () => nowMs,
    verdicts: () => out.flatMap((effect) => (effect.type === 'verdict' ? [`${effect.verdict.cause} ${effect.verdict.phase}`] : [])),
  };
};
