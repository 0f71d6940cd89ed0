/** @module What must hold from one offline plan to the next, and of divisions where nothing but the strategy decides. */
import type { Fleet, FleetWorkload } from './plan-testing-cases.ts';
import { barOf, type Counts, countsOf, presentIn, roomFor, saysBroken, type ToldCase } from './plan-testing-rules.ts';

/** Plans a case. */
export type PlanFleet = (fleet: Fleet) => ToldCase;

const sum = (counts: readonly number[]): number => counts.reduce((total, count) => total + count, 0);

/** Running pods of which all but `count` are gone, from the last node on. */
const cut = (byNode: readonly number[], count: number): number[] => {
  let left = count;
  return byNode.map((running) => {
    const kept = Math.min(running, left);
    left -= kept;
    return kept;
  });
};

const countsIn = (told: ToldCase, name: string): Counts => {
  const mine = told.placements.find(({ object }) => object.name === name);
  return mine === undefined ? {} : countsOf(mine);
};

/** The fleet once a plan is carried out; what is new is sent and has no pods yet. */
const carriedOut = (fleet: Fleet, told: ToldCase): Fleet => ({
  ...fleet,
  workloads: fleet.workloads.map((workload) => ({
    ...workload,
    present: Object.fromEntries(
      Object.entries(countsIn(told, workload.name)).map(([cluster, count]) => [
        cluster,
        { byNode: cut(workload.present[cluster]?.byNode ?? [], count), sent: count },
      ]),
    ),
  })),
});

/** No term but the strategy, the tiers and who is eligible. */
const isPlain = ({ spread, bounds, gang, strategy }: FleetWorkload): boolean =>
  spread.length === 0 && Object.keys(bounds).length === 0 && !gang && strategy !== 'Duplicated';

const text = (counts: Counts): string =>
  Object.entries(counts)
    .map(([cluster, count]) => `${cluster}=${count}`)
    .sort()
    .join(' ') || 'nowhere';

/** A plan made again on its own result moves nothing. */
const stays = (fleet: Fleet, told: ToldCase, plan: PlanFleet): string[] => {
  const again = plan(carriedOut(fleet, told));
  const leaves = told.placements.some(({ clusters }) => clusters.some(({ replicas, before }) => replicas < before));
  const ofStrategy = (strategy: FleetWorkload['strategy']): ReadonlySet<string> =>
    new Set(fleet.workloads.filter((workload) => workload.strategy === strategy).map(({ name }) => name));
  const [weighted, duplicated] = [ofStrategy('Weighted'), ofStrategy('Duplicated')];
  return told.placements.flatMap(({ object, unplaced, reason = 'Placed' }) => {
    const [first, second] = [countsIn(told, object.name), countsIn(again, object.name)];
    if (text(first) === text(second)) return [];
    const hasOthers = leaves || fleet.workloads.length > 1;
    // Weights are met anew where others left room, terms that could not hold may hold, and more may find room in other domains.
    if (hasOthers && (weighted.has(object.name) || saysBroken.has(reason))) return [];
    if (leaves && unplaced > 0) return [];
    // What found no room may find some: in which order others are bound is not known.
    const isMoreOfTheSame = Object.entries(first).every(([cluster, count]) => (second[cluster] ?? 0) >= count);
    if (hasOthers && isMoreOfTheSame && (unplaced > 0 || duplicated.has(object.name))) return [];
    return [`${object.name}: ${text(first)} becomes ${text(second)} though nothing changed`];
  });
};

/** Scaling moves exactly the difference. */
const scales = (fleet: Fleet, told: ToldCase, plan: PlanFleet): string[] => {
  const [workload] = fleet.workloads;
  if (workload === undefined || fleet.workloads.length > 1 || !isPlain(workload) || workload.strategy === 'Weighted') return [];
  const settled = carriedOut(fleet, told);
  const before = countsIn(told, workload.name);
  return [-3, -1, 1, 4].flatMap((step) => {
    const replicas = Math.max(0, workload.replicas + step);
    const after = countsIn(plan({ ...settled, workloads: settled.workloads.map((one) => ({ ...one, replicas })) }), workload.name);
    const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
    const moved = sum(names.map((name) => Math.abs((after[name] ?? 0) - (before[name] ?? 0))));
    const difference = Math.abs(sum(Object.values(after)) - sum(Object.values(before)));
    return moved === difference ? [] : [`${workload.name}: scaled by ${step}, ${text(before)} becomes ${text(after)}: ${moved} moves`];
  });
};

/** A lost cluster moves its own replicas and no others. */
const losesOnlyItsOwn = (fleet: Fleet, told: ToldCase, plan: PlanFleet): string[] => {
  const settled = carriedOut(fleet, told);
  return fleet.clusters.flatMap(({ name: lost, nodes }) => {
    if (nodes === undefined) return [];
    const after = plan({ ...settled, clusters: settled.clusters.filter(({ name }) => name !== lost) });
    return fleet.workloads
      .filter((workload) => isPlain(workload) && workload.strategy !== 'Weighted')
      .flatMap(({ name }) => {
        const [before, now] = [countsIn(told, name), countsIn(after, name)];
        const shrunk = Object.entries(before).filter(([cluster, count]) => cluster !== lost && (now[cluster] ?? 0) < count);
        return shrunk.length === 0 ? [] : [`${name}: without ${lost}, ${text(before)} becomes ${text(now)}`];
      });
  });
};

/** Webster's method by its definition, seat by seat: most votes/(2·seats+1), ties by fewer seats and then the name. */
const webster = (votes: readonly (readonly [name: string, votes: number])[], seats: number): Counts => {
  const won = new Map<string, number>();
  for (let seat = 0; seat < seats; seat++) {
    const [best] = [...votes].sort(([a, x], [b, y]) => {
      const [m, n] = [won.get(a) ?? 0, won.get(b) ?? 0];
      return y * (2 * m + 1) - x * (2 * n + 1) || m - n || (a < b ? -1 : 1);
    });
    if (best === undefined) break;
    won.set(best[0], (won.get(best[0]) ?? 0) + 1);
  }
  return Object.fromEntries(won);
};

/** Weighted is Webster over the weights, whatever is present, where room does not bind. */
const divides = (fleet: Fleet, told: ToldCase): string[] => {
  const [workload] = fleet.workloads;
  if (workload === undefined || fleet.workloads.length > 1 || !isPlain(workload)) return [];
  if (workload.strategy !== 'Weighted' || workload.tiers !== undefined) return [];
  const open = fleet.clusters.filter((cluster) => barOf(workload, cluster) !== 'out');
  const isRoomy = open.every(
    (cluster) =>
      barOf(workload, cluster) === undefined && presentIn(workload, cluster.name) + roomFor(workload, cluster) >= workload.replicas,
  );
  if (!isRoomy || open.length === 0) return [];
  const weight = (provider: string | undefined): number => workload.weights?.[provider ?? ''] ?? 1;
  const wanted = webster(
    open.map(({ name, labels }) => [name, weight(labels['hanse.dev/provider'])] as const),
    workload.replicas,
  );
  const got = countsIn(told, workload.name);
  return text(got) === text(wanted) ? [] : [`${workload.name}: ${text(got)}, Webster gives ${text(wanted)}`];
};

/** Where nothing runs yet, an earlier tier, a cheaper or a tighter cluster is full before a later one is used. */
const fillsInOrder = (fleet: Fleet, told: ToldCase): string[] => {
  const [workload] = fleet.workloads;
  if (workload === undefined || fleet.workloads.length > 1 || !isPlain(workload) || Object.keys(workload.present).length > 0) return [];
  const got = countsIn(told, workload.name);
  const { strategy, tiers = [] } = workload;
  const ranked = fleet.clusters
    .filter((cluster) => barOf(workload, cluster) === undefined)
    .map((cluster) => {
      const room = roomFor(workload, cluster);
      const price = cluster.price ?? Number.MAX_SAFE_INTEGER;
      const rank = strategy === 'Cheapest' ? price : strategy === 'Tightest' ? room : 0;
      return { name: cluster.name, room, tier: tiers.indexOf(cluster.labels['hanse.dev/provider'] ?? ''), rank };
    })
    .filter(({ room }) => room > 0);
  return ranked.flatMap((later) =>
    ranked
      .filter(({ tier, rank }) => tier < later.tier || (tier === later.tier && rank < later.rank))
      .filter(({ name, room }) => (got[later.name] ?? 0) > 0 && (got[name] ?? 0) < room)
      .map(({ name }) => `${workload.name}: ${later.name} is used before ${name} is full: ${text(got)}`),
  );
};

/** All that must hold beyond one answer. */
export const stepFaults = (fleet: Fleet, told: ToldCase, plan: PlanFleet): string[] => {
  if (told.error !== undefined) return [];
  return [
    ...stays(fleet, told, plan),
    ...scales(fleet, told, plan),
    ...losesOnlyItsOwn(fleet, told, plan),
    ...divides(fleet, told),
    ...fillsInOrder(fleet, told),
  ];
};
