/** @module Where replicas of a workload are now: pods that its selector matches, and what its Placement says is there or on its way. */
import type { Placement } from '../api/index.ts';
import type { NodeLot, PodsOnNode } from '../capacity/index.ts';
import type { KubeObject } from '../kube/object.ts';
import { matchesLabels, selectorFromMap, selectorFromObject } from '../kube/selectors/index.ts';
import { compareText } from '../lib/compare-text.ts';
import { type Before, bag, groupKind } from '../placement/index.ts';
import type { OfflineCluster, PresentPod } from './offline.ts';

/** Replicas in one cluster. */
export type Presence = {
  /** Present or on their way. */
  readonly replicas: number;
  /** Those on their way: no pod of them is seen on a node, and they hold room all the same. */
  readonly unseen: number;
  /** Nodes that they are seen on. */
  readonly lots: readonly NodeLot[];
  /** Its pods by node; undefined where none is seen, and while several controllers have some, as those do not choose together which go. */
  readonly podsOn: ReadonlyMap<string, PodsOnNode> | undefined;
};

type IsOurs = (pod: PresentPod) => boolean;

/** Labels that Jobs put on their pods (batch/v1, JobNameLabel and the one before it). */
const jobLabels = ['batch.kubernetes.io/job-name', 'job-name'];

/** True for pods of the workload: by its selector; for Jobs without one by their owner or label; a Pod is itself. */
const matcher = (object: KubeObject): IsOurs => {
  const { selector } = bag(object.spec);
  const { namespace = '', name } = object.metadata;
  const kind = groupKind(object);
  if (kind === '/Pod') return (pod) => pod.namespace === namespace && pod.name === name;
  if (typeof selector === 'object' && selector !== null) {
    const parsed =
      kind === '/ReplicationController'
        ? { ok: true as const, value: selectorFromMap(selector as Readonly<Record<string, string>>) }
        : selectorFromObject(selector);
    return (pod) => parsed.ok && pod.namespace === namespace && matchesLabels(parsed.value, pod.labels);
  }
  const owner = `${object.kind}/${name}`;
  const isLabelled = ({ labels }: PresentPod): boolean => kind === 'batch/Job' && jobLabels.some((label) => labels[label] === name);
  return (pod) => pod.namespace === namespace && (pod.owners.includes(owner) || isLabelled(pod));
};

const lotsOf = (pods: readonly PresentPod[]): NodeLot[] => {
  const counts = new Map<PresentPod['nodeLabels'], number>();
  for (const { nodeLabels } of pods) counts.set(nodeLabels, (counts.get(nodeLabels) ?? 0) + 1);
  return [...counts].flatMap(([labels, count]) => (labels === undefined ? [] : [{ labels, count }]));
};

const podsOnOf = (pods: readonly PresentPod[]): Presence['podsOn'] => {
  if (new Set(pods.map(({ owners }) => owners.join())).size > 1) return undefined;
  const on = new Map<string, PodsOnNode>();
  for (const { node, isReady } of pods) {
    if (node === '') continue;
    const { bound, ready } = on.get(node) ?? { bound: 0, ready: 0 };
    on.set(node, { bound: bound + 1, ready: ready + Number(isReady), leaving: 0 });
  }
  return on.size === 0 ? undefined : on;
};

/**
 * Replicas by cluster. Both pods and the Placement speak: the greater number counts, for pods above it are still there and replicas above
 * the pods are on their way. Clusters that the Placement names and that are gone are told of with what they had.
 */
export const presenceOf = (
  object: KubeObject,
  placement: Placement | undefined,
  clusters: readonly OfflineCluster[],
): ReadonlyMap<string, Presence> => {
  const isOurs = matcher(object);
  const decided = new Map((placement?.spec.clusters ?? []).map(({ name, replicas }) => [name, replicas ?? 1]));
  const presence = new Map<string, Presence>();
  for (const { view, pods } of clusters) {
    const seen = pods.filter(isOurs);
    const bound = seen.filter(({ node }) => node !== '').length;
    const replicas = Math.max(seen.length, decided.get(view.name) ?? 0);
    if (replicas > 0) presence.set(view.name, { replicas, unseen: replicas - bound, lots: lotsOf(seen), podsOn: podsOnOf(seen) });
  }
  const known = new Set(clusters.map(({ view }) => view.name));
  for (const [name, replicas] of decided)
    if (!known.has(name) && replicas > 0) presence.set(name, { replicas, unseen: 0, lots: [], podsOn: undefined });
  return presence;
};

/** The present state as the Placement has it, with what is seen beyond it; undefined when there is neither. */
export const beforeOf = (placement: Placement | undefined, presence: ReadonlyMap<string, Presence>): Before | undefined => {
  if (placement === undefined && presence.size === 0) return undefined;
  const parts = new Map((placement?.spec.clusters ?? []).map(({ name, completions }) => [name, completions]));
  const clusters = [...presence].map(([name, { replicas }]) => {
    const completions = parts.get(name);
    return { name, replicas, ...(completions === undefined ? {} : { completions }) };
  });
  return { spec: { clusters }, ...(placement?.status === undefined ? {} : { status: placement.status }) };
};

/**
 * Replicas by cluster that are given up before any that runs: where a cluster runs more than the Placement says, as many that nobody sees
 * elsewhere, as far as all are more than `wanted`. What runs would stop for them else, though nothing asks for that. Of several clusters the one
 * with the most unseen comes first.
 */
export const supersededIn = (
  presence: ReadonlyMap<string, Presence>,
  placement: Placement | undefined,
  wanted: number,
): ReadonlyMap<string, number> => {
  const decided = new Map((placement?.spec.clusters ?? []).map(({ name, replicas }) => [name, replicas ?? 1]));
  const rows = [...presence].map(([name, { replicas, unseen }]) => ({ name, replicas, unseen, running: replicas - unseen }));
  const beyond = rows.reduce((sum, { name, running }) => sum + Math.max(0, running - (decided.get(name) ?? 0)), 0);
  const present = rows.reduce((sum, { replicas }) => sum + replicas, 0);
  let left = placement === undefined ? 0 : Math.min(beyond, Math.max(0, present - wanted));
  const superseded = new Map<string, number>();
  for (const { name, unseen } of rows.sort((a, b) => b.unseen - a.unseen || compareText(a.name, b.name))) {
    const count = Math.min(left, unseen);
    if (count > 0) superseded.set(name, count);
    left -= count;
  }
  return superseded;
};
