/**
 * @module Replicas that wait in their cluster, as others took the node that was kept for them: those of lower priority make room for them there once
 * more, elsewhere or where the others are.
 */
import type { ClusterRoom } from '../capacity/index.ts';
import { sumOf } from '../lib/sum.ts';
import { shapeIn } from './asking.ts';
import type { ClusterView, Decision } from './model.ts';
import { keptIn, noteLost, triesOf } from './node-terms.ts';
import { nodelessText } from './place-runnable.ts';
import { preemptedText } from './preempted.ts';
import { type Eviction, evict, lowerIn } from './preemption.ts';
import { withKeptAgain, withMessage } from './retold.ts';
import type { Ledger } from './round-ledger.ts';
import type { Task } from './turn.ts';
import { wayIn } from './victims.ts';

/** Others make room for one replica so often: what the member's scheduler gives away each time would cost ever more of them. */
export const triesMax = 2;

type Counts = ReadonlyMap<string, number>;

/** Nodes of a cluster that are lost and may be made good, for no more replicas than wait. */
const lostIn = ({ workload: { outrun, terms } }: Task, cluster: string, waiting: number): Counts => {
  const open = new Set((terms?.get(cluster)?.nominated ?? []).flatMap((one) => (triesOf(one) < triesMax ? [one.node] : [])));
  let left = waiting;
  return new Map(
    [...(outrun?.get(cluster) ?? [])].flatMap(([node, count]) => {
      const lost = open.has(node) ? Math.min(left, count) : 0;
      left -= lost;
      return lost === 0 ? [] : [[node, lost] as const];
    }),
  );
};

/** The room without what is kept for replicas of the task itself on nodes that they have lost. */
const withoutKept = (room: ClusterRoom, lost: Counts): ClusterRoom => ({
  ...room,
  holdings: (shape) => {
    const holdings = room.holdings?.(shape);
    if (holdings === undefined) return undefined;
    const { asked, nodes } = holdings;
    return {
      ...holdings,
      nodes: nodes.map((node) => {
        const count = lost.get(node.name) ?? 0;
        return count === 0 ? node : { ...node, free: node.free.map((amount, at) => amount + count * (asked[at] ?? 0)) };
      }),
    };
  },
});

/** While replicas are on their way out of the cluster, a node that is full may be free in a moment. */
const isEmptying = ({ room }: ClusterView, { workload: { ref } }: Task): boolean =>
  (room?.leaving?.() ?? []).some((name) => name !== ref.name);

const replicasText = (count: number): string => (count === 1 ? '1 replica' : `${count} replicas`);

/** Others make room once more for what of a decision waits for nodes that were kept for it and are taken. */
export const keepAgain = (task: Task, place: number, decision: Decision, ledger: Ledger): Decision => {
  const { workload } = task;
  if (workload.outrun === undefined || decision.nodeless === undefined) return decision;
  const lower = lowerIn(task, place, decision, ledger);
  const before = ledger.preempted.length;
  const again = new Map<string, number>();
  for (const { name, waiting } of decision.nodeless) {
    const [view, running, lost] = [ledger.views.get(name), lower.get(name), lostIn(task, name, waiting)];
    const shape = view === undefined ? undefined : shapeIn(task, view);
    if (view?.room === undefined || shape === undefined || running === undefined || lost.size === 0 || isEmptying(view, task)) continue;
    // What others make room for in this round is not in the room yet.
    if (keptIn(ledger.nodeTerms, workload, name) !== undefined) continue;
    const way = wayIn({ ...view, room: withoutKept(view.room, lost) }, task, running, sumOf(lost.values()));
    const places = (way?.places ?? []).filter(({ gone }) => gone.length > 0);
    if (way === undefined || places.length === 0) continue;
    let left = places.length;
    for (const [node, count] of lost) {
      const gone = Math.min(left, count);
      left -= gone;
      if (gone > 0) noteLost(ledger.nodeTerms, workload, name, node, gone);
    }
    const eviction: Eviction = { view, shape, way, places, isAgain: true };
    evict(task, place, [eviction], ledger);
    again.set(name, places.length);
  }
  if (again.size === 0) return decision;
  const gone = ledger.preempted.slice(before).map((one) => preemptedText(one, one.victim.name));
  const lostText = [...again].map(([name, count]) => `${count} in ${name}`).join(', ');
  const told = withKeptAgain(
    decision,
    again,
    (count) => `another node is kept for ${replicasText(count)}, as others took the one before`,
    nodelessText,
  );
  return withMessage(told, `; others took the node kept for ${lostText}: ${gone.join(', ')} gave way`);
};
