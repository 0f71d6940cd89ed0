/** @module Votes counted: what the observers of one target have agreed on. Pure; every agent counts for itself. */
import type { Held, MeshVote, Opinion } from '../wire/mesh.ts';

/** The observers of one target: the failure domain of each, by name. */
export type Electorate = ReadonlyMap<string, string>;

/** The last ballot of one voter, as far as it concerns the target. Without a vote, and not said to be well: it says nothing. */
export type Ballot = { readonly voter: string; readonly abstains: boolean; readonly vote: MeshVote | undefined; readonly isWell: boolean };

/** Why there can be no verdict, or why one that the observers are agreed on is not carried out. */
export type Obstacle = 'NoWitness' | 'OneDomain' | Held;

/** What a majority is for, though something forbids it. */
export type Forbidden = { readonly cause: 'Cluster' | 'DataPlane'; readonly voters: readonly string[]; readonly domains: number };

/** What the votes come to. */
export type Outcome = {
  /** Undefined = the target is well, or there is no majority for anything. */
  readonly cause: Opinion | undefined;
  /** Who voted for it. */
  readonly voters: readonly string[];
  readonly domains: number;
  readonly observers: number;
  /** Votes that a verdict takes. */
  readonly needed: number;
  /** A majority says that it is well, or ill in a way that moves nothing: what was moved may return. */
  readonly isCleared: boolean;
  /** A majority has heard it and holds nothing at all against it. */
  readonly isWell: boolean;
  /** So many doubt it that no majority for that is left, whatever those say who say nothing now. */
  readonly isDoubted: boolean;
  /** Present when a majority thinks that traffic should move and something forbids it. */
  readonly obstacle: Obstacle | undefined;
  /** Present with an obstacle. */
  readonly forbidden: Forbidden | undefined;
};

const majorityOf = (observers: number): number => Math.floor(observers / 2) + 1;

/** Votes that a verdict takes: more than half of all observers, and never a single one. What stands one may end, where no other is left. */
export const neededOf = (observers: number): number => Math.max(2, majorityOf(observers));

/** Which votes speak for a cause. Traffic moves alike on the first two, so a mixed majority of them is one for the weaker. */
const speaksFor: readonly (readonly [cause: Opinion, by: readonly Opinion[]])[] = [
  ['Cluster', ['Cluster']],
  ['DataPlane', ['DataPlane', 'Cluster']],
  // Somebody sees the cluster answer: the others' doubt, of the gateway too where they do not hear the agent, is then no more than that.
  ['Agent', ['Agent', 'Silent', 'DataPlane']],
  ['Silent', ['Silent', 'Cluster', 'Agent']],
  ['APIServer', ['APIServer']],
  ['Broker', ['Broker']],
  ['Hub', ['Hub']],
  ['Link', ['Link', 'Agent', 'Silent', 'Cluster']],
  ['Gray', ['Gray', 'Link']],
];

/** Who hears the agent and misses only the gateway does not speak for the agent's death. */
const hearsAgent = (vote: MeshVote | undefined): boolean =>
  vote?.opinion === 'DataPlane' && (vote.evidence.direct === 'ok' || vote.evidence.broker === 'ok');

const movingOpinions: readonly Opinion[] = ['Cluster', 'DataPlane'];
const moving: ReadonlySet<Opinion> = new Set(movingOpinions);
const doubtful: readonly Opinion[] = ['Cluster', 'DataPlane', 'Silent'];

/** Counts. `ballots` = the valid ones, at most one a voter; those of others than observers do not count, and who is silent says nothing. */
export const tally = (observers: Electorate, ballots: readonly Ballot[], domainsMin: number): Outcome => {
  const needed = neededOf(observers.size);
  const speaking = ballots.filter(({ voter, abstains }) => !abstains && observers.has(voter));
  const voting = speaking.filter(({ vote }) => vote !== undefined);
  const domainsOf = (voters: readonly Ballot[]): number => new Set(voters.map(({ voter }) => observers.get(voter))).size;
  const isFor = (opinions: readonly Opinion[], counted: boolean) =>
    voting.filter(({ vote }) => vote !== undefined && opinions.includes(vote.opinion) && (!counted || vote.held === undefined));
  const base = { observers: observers.size, needed };
  const against = isFor(movingOpinions, false);
  // Who only hears nothing of it does not say that it is well, nor does who never heard it.
  const doubts = isFor(doubtful, false).length;
  const majority = majorityOf(observers.size);
  const well = speaking.filter((ballot) => ballot.isWell).length;
  const isWell = well >= majority;
  const isCleared = well + voting.length - doubts >= majority;
  const isDoubted = observers.size - doubts < majority;
  for (const [cause, opinions] of speaksFor) {
    // Most causes are named by nobody, and most of the time there is no majority for anything.
    if (voting.length < needed) break;
    if (!voting.some(({ vote }) => vote?.opinion === cause)) continue;
    const voters = isFor(opinions, moving.has(cause)).filter(({ vote }) => cause !== 'Agent' || !hearsAgent(vote));
    const isNamed = voters.some(({ vote }) => vote?.opinion === cause);
    const domains = domainsOf(voters);
    if (!isNamed || voters.length < needed || (moving.has(cause) && domains < domainsMin)) continue;
    const names = voters.map(({ voter }) => voter).sort();
    // Votes held back never make a lesser cause out of a cluster's death.
    if (!moving.has(cause) && against.length >= needed) break;
    return { ...base, cause, voters: names, domains, isCleared, isWell, isDoubted, obstacle: undefined, forbidden: undefined };
  }
  const obstacle = obstacleOf(observers.size, against, needed, domainsOf(against), domainsMin);
  const forbidden = obstacle === undefined ? undefined : forbiddenOf(against, needed, domainsOf(against));
  return { ...base, cause: undefined, voters: [], domains: 0, isCleared, isWell, isDoubted, obstacle, forbidden };
};

/** As with a verdict a mixed majority is one for the weaker cause. */
const forbiddenOf = (against: readonly Ballot[], needed: number, domains: number): Forbidden => {
  const dead = against.filter(({ vote }) => vote?.opinion === 'Cluster').length;
  const voters = against.map(({ voter }) => voter).sort();
  return { cause: dead >= Math.min(needed, against.length) ? 'Cluster' : 'DataPlane', voters, domains };
};

const obstacleOf = (
  observers: number,
  against: readonly Ballot[],
  needed: number,
  domains: number,
  domainsMin: number,
): Obstacle | undefined => {
  if (against.length === 0) return undefined;
  if (observers < 2) return 'NoWitness';
  if (against.length < needed) return undefined;
  const held = against.find(({ vote }) => vote?.held !== undefined)?.vote?.held;
  return held ?? (domains < domainsMin ? 'OneDomain' : undefined);
};

const byHand = '`hanse drain CLUSTER` starts elsewhere what runs there and sends requests elsewhere';

/** What an obstacle means and how to mend it. */
export const obstacleText: Readonly<Record<Obstacle, string>> = {
  NoWitness: [
    'two clusters alone cannot tell whose death it is: run a third agent as a witness,',
    'or let the hub be one (detection.witness of the FailoverPolicy);',
    `until then a person decides, and ${byHand}`,
  ].join(' '),
  OneDomain: [
    'all who vote are in one failure domain: label clusters with provider and region, or set detection.quorumDomains to 1;',
    'until then the hub gives up what it does not hear itself',
  ].join(' '),
  Clusters: 'the velocity limit of clusters is reached: nothing more moves by itself within the window',
  Capacity: 'the velocity limit of capacity is reached: nothing more moves by itself within the window',
  Survivors: 'too few clusters would be left',
  Manual: `the failover policy leaves it to a person: ${byHand}`,
};
