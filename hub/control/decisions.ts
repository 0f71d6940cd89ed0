/** @module The decisions of the past about one object, read from what was written of its Placement, and what each changed. Pure. */
import {
  type ExplanationRow,
  type PastDecision,
  type PlacedCluster,
  type StoredPlacement,
  servedPlacement,
} from '../../shared/api/index.ts';
import { timeText } from '../../shared/lib/time-text.ts';

/** One past write of a Placement; `placement` = the state written, absent when it is not kept. */
export type PastWrite = {
  readonly revision: number;
  readonly atMs: number;
  readonly op: 'put' | 'delete';
  readonly placement: StoredPlacement | undefined;
};

/** A decision: the write that made it, and how it was last written. */
export type Decided = { readonly made: PastWrite; readonly last: PastWrite };

/** Texts of changes in one decision; those beyond are counted in one more. */
const changesMax = 50;

/** Conditions and what clusters answered are written beside a decision: they make no new one. */
const isSameDecision = (a: PastWrite, b: PastWrite): boolean => {
  if (a.op !== b.op || a.placement === undefined || b.placement === undefined) return false;
  const [x, y] = [a.placement, b.placement];
  return (
    x.metadata.uid === y.metadata.uid &&
    x.status?.decidedAt === y.status?.decidedAt &&
    x.status?.reason === y.status?.reason &&
    x.spec.policy === y.spec.policy &&
    isInSameClusters(x, y)
  );
};

/** Takes writes, newest first, to decisions, newest first. */
export const groupDecisions = (writes: readonly PastWrite[]): Decided[] => {
  const decisions: { made: PastWrite; last: PastWrite }[] = [];
  for (const write of writes) {
    const newest = decisions.at(-1);
    if (newest !== undefined && isSameDecision(newest.made, write)) newest.made = write;
    else decisions.push({ made: write, last: write });
  }
  return decisions;
};

const clusterText = ({ name, replicas }: PlacedCluster): string => (replicas === undefined ? name : `${name}=${replicas}`);
const clustersText = (clusters: readonly PlacedCluster[]): string => clusters.map(clusterText).sort().join(',');

const isInSameClusters = (a: StoredPlacement, b: StoredPlacement): boolean =>
  clustersText(a.spec.clusters) === clustersText(b.spec.clusters);

const rowsOf = (placement: StoredPlacement | undefined): ReadonlyMap<string, ExplanationRow> =>
  new Map((placement === undefined ? [] : (servedPlacement(placement).status?.explanation ?? [])).map((row) => [row.cluster, row]));

/** What the explanation says of a cluster; '' when it says nothing. */
const whyOf = (row: ExplanationRow | undefined): string => {
  const why = row?.message || row?.reason || '';
  return why === '' ? '' : `: ${why}`;
};

const countText = (replicas: number | undefined): string => (replicas === undefined ? '' : ` ${replicas}`);

const moves = (before: StoredPlacement | undefined, now: StoredPlacement): string[] => {
  const had = new Map((before?.spec.clusters ?? []).map(({ name, replicas }) => [name, replicas]));
  const has = new Map(now.spec.clusters.map(({ name, replicas }) => [name, replicas]));
  const rows = rowsOf(now);
  return [...new Set([...had.keys(), ...has.keys()])].sort().flatMap((name) => {
    if (!has.has(name)) return [`${name}${countText(had.get(name))} -> gone${whyOf(rows.get(name))}`];
    if (!had.has(name)) return [`${name} new${countText(has.get(name))}`];
    if (had.get(name) === has.get(name)) return [];
    return [`${name}${countText(had.get(name))} ->${countText(has.get(name))}${whyOf(rows.get(name))}`];
  });
};

const isSameStanding = (was: ExplanationRow | undefined, row: ExplanationRow): boolean =>
  was?.eligible === row.eligible && (row.eligible || whyOf(was) === whyOf(row));

/** Clusters that may take replicas now, or no longer, or not for another reason, beyond those that moved. */
const openings = (before: StoredPlacement, now: StoredPlacement): string[] => {
  const [old, rows] = [rowsOf(before), rowsOf(now)];
  const placed = new Set([...before.spec.clusters, ...now.spec.clusters].map(({ name }) => name));
  return [...rows.values()].flatMap((row) => {
    const was = old.get(row.cluster);
    if (placed.has(row.cluster) || isSameStanding(was, row)) return [];
    if (was === undefined) return [`${row.cluster} joined${row.eligible ? '' : `, refused${whyOf(row)}`}`];
    return [row.eligible ? `${row.cluster} may take replicas again` : `${row.cluster} refused${whyOf(row)}`];
  });
};

const field = (name: string, before: string | number | undefined, now: string | number | undefined): string[] =>
  before === now ? [] : [`${name} ${before ?? 'none'} -> ${now ?? 'none'}`];

/** What is other than before, in words. */
export const changesOf = (before: StoredPlacement | undefined, now: StoredPlacement): string[] => {
  const [old, status] = [before?.status, now.status];
  const changes =
    before === undefined
      ? moves(undefined, now)
      : [
          ...field('policy', before.spec.policy, now.spec.policy),
          ...field('replicas wanted', old?.replicas, status?.replicas),
          ...moves(before, now),
          ...(status?.rebalanced === undefined || isInSameClusters(before, now) ? [] : [`rebalanced: ${status.rebalanced}`]),
          ...field('unplaced', old?.unplaced, status?.unplaced),
          ...field('outcome', old?.reason, status?.reason),
          ...openings(before, now),
          ...field('cost an hour', old?.cost?.after, status?.cost?.after),
        ];
  return changes.length <= changesMax ? changes : [...changes.slice(0, changesMax), `and ${changes.length - changesMax} more`];
};

/** The decision as it is told; `before` is the one before it. */
export const pastDecision = ({ made, last }: Decided, before: Decided | undefined): PastDecision => {
  const { placement } = last;
  const when = { revision: made.revision, time: timeText(made.atMs) };
  const old = before?.last.op === 'put' ? before.last.placement : undefined;
  if (last.op === 'delete')
    return { ...when, deleted: true, policy: '', clusters: [], reason: 'Deleted', message: 'the object went', changes: [] };
  if (placement === undefined)
    return { ...when, policy: '', clusters: [], reason: 'Unknown', message: 'what was decided is not kept any more', changes: [] };
  const { spec, status } = placement;
  return {
    ...when,
    policy: spec.policy,
    clusters: spec.clusters,
    ...(status?.replicas === undefined ? {} : { replicas: status.replicas }),
    ...(status?.unplaced === undefined ? {} : { unplaced: status.unplaced }),
    reason: status?.reason ?? '',
    message: status?.message ?? '',
    ...(status?.cost === undefined ? {} : { cost: status.cost }),
    changes: changesOf(old, placement),
  };
};
