/**
 * @module Replicas that none of the nodes of their cluster can take do not count as present there: the policy's own rules give them to clusters
 * with room, as many as find some. The rest stays and waits, and the decision says so.
 */
import { type ExplanationRow, explanationRows } from '../api/index.ts';
import { sumOf } from '../lib/sum.ts';
import type { CompiledPolicy } from './compiled-policy.ts';
import type { Decision, NodelessCluster, Workload } from './model.ts';
import { type PlaceEnv, place, type Snapshot } from './place.ts';
import { heldAgainst, withNodeless } from './retold.ts';
import { refusalText } from './shortage.ts';
import { choosableKinds } from './victims.ts';
import { groupKind } from './workload-fields.ts';

type Counts = ReadonlyMap<string, number>;

/**
 * Why what waits for a node stays in its cluster, whatever room others have; undefined = it may go. The last replicas of a StatefulSet go first,
 * which may be those that run; a Job would begin anew; another cluster may run a singleton only when it is certain that this one does not.
 */
export const whyNodelessStay = (
  { ref, isSingleton }: Pick<Workload, 'ref' | 'isSingleton'>,
  { strategy }: Pick<CompiledPolicy, 'strategy'>,
): string | undefined => {
  if (!choosableKinds.has(groupKind(ref))) return `replicas of a ${ref.kind} are not moved for that`;
  if (isSingleton === true) return 'a singleton is not moved for that';
  return strategy === 'Weighted' || strategy === 'Duplicated' ? `strategy ${strategy} divides without regard to it` : undefined;
};

/** What is present without so many of the nodeless, those of the first clusters first. */
const without = (current: Counts, nodeless: Counts, most: number): Counts => {
  let left = most;
  return new Map(
    [...current].map(([name, count]) => {
      const gone = Math.min(left, count, nodeless.get(name) ?? 0);
      left -= gone;
      return [name, count - gone];
    }),
  );
};

/** The decision that moves the most of them and leaves no more unplaced than `plain`; undefined where none finds room. */
const moving = (plain: Decision, total: number, decide: (leaving: number) => Decision): Decision | undefined => {
  let best: Decision | undefined;
  let [fits, exceeds] = [0, total + 1];
  let next = total;
  while (next > fits) {
    const made = decide(next);
    const lack = made.unplaced - plain.unplaced;
    if (lack <= 0) [best, fits] = [made, next];
    else exceeds = next;
    // Of all those that leave, the ones without a place are known at once.
    const guess = next === total && lack > 0 && lack < total ? total - lack : Math.floor((fits + exceeds) / 2);
    next = guess;
  }
  return best;
};

const rowsByCluster = ({ explained }: Decision): ReadonlyMap<string, ExplanationRow> =>
  new Map(explanationRows(explained).map((row) => [row.cluster, row]));

/** What becomes of the nodeless under a decision. */
const tellNodeless = ({ current }: Workload, nodeless: Counts, plain: Decision, made: Decision): NodelessCluster[] => {
  const got = new Map(made.clusters.map(({ name, replicas = 0 }) => [name, replicas]));
  const kept = new Map(plain.clusters.map(({ name, replicas = 0 }) => [name, replicas]));
  const rows = rowsByCluster(plain);
  return [...nodeless].flatMap(([name, count]): NodelessCluster[] => {
    const bound = (current.get(name) ?? 0) - count;
    const waiting = Math.max(0, Math.min(count, (got.get(name) ?? 0) - bound));
    const moved = Math.max(0, Math.min(count, (kept.get(name) ?? 0) - (got.get(name) ?? 0)));
    return waiting + moved === 0 ? [] : [{ name, moved, waiting, why: refusalText(rows.get(name)?.refusals ?? {}) }];
  });
};

/** `4 replicas wait for a node, and none can take them: cpu on 3 nodes`. */
export const nodelessText = ({ waiting, why }: Pick<NodelessCluster, 'waiting' | 'why'>): string =>
  `${waiting} ${waiting === 1 ? 'replica waits' : 'replicas wait'} for a node, and none can take ${waiting === 1 ? 'it' : 'them'}${why === '' ? '' : `: ${why}`}`;

/** {@link place}, with what is nodeless where it can run. */
export const placeRunnable = (snapshot: Snapshot, workload: Workload, env: PlaceEnv): Decision => {
  const plain = place(snapshot, workload, env);
  const { current, nodeless } = workload;
  if (nodeless === undefined || nodeless.size === 0) return plain;
  const present: Counts = new Map([...nodeless].map(([name, count]) => [name, Math.min(count, current.get(name) ?? 0)]));
  const decide = (leaving: number): Decision => place(snapshot, { ...workload, current: without(current, present, leaving) }, env);
  const moved = whyNodelessStay(workload, snapshot.policy) === undefined ? moving(plain, sumOf(present.values()), decide) : undefined;
  const made = moved === undefined ? plain : heldAgainst(workload, plain, moved);
  const told = tellNodeless(workload, present, plain, made);
  return told.length === 0 ? made : withNodeless(made, told, nodelessText);
};
