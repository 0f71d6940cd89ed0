/**
 * @module What would be decided now about one object that is placed: the decision of the loops themselves, from what they see, of which
 * nothing is written or promised.
 */
import { type Placement, servedPlacement, type WorkloadRef, whyOwn } from '../../../shared/api/index.ts';
import { isFinishedJob } from '../../../shared/kube/job-end.ts';
import { isSettledJob, type PriorityClasses, placeEach, refText, type Task, type TaskDecision } from '../../../shared/placement/index.ts';
import type { Directory } from '../cluster/directory.ts';
import { objectKeyOf } from '../kinds.ts';
import { type Entry, type EntrySources, entryOf, outcomeOf, placedEntries, priorityClassesIn } from '../placement/entry.ts';
import { type NodelessWatch, toDecide } from '../placement/nodeless.ts';
import { othersAround } from '../placement/others.ts';
import type { PolicyBook } from '../placement/policies.ts';

/** What the loops decide from; only read. */
export type NowSources = EntrySources & {
  readonly directory: Directory;
  readonly policies: PolicyBook;
  readonly nodeless: Pick<NodelessWatch, 'of'>;
  readonly nowMs: () => number;
};

/** A decision as a Placement would say it. */
export type DecisionNow = Pick<Placement, 'spec' | 'status'>;

/** The object with its Placement; undefined when the loops decide nothing about it: gone, going, without a policy, ended, or settled. */
const entryToDecide = (sources: NowSources, ref: WorkloadRef, classes: PriorityClasses): Entry | undefined => {
  const { store, catalog, policies, directory } = sources;
  const key = objectKeyOf(catalog, ref);
  const stored = key === undefined ? undefined : store.get(key);
  if (stored === undefined || stored.object.metadata.deletionTimestamp !== undefined || whyOwn(stored.object) !== undefined)
    return undefined;
  const policy = policies.policyOf(stored.object);
  if (policy === undefined || isFinishedJob(stored.object)) return undefined;
  const entry = entryOf(sources, stored, policy, classes);
  const { replicas } = entry.task.workload;
  return isSettledJob(stored.object, replicas, entry.existing.placement, directory.view) ? undefined : entry;
};

const decide = (sources: NowSources, asked: Entry, classes: PriorityClasses): TaskDecision | undefined => {
  const task = toDecide(sources.nodeless, asked);
  const snapshot = {
    clusters: sources.directory.views(),
    others: othersAround(sources, [task]),
    placed: (): Task[] => placedEntries(sources, classes).map((entry) => entry.task),
    // The rooms are those of the loops: nothing is taken from them.
    take: () => undefined,
  };
  const own = refText(task.workload.ref);
  return [...placeEach(snapshot, [task], { nowMs: sources.nowMs() })].find(({ workload }) => refText(workload.ref) === own);
};

/** What would be decided now; undefined when nothing would be. */
export const decisionNow = (sources: NowSources, ref: WorkloadRef): DecisionNow | undefined => {
  const classes = priorityClassesIn(sources.store);
  const entry = entryToDecide(sources, ref, classes);
  const made = entry === undefined ? undefined : decide(sources, entry, classes);
  if (entry === undefined || made === undefined) return undefined;
  const { spec, status } = outcomeOf(entry, made, sources.directory.views(), sources.nowMs()).output;
  const { status: told } = servedPlacement({ apiVersion: '', kind: 'Placement', metadata: { name: '' }, spec, status });
  return told === undefined ? { spec } : { spec, status: told };
};
