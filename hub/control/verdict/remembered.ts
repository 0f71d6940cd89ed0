/**
 * @module What a hub that starts anew knows of deaths before any vote has come: what its last life wrote onto the Clusters. Without it a death
 * would begin anew with the hub: its time, the turn of its replicas, its penalty, and what counts against the velocity limit. Pure.
 */
import type { Cluster, ClusterVerdict, PastVerdict } from '../../../shared/api/index.ts';
import { type DetectorMemory, movesTraffic, noPenalty, punished, type Removal } from '../../../shared/health/index.ts';
import { hubName, type MeshPolicy, type Opinion } from '../../../shared/wire/mesh.ts';
import type { ClusterRecord } from '../cluster/directory.ts';
import { verdictsIn } from '../cluster/history.ts';
import { domainOf } from './membership.ts';
import type { Observed } from './relation.ts';

type AgreedVerdict = Omit<ClusterVerdict, 'phase'> & { readonly cause: Opinion; readonly phase: 'Standing' | 'Returning' };

/** The verdict of the others that is in force for a cluster; what the hub alone makes of its hearing, and what is held, it finds out anew. */
const agreedOn = ({ status }: Cluster): AgreedVerdict | undefined => {
  const verdict = status?.verdict;
  if (verdict?.by !== 'Observers' || verdict.cause === 'Isolated' || Number.isNaN(Date.parse(verdict.since))) return undefined;
  const { cause, phase = 'Standing' } = verdict;
  return phase === 'Held' ? undefined : { ...verdict, cause, phase };
};

/** Whether the hub had placed replicas of the cluster elsewhere. */
const isGivenUp = ({ status }: Cluster): boolean => status?.givenUpSince !== undefined;

const stands = ({ cause, phase }: PastVerdict): boolean => phase === 'Standing' && (cause === 'Cluster' || cause === 'DataPlane');

/** The deaths of a cluster, oldest first: each time something began to stand that moves traffic, where nothing did. */
const deathsOf = ({ status }: Cluster): readonly { readonly atMs: number; readonly isAgreed: boolean }[] => {
  const past = [...verdictsIn(status)].reverse();
  return past.flatMap((one, index) => {
    const before = past[index - 1];
    const atMs = Date.parse(one.at);
    const isDeath = stands(one) && !(before !== undefined && stands(before)) && !Number.isNaN(atMs);
    return isDeath ? [{ atMs, isAgreed: one.votes !== undefined }] : [];
  });
};

const lastRemoval = (cluster: Cluster, isOut: boolean): readonly Removal[] => {
  const death = deathsOf(cluster).at(-1);
  return death === undefined ? [] : [{ name: cluster.metadata.name, atMs: death.atMs, isOut }];
};

/** True while it is dead and its replicas have had no turn. */
const isWaiting = (cluster: Cluster): boolean => {
  const verdict = agreedOn(cluster);
  return movesTraffic(verdict?.cause) && verdict?.phase === 'Standing' && !isGivenUp(cluster);
};

/** What the hub itself had given up, with the time of day; a death whose replicas had no turn yet has to ask for it. */
export const givenUpIn = (clusters: readonly Cluster[]): readonly Removal[] =>
  clusters.flatMap((cluster) => (isWaiting(cluster) ? [] : lastRemoval(cluster, isGivenUp(cluster))));

/** What the hub's detector goes on from. */
export const rememberedIn = (clusters: readonly Cluster[], policy: MeshPolicy): DetectorMemory => {
  const domains = new Map([[hubName, hubName]]);
  for (const { metadata, status } of clusters) domains.set(metadata.name, domainOf({ ...status?.labels, ...metadata.labels }));
  const verdicts = clusters.flatMap((cluster) => {
    const verdict = agreedOn(cluster);
    if (verdict === undefined) return [];
    const { cause, since, epoch = 0, phase, voters = [], votes = '' } = verdict;
    const [, needed = 0, observers = 0] = votes.split('/').map(Number);
    const voted = new Set(voters.map((voter) => domains.get(voter))).size;
    return [{ target: cluster.metadata.name, cause, phase, sinceMs: Date.parse(since), epoch, voters, domains: voted, needed, observers }];
  });
  const penalties = clusters.map((cluster) => ({
    name: cluster.metadata.name,
    ...deathsOf(cluster)
      .filter(({ isAgreed }) => isAgreed)
      .reduce((penalty, { atMs }) => punished(penalty, atMs, policy), noPenalty),
  }));
  return {
    // Of those that are over as well: the number of decisions only grows.
    epoch: Math.max(0, ...[...verdicts, ...clusters.flatMap(({ status }) => verdictsIn(status))].map(({ epoch = 0 }) => epoch)),
    verdicts,
    penalties: penalties.filter(({ points }) => points > 0),
    removals: clusters.flatMap((cluster) => lastRemoval(cluster, movesTraffic(agreedOn(cluster)?.cause))),
  };
};

/** True when a death of the whole came before that of its gateway, and neither was over in between. */
const isAfterDeath = ({ status }: Cluster): boolean => {
  const before = verdictsIn(status).find(({ cause, phase }) => cause !== 'DataPlane' || phase === 'Cleared');
  return before?.cause === 'Cluster' && (before.phase === 'Standing' || before.phase === 'Returning');
};

/** What the Cluster says of its verdict, as the loops go by it; undefined = none of the others stands. */
export const observedIn = (cluster: Cluster): Observed | undefined => {
  const verdict = agreedOn(cluster);
  if (verdict === undefined) return undefined;
  const { cause, phase, since, message, votes = '', voters = [], epoch = 0 } = verdict;
  const isReplicasTurn = cause === 'Cluster' && phase === 'Standing' && isGivenUp(cluster);
  const wasDead = cause === 'DataPlane' && isAfterDeath(cluster);
  return { cause, phase, sinceMs: Date.parse(since), message, votes, voters, epoch, isReplicasTurn, ...(wasDead ? { wasDead } : {}) };
};

/**
 * Since when the observers agree on a death that is held, which this hub has found now: since it was first told, by the hub before too. `sinceMs`:
 * since when this hub has known it.
 */
export const heldSinceMs = (
  { object, heldDeath }: Pick<ClusterRecord, 'object' | 'heldDeath'>,
  cause: Observed['cause'],
  sinceMs: number,
): number => {
  const verdict = object?.status?.verdict;
  const shownMs = verdict?.phase === 'Held' && verdict.cause === cause ? Date.parse(verdict.since) : Number.NaN;
  const knownMs = heldDeath?.cause === cause ? heldDeath.sinceMs : shownMs;
  return Number.isNaN(knownMs) ? sinceMs : Math.min(knownMs, sinceMs);
};
